"""A watched folder: a photo is taken when nobody writes to it any more, once for each state that it rests in."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

import pytest

from pixelpriv_fast.archive import watching
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.archive.watching import Settled, watch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def settled(folder: Path, settle: float = 2.0) -> Settled:
    return Settled(lambda: plan([folder], folder.parent / "out", may_be_empty=True), settle)


def taken(state: Settled, now: float) -> list[str]:
    return [item.source for item in state.take(now)]


def test_a_photo_is_taken_once_it_rests(folder: Path) -> None:
    state = settled(folder)
    assert taken(state, 0.0) == []
    assert not state.waiting
    (folder / "a.jpg").write_bytes(b"half")
    assert taken(state, 10.0) == []
    assert state.waiting
    (folder / "a.jpg").write_bytes(b"half and more")
    assert taken(state, 13.0) == [], "it has grown since"
    assert taken(state, 14.0) == []
    assert taken(state, 15.0) == ["a.jpg"]
    assert not state.waiting
    assert taken(state, 99.0) == []
    (folder / "a.jpg").write_bytes(b"another photo")
    assert [taken(state, 100.0), taken(state, 102.0)] == [[], ["a.jpg"]]


def test_renames_deletions_and_empty_files(folder: Path) -> None:
    state = settled(folder)
    (folder / "a.part").write_bytes(b"a photo")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "gone.jpg").write_bytes(b"a photo")
    assert taken(state, 0.0) == []
    os.rename(folder / "a.part", folder / "a.jpg")
    (folder / "gone.jpg").unlink()
    assert taken(state, 5.0) == []
    assert taken(state, 7.0) == ["a.jpg"]


def test_a_clash_is_told_once_and_tried_again_when_it_is_resolved(folder: Path) -> None:
    state = settled(folder, settle=0.0)
    for name in ("a.jpg", "A.jpg"):
        (folder / name).write_bytes(name.encode())
    assert [bool(item.refused) for item in state.take(0.0)] == [True, True]
    assert taken(state, 1.0) == []
    (folder / "A.jpg").rename(folder / "b.jpg")
    assert [(item.source, item.refused) for item in state.take(2.0)] == [("a.jpg", ""), ("b.jpg", "")]


def test_photos_there_and_photos_to_come(folder: Path) -> None:
    pytest.importorskip("watchfiles", reason="watching: [watch]")
    (folder / "first.jpg").write_bytes(b"1")
    found = watch(folder, folder.parent / "out", None, settle=0.7)
    assert [item.source for item in next(found)] == ["first.jpg"]

    def write_slowly() -> None:
        (folder / "sub").mkdir()
        with open(folder / "sub" / "second.jpg", "wb") as file:
            for _ in range(5):
                file.write(b"x" * 10)
                file.flush()
                time.sleep(0.03)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    (item,) = next(found)
    writer.join()
    assert item.source == "sub/second.jpg"
    assert item.path.stat().st_size == 50, "not before it was whole"


@pytest.mark.parametrize("refusal", [OSError("OS file watch limit reached. about [x]"), RuntimeError("no watcher")])
def test_a_folder_that_cannot_be_watched_is_looked_through(
    folder: Path, refusal: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watchfiles = pytest.importorskip("watchfiles", reason="watching: [watch]")

    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(watchfiles, "watch", refuse)
    monkeypatch.setattr(watching, "_LOOK_EVERY", 0.05)
    (folder / "first.jpg").write_bytes(b"1")
    logger = logging.getLogger("pixelpriv_fast.archive.watching")
    logger.addHandler(caplog.handler)
    try:
        found = watch(folder, folder.parent / "out", None, settle=0.1)
        assert [item.source for item in next(found)] == ["first.jpg"]
        (folder / "second.jpg").write_bytes(b"2")
        assert [item.source for item in next(found)] == ["second.jpg"]
    finally:
        logger.removeHandler(caplog.handler)
    (line,) = set(caplog.messages)
    assert "sudo sysctl fs.inotify.max_user_watches=" in line
    assert "about [x]" not in line
