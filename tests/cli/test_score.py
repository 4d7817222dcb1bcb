"""``pixelpriv score`` and ``pixelpriv evaluate``: JSON on stdout, mistakes in one line, the exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.test_protect import pixelpriv
from tests.scenes import encoded, scene


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    for side in ("in", "out"):
        (root / side).mkdir()
        for n in range(3):
            (root / side / f"{n}.png").write_bytes(encoded(scene(64, 80, n)))
    (root / "labels.csv").write_bytes(b"\xef\xbb\xbffile,index\r\n0.png,1\r\n1.png,2 3\r\n2.png,4\r\n")
    return root


def test_score(folder: Path, nima_store: Path) -> None:
    done = pixelpriv("score", folder / "in/0.png", folder / "no.png", folder / "in/1.png", "--json", models=nima_store)
    assert done.returncode == 1
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["source"] for record in records] == [str(folder / "in/0.png"), str(folder / "in/1.png")]
    assert all(1.0 <= record["metrics"]["nima"] <= 10.0 for record in records)
    assert "no.png: no such file" in done.stderr
    told = pixelpriv("score", folder / "in/0.png", "--nima-preset", "idealo", models=nima_store)
    assert told.returncode == 0
    assert told.stdout.startswith(f"{folder / 'in/0.png'}: nima ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--metrics", "psnr"), 2, "psnr compares with the original"),
        (("--metrics", ","), 2, "is an empty list"),
        (("--nima-preset", "x"), 2, "unknown NIMA preset 'x'"),
        ((), 4, "pixelpriv models fetch nima_mobilenet"),
    ],
)
def test_score_mistakes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    done = pixelpriv("score", folder / "in/0.png", *arguments, models=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_evaluate(folder: Path, store_folder: Path, tmp_path: Path) -> None:
    arguments = (folder / "in", folder / "out", "--labels", folder / "labels.csv", "--metrics", "psnr,ssim")
    done = pixelpriv("evaluate", *arguments, "--csv", tmp_path / "t.csv", "--json", models=store_folder)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    record = json.loads(line)
    assert record["images"] == 3
    assert 0 <= record["top1_accuracy"] <= record["top5_accuracy"] <= 1
    assert record["metrics"] == {"psnr": None, "ssim": 1.0}, "unchanged photos: no PSNR that JSON could hold"
    assert "embedded default" in done.stderr
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["accepted_indices"] for row in csv.DictReader(stream)] == ["1", "2 3", "4"]


def test_evaluate_names_what_is_missing(folder: Path, store_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "1.webp").write_bytes(encoded(scene(64, 80, 9), "WEBP"))
    (tmp_path / "2.png").write_bytes(b"cut")
    arguments = ("evaluate", folder / "in", tmp_path, "--labels", folder / "labels.csv", "--metrics", "psnr")
    done = pixelpriv(*arguments, "--json", models=store_folder)
    record = json.loads(done.stdout)
    assert done.returncode == 1
    assert (record["images"], record["missing"], record["failed"]) == (1, 1, 1)
    assert "0.png: no protected file below" in done.stderr
    assert "2.png" in done.stderr
    people = pixelpriv(*arguments, models=store_folder)
    assert people.returncode == 1
    assert people.stdout.splitlines()[0].startswith("1 photos, efficientnet_lite0")


def test_evaluate_mistakes(folder: Path, store_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("0.png,1\n1.png,2\n2.png,1000\n", encoding="utf-8")
    places = (folder / "in", folder / "out", "--labels")
    done = pixelpriv("evaluate", *places, tmp_path / "labels.csv", models=store_folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "class index 1000 of 2.png is outside 0..999" in done.stderr
    two = pixelpriv("evaluate", *places, folder / "labels.csv", "--classifier", "a,b", models=store_folder)
    assert two.returncode == 2
    assert "one classifier at a time" in two.stderr
