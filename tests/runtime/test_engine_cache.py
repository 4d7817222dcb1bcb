"""Compiled engines are code: only one's own, only what was written there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pixelpriv_fast.errors import DeviceError
from pixelpriv_fast.runtime.engine_cache import MANIFEST, engine_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "engines"
    with engine_folder(place) as path:
        assert path == str(place)
        (place / "a.engine").write_bytes(b"code")
        (place / "b.timing").write_bytes(b"times")
    return place


def test_what_was_written_is_kept(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    with engine_folder(folder):
        assert (folder / "a.engine").read_bytes() == b"code"
        assert (folder / "b.timing").exists()


def test_what_was_changed_or_added_is_removed(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "a.engine").write_bytes(b"evil")
    (folder / "c.engine").write_bytes(b"more")
    (folder / "d.engine").symlink_to(folder / "b.timing")
    with engine_folder(folder):
        assert [path.name for path in sorted(folder.glob("?.*"))] == ["b.timing"]
    assert "a.engine is not what was written there" in caplog.text


@pytest.mark.parametrize("manifest", [b"", b"[1]", b'{"a.engine": 1}', None])
def test_without_a_manifest_nothing_is_used(folder: Path, manifest: bytes | None) -> None:
    (folder / MANIFEST).unlink()
    if manifest is not None:
        (folder / MANIFEST).write_bytes(manifest)
    with engine_folder(folder):
        assert not (folder / "a.engine").exists()


def test_a_session_that_failed_lists_nothing(folder: Path) -> None:
    def fail() -> None:
        with engine_folder(folder):
            (folder / "half.engine").write_bytes(b"ha")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with engine_folder(folder):
        assert not (folder / "half.engine").exists()
        assert (folder / "a.engine").exists()


def test_a_folder_that_others_can_write_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(DeviceError, match="mode 0700"), engine_folder(tmp_path / "link"):
        pass
    folder.chmod(0o770)
    with pytest.raises(DeviceError, match="mode 0700"), engine_folder(folder):
        pass
