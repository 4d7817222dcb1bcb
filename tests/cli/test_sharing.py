"""``--survival``, ``--require-survival`` and ``--labels`` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.archive.tiny import CLASSES, fill, tiny_classifier
from tests.cli.test_protect import pixelpriv
from tests.scenes import encoded, scene


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture
def words(classifier: Path, tmp_path: Path) -> list[str]:
    fill(tmp_path / "in", 6)
    options = f"--recipe fgsm --classifier {classifier} --device cpu"
    return [str(tmp_path / "in"), str(tmp_path / "out"), *options.split()]


def lines(text: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    *records, last = map(json.loads, text.splitlines())
    return records, last["summary"]


def test_survival_is_told_and_may_be_required(words: list[str], tmp_path: Path) -> None:
    plain = pixelpriv("protect", *words, "--json", "--no-survival")
    assert {record["survival"] for record in lines(plain.stdout)[0]} == {None}
    assert lines(plain.stdout)[1]["survival"] is None
    measured = pixelpriv("protect", *words, "--json", "--survival", "--no-resume")
    assert measured.returncode == 0, measured.stderr
    records, summary = lines(measured.stdout)
    failed = [record["survival"]["failed"] for record in records]
    assert summary["survival"]["passed_all"] == failed.count([])
    assert f"survival: {failed.count([])} of 6 photos survive all of sharing; read again after" in measured.stderr

    required = pixelpriv("protect", *words, "--json", "--require-survival")
    assert required.returncode == 3
    records, _ = lines(required.stdout)
    assert [record["status"] == "unprotected" for record in records] == [bool(names) for names in failed]

    verified = pixelpriv("verify", tmp_path / "out", "--device", "cpu", "--survival", "--json")
    assert verified.returncode == 0, "the files are protected as they stand"
    again, counts = lines(verified.stdout)
    assert {r["source"]: r["survival"] for r in again} == {r["source"]: r["survival"] for r in records}
    assert counts["survival"] == summary["survival"]


def test_a_line_names_what_a_photo_is_read_after(words: list[str], tmp_path: Path) -> None:
    done = pixelpriv("protect", *words, "--survival", "--no-report")
    assert done.returncode == 0
    records, _ = lines(pixelpriv("protect", *words, "--json").stdout)
    shown = {line.split(":")[0]: line for line in done.stderr.splitlines()}
    for record in records:
        failed = record["survival"]["failed"]
        assert ("read again after" in shown[record["source"]]) == bool(failed)
        assert not failed or f"(read again after {', '.join(failed[:4])}" in shown[record["source"]]
    (tmp_path / "in" / records[0]["source"]).unlink()
    line = next(
        line
        for line in pixelpriv("verify", tmp_path / "out", "--device", "cpu", "--survival").stderr.splitlines()
        if line.startswith(records[0]["source"])
    )
    assert "what it survives is not known" in line
    assert "no such file" in line


def test_contradictions_and_settings(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = pixelpriv("protect", *words, "--no-survival", "--require-survival")
    assert refused.returncode == 2
    assert "leave one of the two out" in refused.stderr
    assert not (tmp_path / "out").exists()
    (tmp_path / "own.toml").write_text("[protect]\nsurvival = true\n")
    monkeypatch.setenv("PIXELPRIV_CONFIG", str(tmp_path / "own.toml"))
    records, _ = lines(pixelpriv("protect", *words, "--json").stdout)
    assert all(record["survival"]["of"] == 12 for record in records)


def test_labels_are_hidden_too(words: list[str], tmp_path: Path) -> None:
    words += ["--recipe", "euclidean"]
    before, _ = lines(pixelpriv("protect", *words, "--json").stdout)
    # What four of the results show becomes an accepted class: the attack must find another.
    chosen = before[:4]
    text = "".join(f"{Path(r['source']).name},{r['after']['index']} {r['before']['index']}\r\n" for r in chosen)
    (tmp_path / "labels.csv").write_bytes(b"\xef\xbb\xbffile,index\r\n" + text.encode() + b"elsewhere.jpg,3\r\n")
    dry = pixelpriv("protect", *words, "--labels", tmp_path / "labels.csv", "--dry-run", "--json")
    assert lines(dry.stdout)[1]["planned"] == 4, "those with a label are to be done again"
    done = pixelpriv("protect", *words, "--labels", tmp_path / "labels.csv", "--json")
    assert "2 of 6 photos have no label" in done.stderr
    after, summary = lines(done.stdout)
    assert summary["skipped"] == 2
    for old, new in zip(before, after, strict=True):
        if old in chosen:
            assert new["status"] in ("protected", "unprotected")
            assert (new["status"] == "protected") == (new["after"]["index"] != old["after"]["index"])
        else:
            assert new["reason"] == "done already: protected"
    _, summary = lines(pixelpriv("protect", *words, "--labels", tmp_path / "labels.csv", "--json").stdout)
    assert summary["skipped"] == 6
    verified = pixelpriv("verify", tmp_path / "out", "--device", "cpu", "--json")
    assert {r["source"]: r["status"] for r in lines(verified.stdout)[0]} == {
        r["source"]: "protected" if r["reason"].startswith("done") else r["status"] for r in after
    }


def test_labels_for_one_photo(classifier: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(scene(50, 50)))
    options = f"--recipe euclidean --classifier {classifier} --device cpu --json".split()
    (record,), _ = lines(pixelpriv("protect", tmp_path / "a.png", tmp_path / "b.png", *options).stdout)
    (tmp_path / "labels.csv").write_text(f"a.png,{record['after']['index']}\n")
    done = pixelpriv("protect", tmp_path / "a.png", tmp_path / "c.png", *options, "--labels", tmp_path / "labels.csv")
    (other,), _ = lines(done.stdout)
    assert other["after"]["index"] != record["after"]["index"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("a.png,one\nb.png,1\n", "expected file,index"),
        (f"photo0000.png,{CLASSES}\n", f"is outside 0..{CLASSES - 1}"),
        ("strange.png,1\n", "names none of the photos (it names strange.png, there is "),
    ],
)
def test_a_bad_label_file_is_one_line_before_work(
    words: list[str], tmp_path: Path, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / "labels.csv").write_text(text)
    done = pixelpriv("protect", *words, "--labels", tmp_path / "labels.csv")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
