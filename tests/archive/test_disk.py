"""A disk that takes no more, at every moment of a job: exit code 5, nothing broken, and the next run goes on."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.journal import Journal
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.errors import StorageError
from tests.archive.tiny import fill, tiny_protector, traits, tree

PHOTOS = 9


def protect(classifier: Path, source: Path, out: Path) -> int:
    with open_job(tiny_protector(classifier), out, batch=2) as job:
        for _ in job.run(plan([source], out)):
            pass
    return job.summary.exit_code


@pytest.fixture
def whole(classifier: Path, tmp_path: Path) -> dict[str, bytes]:
    """What an undisturbed run writes of ``tmp_path/in``."""
    fill(tmp_path / "in", PHOTOS)
    protect(classifier, tmp_path / "in", tmp_path / "whole")
    return tree(tmp_path / "whole")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A file system of its own whose size can be changed, in KiB."""
    place = tmp_path / "disk"
    place.mkdir()

    def sized(kilobytes: int) -> Path:
        options = f"remount,size={kilobytes}k" if os.path.ismount(place) else f"size={kilobytes}k"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("mounting a small file system needs root")
        return place

    yield sized
    if os.path.ismount(place):
        subprocess.run(["umount", place], check=True)


def test_a_full_disk_that_grows(
    classifier: Path, tmp_path: Path, whole: dict[str, bytes], small_disk: Callable[[int], Path]
) -> None:
    originals = traits(tmp_path / "in")
    stops = 0
    for kilobytes in range(4, 2000, 12):
        out = small_disk(kilobytes) / "out"
        try:
            assert protect(classifier, tmp_path / "in", out) == 0
            break
        except StorageError:
            stops += 1
        assert tree(out).items() <= whole.items(), "every file that is there is whole"
    assert stops > 5
    assert tree(out) == whole
    assert traits(tmp_path / "in") == originals


class Failing:
    """Makes the n-th of all calls that write fail as a full disk does."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.left = at
        for name in ("fsync", "replace", "mkdir"):
            patch.setattr(os, name, self.wrap(getattr(os, name), self.os_error))
        patch.setattr(Journal, "_commit", self.wrap(Journal._commit, self.sqlite_error))

    def wrap(self, call: Callable[..., Any], error: Callable[[], Exception]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise error()
            return call(*arguments, **options)

        return run

    @staticmethod
    def os_error() -> OSError:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @staticmethod
    def sqlite_error() -> sqlite3.Error:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        return error


def test_every_write_may_fail(
    classifier: Path, tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(1, 200):
        out = tmp_path / f"out{at}"
        with monkeypatch.context() as patch:
            disk = Failing(patch, at)
            with contextlib.suppress(StorageError):
                protect(classifier, tmp_path / "in", out)
        if disk.left > 0:
            break
        for path in (out / name for name in tree(out)):
            with Image.open(path) as photo:
                photo.load()
        protect(classifier, tmp_path / "in", out)
        assert tree(out) == whole, f"resumed after write {at} failed"
    assert at > 3 * PHOTOS, "every photo's fsync, rename and row were tried"
