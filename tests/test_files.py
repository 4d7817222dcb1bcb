"""Atomic writes: whole or absent, on a full disk too; unfinished files are swept."""

from __future__ import annotations

import errno
import logging
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from pixelpriv_fast import files
from pixelpriv_fast.errors import PhotoError, StorageError
from pixelpriv_fast.files import PRIVATE, TEMPORARY_SUFFIX, Access, make_folder, make_private, sweep, write_atomic


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


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EIO, errno.ENOSYS, errno.EBADF])
def test_a_folder_that_cannot_be_synced_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    fsync = os.fsync

    def files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    monkeypatch.setattr(files, "_unsynced", set())
    with caplog.at_level(logging.WARNING):
        for name in ("a", "b", "c"):
            write_atomic(tmp_path / name, b"data")
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [b"data"] * 3
    assert [os.strerror(number) in message for message in caplog.messages] == [True]


@pytest.mark.parametrize("number", [errno.EIO, errno.EINVAL])
def test_a_file_that_cannot_be_synced_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fails(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StorageError, match=os.strerror(number)):
        write_atomic(tmp_path / "a", b"data")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("links", [True, False])
def test_what_stands_there_is_kept_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not links:
        monkeypatch.setattr(os, "link", unsupported)
    for content in (b"one", b"two"):
        expected = pytest.raises(PhotoError, match="not replaced") if content == b"two" else nullcontext()
        with expected:
            write_atomic(tmp_path / "a", content, replace=False)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"one"], "and no temporary file"


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_access_follows_the_umask_and_a_source_never_wider(tmp_path: Path, umask: None) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"")
    for bits, wanted in ((0o666, 0o640), (0o600, 0o600), (0o044, 0o640), (0o004, 0o600), (0o777, 0o640)):
        source.chmod(bits)
        write_atomic(tmp_path / "result", b"data", Access.of(source))
        assert mode(tmp_path / "result") == oct(wanted)
    write_atomic(tmp_path / "plain", b"data")
    write_atomic(tmp_path / "private", b"data", PRIVATE)
    make_folder(tmp_path / "a" / "b", PRIVATE)
    make_private(tmp_path / "a" / "b" / "file")
    assert [mode(tmp_path / name) for name in ("plain", "private", "a", "a/b", "a/b/file")] == [
        "0o640",
        "0o600",
        "0o750",
        "0o700",
        "0o600",
    ]
    assert Access.of(tmp_path / "none").mode == 0o700, "what is gone tells nothing"


def test_what_is_common_to_several(tmp_path: Path) -> None:
    for name, bits in (("a", 0o755), ("b", 0o750), ("c", 0o705)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(bits)
    assert Access.of_all([]).mode == 0o777
    assert Access.of_all([tmp_path / "a", tmp_path / "b"]).mode == 0o750
    assert Access.of_all([tmp_path / "a", tmp_path / "b", tmp_path / "c"]).mode == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to other groups")
def test_the_group_is_the_sources_or_gets_nothing_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, result = tmp_path / "source", tmp_path / "result"
    source.write_bytes(b"")
    os.chown(source, -1, 12345)
    source.chmod(0o640)
    write_atomic(result, b"data", Access.of(source))
    assert (mode(result), result.stat().st_gid) == ("0o640", 12345)

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "chown", denied)
    for bits, wanted in ((0o640, 0o600), (0o644, 0o644), (0o604, 0o600)):
        source.chmod(bits)
        write_atomic(result, b"data", Access.of(source))
        assert mode(result) == oct(wanted)


def test_an_access_list_says_nothing_of_the_group(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"")
    source.chmod(0o640)
    # user::rw-, user:12345:r--, group::---, mask::r--, other::---
    entries = [(1, 6, -1), (2, 4, 12345), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
    listed = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        os.setxattr(source, "system.posix_acl_access", listed)
    except OSError:
        pytest.skip("this file system has no access lists")
    assert stat.S_IMODE(source.stat().st_mode) == 0o640, "the mask"
    write_atomic(tmp_path / "result", b"data", Access.of(source))
    assert mode(tmp_path / "result") == "0o600"
