"""Which protected file belongs to which original."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.evaluate import pair_up

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    def make(root: str, *names: str) -> Path:
        for name in names:
            (tmp_path / root / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / root / name).write_bytes(b"x")
        return tmp_path / root

    return make


def names(originals: Path, protected: Path) -> tuple[dict[str, str], list[str]]:
    pairs, missing = pair_up(originals, protected)
    return {pair.name: pair.protected.relative_to(protected).as_posix() for pair in pairs}, missing


def test_same_path_or_same_stem(tree: Tree) -> None:
    originals = tree("in", "a/x.jpg", "b/x.jpg", "c.png", "d.JPG", "notes.txt")
    protected = tree("out", "a/x.png", "b/x.jpg", "c.png", "d.webp", "extra.png", "report.json")
    assert names(originals, protected) == (
        {"a/x.jpg": "a/x.png", "b/x.jpg": "b/x.jpg", "c.png": "c.png", "d.JPG": "d.webp"},
        [],
    )


def test_a_file_with_another_originals_name_is_never_borrowed(tree: Tree) -> None:
    originals, protected = tree("in", "x.jpg", "x.png"), tree("out", "x.png")
    assert names(originals, protected) == ({"x.png": "x.png"}, ["x.jpg"])


def test_what_is_missing_is_named(tree: Tree) -> None:
    assert names(tree("in", "a.jpg", "b.jpg", "c/d.jpg"), tree("out", "b.jpg", "d.jpg"))[1] == ["a.jpg", "c/d.jpg"]


def test_a_protected_folder_inside_the_originals(tree: Tree) -> None:
    originals = tree("in", "x.jpg", "out/x.jpg")
    assert names(originals, originals / "out") == ({"x.jpg": "x.jpg"}, [])
    assert names(originals, originals)[0] == {"x.jpg": "x.jpg", "out/x.jpg": "out/x.jpg"}


def test_mistakes(tree: Tree, tmp_path: Path) -> None:
    originals = tree("in", "x.jpg")
    with pytest.raises(UsageError, match="nowhere does not exist"):
        pair_up(originals, tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"x\.jpg is not a folder"):
        pair_up(originals / "x.jpg", originals)
    with pytest.raises(UsageError, match=r"no photo found in .*empty"):
        pair_up(originals, tree("empty", "readme.txt"))
    with pytest.raises(UsageError, match="are these the two folders"):
        pair_up(originals, tree("other", "y.jpg"))
    with pytest.raises(UsageError, match=r"x\.jpg could be x\.png or x\.webp"):
        pair_up(originals, tree("two", "x.png", "x.webp"))
