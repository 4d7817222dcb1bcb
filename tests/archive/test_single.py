"""One photo and the name of its result: that file and nothing else, and nothing that stands there is replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelpriv_fast.archive.job import open_single
from pixelpriv_fast.archive.single import names_a_photo, single_item
from pixelpriv_fast.errors import UsageError
from tests.archive.tiny import tiny_protector, traits, tree
from tests.cli.test_protect import pixelpriv
from tests.scenes import encoded, scene


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    path = tmp_path / "here" / "a.jpg"
    path.write_bytes(encoded(scene(50, 60), "JPEG", quality=90))
    return path


def names_and_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


def protect(classifier: Path, *words: Any) -> tuple[int, list[dict[str, Any]], str]:
    options = ("--recipe", "euclidean", "--classifier", classifier, "--device", "cpu", "--json")
    done = pixelpriv("protect", *words, *options)
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_the_file_is_written_and_nothing_else(classifier: Path, photo: Path) -> None:
    (photo.parent / ".0123.77.pixelpriv-part").write_bytes(b"another program's business")
    before = traits(photo.parent)
    code, (record, summary), _ = protect(classifier, photo, photo.parent / "b.PNG")
    assert (code, record["status"], record["source"], record["output"]) == (0, "protected", "a.jpg", "b.PNG")
    assert summary["summary"]["protected"] == 1
    written = photo.parent / "b.PNG"
    with Image.open(written) as image:
        assert (image.format, image.size) == ("PNG", (60, 50))
    content = written.read_bytes()
    assert protect(classifier, photo, written)[0] == 2, "it is not known to be ours"
    assert written.read_bytes() == content
    written.unlink()
    assert traits(photo.parent) == before


@pytest.mark.parametrize(
    ("inputs", "target", "options", "message"),
    [
        (["a.jpg"], "a.jpg", [], "is the original"),
        (["a.jpg"], "linked.jpg", [], "is the original"),
        (["a.jpg"], "taken.jpg", [], "taken.jpg is there already"),
        (["a.jpg"], "dangling.png", [], "is there already"),
        (["a.jpg"], "b.jpg", ["--format", "png"], "contradicts"),
        (["a.jpg"], "b.jpg", ["--report"], "neither journal nor report"),
        (["a.jpg"], "b.jpg", ["--state", "s"], "neither journal nor report"),
        (["a.jpg", "taken.jpg"], "b.jpg", [], "more than one is to be protected"),
        (["."], "b.jpg", [], "more than one is to be protected"),
        (["none.jpg"], "b.jpg", [], "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    classifier: Path, photo: Path, inputs: list[str], target: str, options: list[str], message: str
) -> None:
    folder = photo.parent
    (folder / "taken.jpg").write_bytes(b"mine")
    (folder / "linked.jpg").symlink_to(photo)
    (folder / "dangling.png").symlink_to(folder / "nowhere.png")
    before = names_and_bytes(folder)
    code, records, said = protect(classifier, *(folder / name for name in inputs), folder / target, *options)
    assert (code, records) == (2, [])
    assert message in said
    assert names_and_bytes(folder) == before


def test_a_dry_run_and_a_strict_one_write_nothing(classifier: Path, photo: Path) -> None:
    target = photo.parent / "new" / "b.webp"
    code, (record, _), _ = protect(classifier, photo, target, "--dry-run")
    assert (code, record["status"], record["output"]) == (0, "planned", "b.webp")
    words = ("--recipe", "identity", "--classifier", classifier, "--device", "cpu")
    strict = pixelpriv("protect", photo, target, *words, "--strict")
    assert strict.returncode == 3
    assert not target.parent.exists()
    assert pixelpriv("protect", photo, target, *words).returncode == 3
    assert list(tree(photo.parent)) == ["a.jpg", "new/b.webp"]


def test_a_file_that_comes_into_being_meanwhile_stays(classifier: Path, photo: Path) -> None:
    target = photo.parent / "b.png"
    item = single_item([photo], target)
    with open_single(tiny_protector(classifier), target) as job:
        records = job.run([item])
        target.write_bytes(b"somebody's")
        (record,) = records
    assert record["status"] == "failed"
    assert target.read_bytes() == b"somebody's"


def test_a_settings_file_does_not_contradict_the_name(
    classifier: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "pixelpriv.toml"
    settings.write_text('format = "webp"\nreport = true\n')
    monkeypatch.setenv("PIXELPRIV_CONFIG", str(settings))
    code, (record, _), said = protect(classifier, photo, photo.parent / "b.png")
    assert (code, record["output"]) == (0, "b.png"), said
    with Image.open(photo.parent / "b.png") as image:
        assert image.format == "PNG"


def test_a_folder_of_that_name_is_a_folder(classifier: Path, photo: Path) -> None:
    (photo.parent / "b.jpg").mkdir()
    assert not names_a_photo(photo.parent / "b.jpg")
    assert names_a_photo(photo.parent / "c.JPEG")
    assert not names_a_photo(photo.parent / "c")
    code, (record, _), _ = protect(classifier, photo, photo.parent / "b.jpg")
    assert (code, record["output"]) == (0, "a.jpg")
    assert list(tree(photo.parent / "b.jpg")) == ["a.jpg"]


def test_watch_needs_a_folder(classifier: Path, photo: Path) -> None:
    done = pixelpriv("watch", photo.parent, photo.parent / "b.jpg", "--classifier", classifier)
    assert (done.returncode, "give a folder" in done.stderr) == (2, True)


def test_formats_are_checked_by_name() -> None:
    with pytest.raises(UsageError):
        single_item([Path(__file__)], Path("b.jpg"), "webp")
