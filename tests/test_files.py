"""Atomic writes: whole or absent, on a full disk too; unfinished files are swept."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pixelpriv_fast.errors import PhotoError, StorageError
from pixelpriv_fast.files import TEMPORARY_SUFFIX, sweep, write_atomic


def test_writes_and_replaces(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "x.bin"
    write_atomic(target, b"one")
    write_atomic(target, b"two")
    assert target.read_bytes() == b"two"
    assert [p.name for p in target.parent.iterdir()] == ["x.bin"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    target = tmp_path / "x.bin"
    write_atomic(target, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError, match="No space left") as caught:
        write_atomic(target, b"new")
    assert caught.value.exit_code == 5
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_in_the_way_is_a_storage_error(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_bytes(b"")
    with pytest.raises(StorageError, match="file"):
        write_atomic(blocker / "x.bin", b"data")


def test_long_names_fit(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 250 + ".jpg")
    write_atomic(target, b"data")
    assert target.read_bytes() == b"data"


def test_a_name_that_does_not_fit_concerns_one_photo(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="too long"):
        write_atomic(tmp_path / ("n" * 300 + ".jpg"), b"data")
    assert list(tmp_path.iterdir()) == []


def test_sweep_removes_only_unfinished_files(tmp_path: Path) -> None:
    kept = tmp_path / "a" / "photo.jpg"
    write_atomic(kept, b"data")
    (tmp_path / "a" / f".photo.jpg.123{TEMPORARY_SUFFIX}").write_bytes(b"half")
    assert sweep(tmp_path) == 1
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [kept]
