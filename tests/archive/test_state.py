"""Where journal and report are: beside the output folder, closed to others, and never inside what is published."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pixelpriv_fast.archive import state as places
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.journal_file import open_journal, reading
from pixelpriv_fast.archive.state import claim_state, find_state, places_of
from pixelpriv_fast.archive.verify import Verification
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.errors import StorageError, UsageError
from tests.archive.tiny import fill, state_of, tiny_protector, tree

Protect = Callable[..., list[str]]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to other users")


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own state folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "users"))
    return tmp_path / "users"


@pytest.fixture
def protect(classifier: Path, tmp_path: Path, users: Path) -> Protect:
    """Protects ``tmp_path/in``, with a report: the photos' statuses."""
    fill(tmp_path / "in", 2)

    def go(out: Path, source: Path = tmp_path / "in", **options: Any) -> list[str]:
        options = {"report": True, "inputs": [source]} | options
        with open_job(tiny_protector(classifier), out, **options) as job:
            return [record["status"] for record in job.run(plan([source], out))]

    return go


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o377])
def test_it_is_private_whatever_the_umask(
    protect: Protect, tmp_path: Path, mask: int, umask: Callable[[int], int]
) -> None:
    umask(mask)
    assert protect(tmp_path / "out") == ["protected"] * 2
    assert sorted(tree(tmp_path / "out")) == sorted(tree(tmp_path / "in"))
    state = tmp_path / "out.pixelpriv"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {path.name for path in state.iterdir()} == {"journal.sqlite3", "pictures.sqlite3", "report.html"}
    assert modes(state) == {0o600}
    state.chmod(0o755)
    (state / "report.html").chmod(0o644)
    assert protect(tmp_path / "out") == ["skipped"] * 2
    assert (stat.S_IMODE(state.stat().st_mode), modes(state)) == (0o700, {0o600}), "closed again"


@pytest.mark.parametrize("old_report", ["report.html", "report-2.html"])
def test_what_earlier_releases_left_in_the_output_folder_moves_once(
    protect: Protect, tmp_path: Path, caplog: pytest.LogCaptureFixture, old_report: str
) -> None:
    out, state = tmp_path / "out", tmp_path / "out.pixelpriv"
    protect(out)
    (state / "report.html").rename(out / old_report)
    state.rename(out / ".pixelpriv")
    assert find_state(out) == out / ".pixelpriv"
    assert {record["status"] for record in Verification(out, device="cpu").records()} == {"protected"}
    assert len(Verification(out, device="cpu").unknown_files()) == 3, "what does not belong there is named"
    assert (out / ".pixelpriv").is_dir(), "looking moves nothing"
    caplog.clear()
    for lines in (1, 0):
        assert protect(out) == ["skipped"] * 2
        assert sorted(tree(out)) == sorted(tree(tmp_path / "in"))
        assert not (out / ".pixelpriv").exists()
        assert [str(state) in message for message in caplog.messages] == [True] * lines
        caplog.clear()
    assert modes(state) == {0o600}


