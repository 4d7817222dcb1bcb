"""Compiled engines on disk.

An engine file is executable code, so its folder is the user's own, and only files that this program wrote are used: a
manifest lists every file's hash.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import DeviceError
from ..files import write_atomic

_LOG = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_LOCK = ".lock"
_LOCK_SECONDS = 600.0  # TensorRT compiles for minutes


@contextlib.contextmanager
def engine_folder(folder: Path) -> Iterator[str]:
    """Hold a folder against other processes while a session is created from it.

    Files that the manifest does not list, or with other contents, are removed before and thus compiled again. What the
    session leaves in the folder is listed on the way out.

    Parameters
    ----------
    folder : Path
        Made if it is missing.

    Yields
    ------
    str
        The folder.

    Raises
    ------
    DeviceError
        If others can write to the folder, or hold it for long.
    """
    from filelock import FileLock, Timeout

    private_folder(folder)
    try:
        with FileLock(folder / _LOCK, timeout=_LOCK_SECONDS):
            _remove_unlisted(folder)
            yield str(folder)
            record = {path.name: _hash(path) for path in _engines(folder)}
            write_atomic(folder / MANIFEST, json.dumps(record, sort_keys=True).encode())
    except Timeout as error:
        raise DeviceError(f"engine cache {folder}: another process holds it; try again when it is done") from error


def private_folder(folder: Path) -> None:
    """Make ``folder`` if it is missing. Raises ``DeviceError`` if others than the user can write to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DeviceError(
            f"engine cache {folder} cannot be made ({error.strerror}); let $HOME be a folder of yours"
        ) from error
    found = folder.lstat()
    if hasattr(os, "getuid") and (
        not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077
    ):
        raise DeviceError(f"engine cache {folder} must be a folder of your own with mode 0700: chmod 700 it")


def _remove_unlisted(folder: Path) -> None:
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        listed = {}
    known = listed if isinstance(listed, dict) else {}
    for path in _engines(folder):
        if path.is_symlink() or known.get(path.name) != _hash(path):
            _LOG.warning("engine cache: %s is not what was written there; it is compiled again", path)
            path.unlink()


def _engines(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name not in (MANIFEST, _LOCK) and not path.is_dir())


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
