"""The plan of a job: mirrored names, clashes found before work starts, links that stay inside, nothing overwritten."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.errors import UsageError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def pairs(items: object) -> list[tuple[str, str]]:
    return [(item.source, item.output) for item in items]  # type: ignore[attr-defined]


def test_mirrors_the_tree_in_a_stable_order(tmp_path: Path) -> None:
    touch(tmp_path / "in", "b.png", "a/x.JPG", "a/b/y.webp", "notes.txt", ".hidden.jpg")
    names = ["a/b/y.webp", "a/x.JPG", "b.png"]
    assert sorted(pairs(plan([tmp_path / "in"], tmp_path / "out"))) == [(n, n) for n in names]
    assert pairs(plan([tmp_path / "in"], tmp_path / "out")) == pairs(plan([tmp_path / "in"], tmp_path / "out"))


def test_a_format_changes_the_suffix_only(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a/x.y.jpg", "b.png")
    assert sorted(pairs(plan([tmp_path / "in"], tmp_path / "out", "png"))) == [
        ("a/x.y.jpg", "a/x.y.png"),
        ("b.png", "b.png"),
    ]


def test_files_and_folders_together(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "single.dat")
    items = plan([tmp_path / "in", tmp_path / "single.dat"], tmp_path / "out")
    assert [item.source for item in items] == ["a.jpg", "single.dat"], "a named file is taken whatever its suffix"


@pytest.mark.parametrize(
    ("names", "format_name"),
    [
        (("y.jpg", "y.png"), "png"),
        (("A.jpg", "a.jpg"), None),
        (("straße.jpg", "STRASSE.jpg"), None),
        ((unicodedata.normalize("NFC", "é.jpg"), unicodedata.normalize("NFD", "é.jpg")), None),
    ],
)
def test_clashes_are_errors_before_work(tmp_path: Path, names: tuple[str, str], format_name: str | None) -> None:
    touch(tmp_path / "in", *names)
    with pytest.raises(UsageError, match="1 name clash"):
        plan([tmp_path / "in"], tmp_path / "out", format_name)


def test_clash_of_two_inputs_and_three_clashes(tmp_path: Path) -> None:
    touch(tmp_path, "one/x.jpg", "two/x.jpg", "one/y.jpg", "two/y.jpg", "one/z.png", "two/z.png")
    with pytest.raises(UsageError, match="3 name clash"):
        plan([tmp_path / "one", tmp_path / "two"], tmp_path / "out")


def test_bad_places(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "file")
    for inputs, out, message in [
        ([tmp_path / "missing"], tmp_path / "out", "does not exist"),
        ([tmp_path / "in"], tmp_path / "in", "same folder"),
        ([tmp_path / "in"], tmp_path / "file", "is a file"),
        ([tmp_path / "in" / "a.jpg"], tmp_path / "in", "overwritten"),
    ]:
        with pytest.raises(UsageError, match=message):
            plan(inputs, out)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no photo found"):
        plan([tmp_path / "empty"], tmp_path / "out")


def test_an_output_folder_inside_the_input_is_not_input(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.jpg", "out/a.jpg")
    assert pairs(plan([tmp_path / "in"], tmp_path / "in" / "out")) == [("a.jpg", "a.jpg")]


def test_links_are_followed_inside_only_and_loops_end(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "in/sub/b.jpg", "outside/secret.jpg")
    os.symlink(tmp_path / "outside", tmp_path / "in" / "away")
    os.symlink(tmp_path / "outside" / "secret.jpg", tmp_path / "in" / "link.jpg")
    os.symlink(tmp_path / "in", tmp_path / "in" / "sub" / "loop")
    os.symlink("../a.jpg", tmp_path / "in" / "sub" / "inner.jpg")
    os.symlink("../../outside/secret.jpg", tmp_path / "in" / "sub" / "relative.jpg")
    os.symlink("inner.jpg", tmp_path / "in" / "sub" / "twice.jpg")
    passed_over: list[tuple[str, str]] = []
    items = plan(
        [tmp_path / "in"], tmp_path / "out", passed_over=lambda path, why: passed_over.append((path.name, why))
    )
    assert [item.source for item in items] == ["a.jpg", "sub/b.jpg", "sub/inner.jpg", "sub/twice.jpg"]
    assert sorted(passed_over) == [(name, "a link to outside the input") for name in ("link.jpg", "relative.jpg")]