def test_a_move_that_was_cut_off_is_taken_up_again(
    protect: Protect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, state = tmp_path / "out", tmp_path / "out.pixelpriv"
    protect(out)
    state.rename(out / ".pixelpriv")
    (out / ".pixelpriv" / "journal.sqlite3-wal").write_bytes(b"")
    move, left = places._move, [1]

    def killed(path: Path, target: Path) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        move(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(places, "_move", killed)
        with pytest.raises(KeyboardInterrupt):
            claim_state(out)
    assert not (state / "journal.sqlite3").exists()
    assert protect(out) == ["skipped"] * 2
    assert not (out / ".pixelpriv").exists()


def test_between_file_systems_it_is_copied(protect: Protect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    protect(out)
    (tmp_path / "out.pixelpriv").rename(out / ".pixelpriv")
    replace = os.replace

    def within_one(source: str | Path, target: str | Path) -> None:
        if out in Path(source).parents and out not in Path(target).parents:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        replace(source, target)

    monkeypatch.setattr(os, "replace", within_one)
    assert protect(out) == ["skipped"] * 2
    assert sorted(tree(out)) == sorted(tree(tmp_path / "in"))


def test_a_second_journal_in_the_output_folder_is_kept_aside(protect: Protect, tmp_path: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "out.pixelpriv"
    protect(out)
    shutil.copytree(state, out / ".pixelpriv")
    assert protect(out) == ["skipped"] * 2
    assert sorted(tree(out)) == sorted(tree(tmp_path / "in"))
    assert (state / "earlier-1" / "journal.sqlite3").is_file()


def test_another_place_by_name(protect: Protect, tmp_path: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "kept" / "here"
    for status in ("protected", "skipped"):
        assert protect(out, state=state) == [status] * 2
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert not (tmp_path / "out.pixelpriv").exists()
    with pytest.raises(UsageError, match="--state"):
        list(Verification(out, device="cpu").records())
    assert {record["status"] for record in Verification(out, state=state, device="cpu").records()} == {"protected"}
    with pytest.raises(UsageError, match=f"the journal of {out}"):
        protect(tmp_path / "other", state=state)
    out.rename(tmp_path / "moved")
    assert protect(tmp_path / "moved", state=state) == ["skipped"] * 2


def test_places_that_do_not_fit(protect: Protect, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "mine").mkdir(mode=0o755)
    (tmp_path / "mine" / "letter").write_text("dear")
    (tmp_path / "work").mkdir(mode=0o755)
    (tmp_path / "work" / "report.html").write_text("<p>my own")
    for bad in (tmp_path / "mine", tmp_path / "work", out, out / "below", tmp_path):
        with pytest.raises(UsageError):
            protect(out, state=bad)
    assert (tmp_path / "work" / "report.html").read_text() == "<p>my own"
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o755
    with pytest.raises(UsageError, match="names that end with"):
        protect(tmp_path / "a.pixelpriv")
    with pytest.raises(StorageError):
        protect(out, state=tmp_path / "mine" / "letter" / "below")
    assert tree(out) == {}


@pytest.mark.parametrize("kind", ["link", "file"])
@pytest.mark.parametrize("named", [False, True])
def test_a_link_is_refused(protect: Protect, tmp_path: Path, kind: str, named: bool) -> None:
    out = tmp_path / "out"
    place = tmp_path / "named" if named else tmp_path / "out.pixelpriv"
    (tmp_path / "elsewhere").mkdir()
    if kind == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.write_bytes(b"")
    with pytest.raises(UsageError, match=f"is a {kind}"):
        protect(out, state=place if named else None)
    with pytest.raises(UsageError, match=f"is a {kind}"):
        find_state(out, place if named else None)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_that_is_put_there_meanwhile_is_refused(
    protect: Protect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    make = places.make_folder

    def overtaken(folder: Path, *more: Any) -> None:
        if folder.name == "out.pixelpriv":
            folder.symlink_to(tmp_path / "elsewhere")
        make(folder, *more)

    monkeypatch.setattr(places, "make_folder", overtaken)
    with pytest.raises(UsageError, match="is a link"):
        protect(tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_place_of_the_journal_is_not_followed(protect: Protect, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    (tmp_path / "letter").chmod(0o644)
    (tmp_path / "out.pixelpriv").mkdir(mode=0o700)
    (tmp_path / "out.pixelpriv" / "journal.sqlite3").symlink_to(tmp_path / "letter")
    with pytest.raises(StorageError, match=r"journal\.sqlite3"):
        protect(tmp_path / "out")
    assert ((tmp_path / "letter").read_text(), stat.S_IMODE((tmp_path / "letter").stat().st_mode)) == ("dear", 0o644)


@needs_root
@pytest.mark.parametrize("place", ["out.pixelpriv", "out/.pixelpriv", "named"])
def test_a_folder_of_another_user_is_refused(protect: Protect, tmp_path: Path, place: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / place).mkdir()
    os.chown(tmp_path / place, 12345, 12345)
    with pytest.raises(UsageError, match="belongs to another user"):
        protect(tmp_path / "out", state=tmp_path / place if place == "named" else None)
    assert list((tmp_path / place).iterdir()) == []


@needs_root
def test_a_file_system_that_gives_all_files_to_one_user_is_not_another_user(
    protect: Protect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.pixelpriv").mkdir()
    os.chown(tmp_path / "out.pixelpriv", 12345, 12345)
    monkeypatch.setattr(places, "_gives_files_to", lambda place, user: user == 12345)
    assert protect(tmp_path / "out") == ["protected"] * 2


def test_links_in_the_output_folders_path_are_resolved_first(protect: Protect, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "real").mkdir()
    (tmp_path / "disk" / "out").symlink_to(tmp_path / "disk" / "real")
    assert protect(tmp_path / "link" / "out") == ["protected"] * 2
    assert (tmp_path / "disk" / "real.pixelpriv" / "journal.sqlite3").is_file()
    assert protect(tmp_path / "disk" / "real") == ["skipped"] * 2


def test_links_in_a_circle_are_refused_by_name(protect: Protect, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    (tmp_path / "in" / "circle.jpg").symlink_to(tmp_path / "in" / "circle.jpg")
    for out in (tmp_path / "one", tmp_path / "one" / "below"):
        with pytest.raises(StorageError, match="one"):
            protect(out)
        assert find_state(out) is None
    assert sorted(protect(tmp_path / "out")) == ["failed", "protected", "protected"], "as a link to nothing"


@pytest.fixture
def nothing_beside(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes folders beside an output folder fail."""

    def fails(number: int) -> None:
        make = places.make_folder

        def refused(folder: Path, *more: Any) -> None:
            if folder.name == "out.pixelpriv":
                raise OSError(number, os.strerror(number))
            make(folder, *more)

        monkeypatch.setattr(places, "make_folder", refused)

    return fails


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENAMETOOLONG])
def test_where_nothing_can_be_written_beside_the_users_own_folder_is_taken_and_said(
    protect: Protect,
    tmp_path: Path,
    users: Path,
    nothing_beside: Callable[[int], None],
    caplog: pytest.LogCaptureFixture,
    number: int,
) -> None:
    nothing_beside(number)
    out = tmp_path / "out"
    assert protect(out) == ["protected"] * 2
    (state,) = (users / "pixelpriv_fast" / "archives").iterdir()
    assert state.name.startswith("out-")
    assert state.name.endswith(".pixelpriv")
    assert any(str(state) in message and os.strerror(number) in message for message in caplog.messages)
    assert find_state(out) == state
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    caplog.clear()
    assert protect(out) == ["skipped"] * 2
    assert any(str(state) in message for message in caplog.messages)
    assert protect(tmp_path / "b" / "out", report=False) == ["protected"] * 2, "every output folder has its own"
    assert len(list((users / "pixelpriv_fast" / "archives").iterdir())) == 2


def test_a_full_disk_is_no_reason_for_another_place(
    protect: Protect, tmp_path: Path, users: Path, nothing_beside: Callable[[int], None]
) -> None:
    nothing_beside(errno.ENOSPC)
    with pytest.raises(StorageError, match="No space left"):
        protect(tmp_path / "out")
    assert not users.exists()


@needs_root
def test_a_mount_point_in_a_folder_of_somebody_else(protect: Protect, tmp_path: Path, users: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("mounting needs root")
    try:
        assert protect(disk) == ["protected"] * 2
        assert sorted(tree(disk)) == sorted(tree(tmp_path / "in"))
    finally:
        subprocess.run(["umount", disk], check=True)


def test_inside_another_archives_output_folder_nothing_is_put(
    protect: Protect, tmp_path: Path, users: Path, caplog: pytest.LogCaptureFixture
) -> None:
    protect(tmp_path / "out")
    assert protect(tmp_path / "out" / "more") == ["protected"] * 2
    assert not (tmp_path / "out" / "more.pixelpriv").exists()
    assert find_state(tmp_path / "out" / "more") == places_of(tmp_path / "out" / "more")[-1]
    assert "inside the output folder of another archive" in caplog.text
    assert protect(tmp_path / "out" / "more") == ["skipped"] * 2


def test_a_journal_that_outlived_its_folder_owns_no_file_of_a_new_one(protect: Protect, tmp_path: Path) -> None:
    out = tmp_path / "out"
    protect(out)
    names = sorted(tree(out))
    shutil.rmtree(out)
    (out / names[0]).parent.mkdir(parents=True)
    (out / names[0]).write_bytes(b"somebody's")
    for _ in range(2):
        assert sorted(protect(out)) in (["failed", "protected"], ["failed", "skipped"])
        assert (out / names[0]).read_bytes() == b"somebody's"
        (out / names[1]).unlink()


def test_an_output_folder_around_the_originals_is_not_called_safe(
    protect: Protect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    protect(tmp_path / "out")
    assert "originals" not in caplog.text
    (tmp_path / "around").mkdir()
    (tmp_path / "in").rename(tmp_path / "around" / "in")
    protect(tmp_path / "around", tmp_path / "around" / "in")
    assert "do not publish it as it stands" in caplog.text


def test_a_lost_output_folder_is_made_again(protect: Protect, tmp_path: Path) -> None:
    protect(tmp_path / "out")
    before = tree(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    assert protect(tmp_path / "out") == ["protected"] * 2
    assert tree(tmp_path / "out") == before


def test_the_journal_notes_its_output_folder(protect: Protect, tmp_path: Path) -> None:
    protect(tmp_path / "out")
    with closing(open_journal(state_of(tmp_path / "out"))) as journal:
        with pytest.raises(UsageError, match="the journal of"):
            journal.bind(tmp_path / "other", alone=True)
        journal.bind(tmp_path / "other", alone=False)
    with reading(None) as nothing:
        assert nothing is None


def test_a_folder_without_modes_is_said(
    protect: Protect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "out.pixelpriv").mkdir(mode=0o755)

    def unsupported(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "chmod", unsupported)
    with caplog.at_level(logging.WARNING):
        assert protect(tmp_path / "out") == ["protected"] * 2
    assert "lets other users read it" in caplog.text


@needs_root
@pytest.mark.parametrize(
    ("mask", "source", "folder"),
    [
        (0o022, 0o644, 0o755),
        (0o022, 0o600, 0o700),
        (0o077, 0o664, 0o775),
        (0o002, 0o660, 0o770),
        (0, 0o604, 0o705),
        (0, 0o444, 0o555),
    ],
)
def test_results_are_open_to_no_more_people_than_their_sources(
    protect: Protect, tmp_path: Path, umask: Callable[[int], int], mask: int, source: int, folder: int
) -> None:
    umask(mask)
    for path in (tmp_path / "in", *(tmp_path / "in").rglob("*")):
        path.chmod(folder if path.is_dir() else source)
    protect(tmp_path / "out")
    for path in (tmp_path / "out", *(tmp_path / "out").rglob("*")):
        wanted = folder & ~mask | 0o700 if path.is_dir() else source & ~mask | 0o600
        assert oct(stat.S_IMODE(path.stat().st_mode)) == oct(wanted)
