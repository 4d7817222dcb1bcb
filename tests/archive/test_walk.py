"""The plan of a job: mirrored names, clashes found before work starts, links that stay inside, nothing overwritten."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from pixelpriv_fast.archive.summary import Summary
from pixelpriv_fast.archive.walk import LeftOut, plan
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
def test_clashes_fail_the_photos_concerned(tmp_path: Path, names: tuple[str, str], format_name: str | None) -> None:
    touch(tmp_path / "in", *names, "other.jpg")
    refused = {item.source: item.refused for item in plan([tmp_path / "in"], tmp_path / "out", format_name)}
    assert refused.pop("other.jpg") == ""
    for name, other in (names, names[::-1]):
        assert refused[name].startswith(f"{tmp_path / 'in' / name}: ")
        assert str(tmp_path / "in" / other) in refused[name]
        assert ("use --format keep" in refused[name]) == (format_name is not None), "it is in use already"


def test_clashes_of_two_inputs(tmp_path: Path) -> None:
    touch(tmp_path, "one/x.jpg", "two/x.jpg", "one/y.jpg", "two/z.png")
    items = plan([tmp_path / "one", tmp_path / "two"], tmp_path / "out")
    assert [item.source for item in items if item.refused] == ["x.jpg", "x.jpg"]


def test_an_input_that_is_given_twice_is_taken_once(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.jpg")
    assert [item.refused for item in plan([tmp_path / "in", tmp_path / "in"], tmp_path / "out")] == [""]


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
    left_out = LeftOut()
    items = plan([tmp_path / "in"], tmp_path / "out", left_out=left_out)
    assert [item.source for item in items] == ["a.jpg", "sub/b.jpg", "sub/inner.jpg", "sub/twice.jpg"]
    assert left_out.counts == {"link_outside": 3}, "two files and a folder; a loop is not left out, it was taken"


def test_what_is_passed_over_is_counted_by_kind_and_named(tmp_path: Path) -> None:
    others = ("b.CR2", "c.dng", "d.mpo", "e.gif", "f.MP4", "g.AAE", "Thumbs.db", "._a.jpg", "no_suffix")
    touch(tmp_path / "in", "a.jpg", *others)
    (tmp_path / "in" / "a.jpg_original").write_bytes(b"\xff\xd8\xff\xe1 and so on")
    os.mkfifo(tmp_path / "in" / "pipe.xyz")  # must not be opened: nothing would ever be written to it
    left_out = LeftOut()
    assert len(plan([tmp_path / "in"], tmp_path / "out", left_out=left_out)) == 1
    assert left_out.counts == {
        "raw": 2,
        "multi_picture": 1,
        "other_image": 1,
        "misnamed": 1,
        "video": 1,
        "sidecar": 1,
        "hidden": 1,
        "other": 3,
    }
    assert left_out.words()[0].startswith("2 camera raw files (b.CR2, ...; develop")
    assert "1 video (f.MP4)" in left_out.words()


HOUSEKEEPING = [
    "@eaDir",
    ".thumbnails",
    ".Trash-1000",
    "#recycle",
    "$RECYCLE.BIN",
    ".dtrash",
    ".stversions",
    ".picasaoriginals",
    ".@__thumb",
    "lost+found",
]


def test_trash_thumbnails_and_hidden_folders_are_taken_on_request_only(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.jpg", *(f"{name}/deep/{n}.jpg" for n, name in enumerate(HOUSEKEEPING)))
    left_out = LeftOut()
    assert [item.source for item in plan([tmp_path / "in"], tmp_path / "out", left_out=left_out)] == ["a.jpg"]
    assert left_out.counts == {"housekeeping_folder": len(HOUSEKEEPING)}
    assert len(plan([tmp_path / "in"], tmp_path / "out", all_folders=True)) == 1 + len(HOUSEKEEPING)
    assert len(plan([tmp_path / "in" / "@eaDir"], tmp_path / "out")) == 1, "a folder that is named is taken"


def test_state_folders_are_never_taken_and_folders_of_results_on_request(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.jpg", "web/b.jpg", "web.pixelpriv/c.jpg", "old/d.jpg", "old/.pixelpriv/e.jpg")
    left_out = LeftOut()
    assert [item.source for item in plan([tmp_path / "in"], tmp_path / "out", left_out=left_out)] == ["a.jpg"]
    assert left_out.counts == {"protected_folder": 2}
    everything = plan([tmp_path / "in"], tmp_path / "out", all_folders=True)
    assert [item.source for item in everything] == ["a.jpg", "old/d.jpg", "web/b.jpg"]


def test_a_folder_that_cannot_be_read_is_told_and_costs_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "in", "a.jpg", "locked/b.jpg")
    locked = str(tmp_path / "in" / "locked")
    scandir, stat = os.scandir, os.stat

    def denied(path: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", lambda path: denied(path) if os.fspath(path) == locked else scandir(path))
    inside = locked + os.sep
    monkeypatch.setattr(
        os, "stat", lambda path, **how: denied(path) if str(path).startswith(inside) else stat(path, **how)
    )
    left_out = LeftOut()
    assert len(plan([tmp_path / "in"], tmp_path / "out", left_out=left_out)) == 1
    assert left_out.unreadable == [tmp_path / "in" / "locked"]
    assert Summary(left_out=left_out).exit_code == 1
    assert Summary(left_out=left_out).record()["passed_over"] == {"unreadable_folder": 1}


def test_an_input_without_photos_says_what_it_holds(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.CR3", "b.CR3")
    with pytest.raises(UsageError, match=r"no photo found in .*passed over: 2 camera raw files \(a.CR3"):
        plan([tmp_path / "in"], tmp_path / "out")
