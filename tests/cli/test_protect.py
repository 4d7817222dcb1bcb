"""``pixelpriv`` as a user meets it: JSON on stdout and nothing else, one line for each mistake, the exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pixelpriv_fast.registry import METRICS
from tests.scenes import encoded, scene


def pixelpriv(*arguments: object, models: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PIXELPRIV_MODELS": str(models)} if models else {})
    words = [sys.executable, "-m", "pixelpriv_fast", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300, check=False)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "one.png").write_bytes(encoded(scene(200, 240, 1)))
    (folder / "a" / "b" / "two.jpg").write_bytes(encoded(scene(260, 200, 2), "JPEG", quality=90))
    return folder


def test_protects_an_archive(archive: Path, store_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cut.jpg").write_bytes(encoded(scene(64, 64), "JPEG")[:300])
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in archive.rglob("*") if p.is_file()}
    done = pixelpriv("protect", archive, tmp_path / "broken", tmp_path / "out", "--json", models=store_folder)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1, "one photo failed"
    assert [r.get("status") for r in records[:-1]] == ["protected", "protected", "failed"]
    first = records[0]
    assert (first["source"], first["output"]) == ("a/one.png", "a/one.png") or first["source"] == "a/b/two.jpg"
    for record in records[:2]:
        assert record["recipe"] == "robust"
        assert record["classifier"] == "efficientnet_lite0"
        assert record["before"]["index"] != record["after"]["index"]
        assert len(record["before"]["top5"]) == 5
        assert 0 < record["linf"] <= 8
        assert list(record["metrics"]) == list(METRICS)
        with Image.open(tmp_path / "out" / record["output"]) as saved:
            saved.load()
    assert "cut.jpg" in records[2]["reason"]
    assert records[2]["output"] is None
    summary = records[-1]["summary"]
    assert (summary["images"], summary["protected"], summary["failed"]) == (3, 2, 1)
    assert "attack on onnx" in summary["device"]
    assert "Traceback" not in done.stderr
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in archive.rglob("*") if p.is_file()} == before
    written = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert written == ["a/b/two.jpg", "a/one.png"]
    kept = sorted(path.name for path in (tmp_path / "out.pixelpriv").iterdir())
    assert kept == ["journal.sqlite3", "pictures.sqlite3", "report.html"]


def test_a_dry_run_writes_nothing(archive: Path, tmp_path: Path) -> None:
    done = pixelpriv("protect", archive, tmp_path / "out", "--format", "png", "--dry-run", "--json")
    assert done.returncode == 0
    *records, summary = map(json.loads, done.stdout.splitlines())
    assert summary["summary"]["planned"] == 2
    planned = {r["source"]: r["output"] for r in records}
    assert planned == {"a/one.png": "a/one.png", "a/b/two.jpg": "a/b/two.png"}
    assert not (tmp_path / "out").exists()


def test_strict_leaves_unprotected_photos_out(archive: Path, store_folder: Path, tmp_path: Path) -> None:
    arguments = ("protect", archive, tmp_path / "out", "--recipe", "identity", "--json")
    kept, strict = (pixelpriv(*arguments, *more, models=store_folder) for more in ((), ("--strict",)))
    assert kept.returncode == strict.returncode == 3
    assert [json.loads(line)["output"] for line in strict.stdout.splitlines()[:2]] == [None, None]
    assert "not written" in strict.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("protect", "{archive}"), 2, "IN... OUT"),
        (("protect", "{tmp}/missing", "{tmp}/out"), 2, "does not exist"),
        (("protect", "{archive}", "{archive}"), 2, "same folder"),
        (("protect", "{archive}", "{tmp}/out", "--recipe", "contrats+pgd"), 2, "contrats"),
        (("protect", "{archive}", "{tmp}/out", "--recipe", "contrast+pdg"), 2, "did you mean 'pgd'"),
        (("protect", "{archive}", "{tmp}/out", "--recipe", "fgsm", "--stop", "fooled"), 2, "stop"),
        (("protect", "{archive}", "{tmp}/out", "--classifier", "resnet51"), 2, "resnet50_places365"),
        (("protect", "{archive}", "{tmp}/out", "--classifier", "resnet50_places365"), 4, "models import"),
        (("protect", "{archive}", "{tmp}/out", "--device", "cuda"), 4, "cuda"),
        (("protect", "{archive}", "{tmp}/out", "--quality", "101"), 2, "101"),
        (("classify", "{tmp}/missing.jpg"), 1, "no such file"),
        (("models", "import", "nothing", "{archive}/a/one.png"), 2, "unknown model 'nothing'"),
        (("models", "import", "resnet50_places365", "{archive}/a/one.png"), 4, "one.png"),
        (("list", "colours"), 2, "colours"),
    ],
)
def test_mistakes_end_in_one_line_and_their_code(
    archive: Path, store_folder: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    words = [word.format(archive=archive, tmp=tmp_path) for word in arguments]
    if "cuda" in words and _cuda_works():
        pytest.skip("this machine has a CUDA GPU, so asking for it is no mistake")
    done = pixelpriv(*words, models=store_folder)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


def _cuda_works() -> bool:
    from pixelpriv_fast.runtime import info

    return any(row["works"] for row in info()["providers"] if row["name"] == "cuda")


def test_a_name_clash_fails_its_photos(store_folder: Path, tmp_path: Path) -> None:
    for name in ("x.jpg", "X.jpg", "y.png", "Y.png", "z.webp", "Z.webp"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(encoded(scene(32, 32)))
    done = pixelpriv("protect", tmp_path / "in", tmp_path / "out", models=store_folder)
    assert done.returncode == 1
    assert done.stderr.count("not protected") == 6
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_is_exit_code_5_and_leaves_nothing_half_written(
    archive: Path, store_folder: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        done = pixelpriv("protect", archive, small / "out", "--format", "png", models=store_folder)
        assert done.returncode == 5, done.stderr
        assert "No space left" in done.stderr
        for path in small.rglob("*"):
            if path.is_file() and "out.pixelpriv" not in path.parts:
                Image.open(path).load()
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize(
    "kind",
    ["recipes", "enhancements", "attacks", "channels", "panels", "classifiers", "metrics", "providers", "kernels"],
)
def test_list_is_json_lines(kind: str) -> None:
    done = pixelpriv("list", kind, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert rows
    assert all(row["name"] and row["summary"] for row in rows)


def test_info_says_what_runs(store_folder: Path) -> None:
    done = pixelpriv("info", "--json", models=store_folder)
    (report,) = map(json.loads, done.stdout.splitlines())
    assert "missing" in report["native"] or report["native"]["instruction_set"]
    assert report["kernels"]
    assert any(row["works"] for row in report["runtime"]["providers"])
    assert all(row["works"] or row["reason"] for row in report["runtime"]["providers"])
    assert "not been run on a GPU" in report["gpu"]


def test_models_list_and_verify(store_folder: Path) -> None:
    rows = {
        r["name"]: r
        for r in map(json.loads, pixelpriv("models", "list", "--json", models=store_folder).stdout.splitlines())
    }
    assert rows["efficientnet_lite0"]["status"] == "ready"
    assert rows["resnet50_places365"]["status"] == "missing"
    assert "models import" in rows["resnet50_places365"]["remark"]
    assert pixelpriv("models", "verify", models=store_folder).returncode == 0


def test_classify_shows_the_top_classes(archive: Path, store_folder: Path) -> None:
    done = pixelpriv("classify", archive / "a" / "one.png", "--top", "3", "--json", models=store_folder)
    (record,) = map(json.loads, done.stdout.splitlines())
    assert record["source"].endswith("one.png")
    probabilities = [p for _, p in record["top"]]
    assert len(probabilities) == 3
    assert probabilities == sorted(probabilities, reverse=True)
