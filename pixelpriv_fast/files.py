"""Atomic writes: a reader of the output folder sees a whole file or none, whatever happens in between."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

from .errors import PhotoError, StorageError

#: The folder inside an output folder that holds its journal; no photo is looked for in it.
STATE_FOLDER = ".pixelpriv"

#: Ends the name of the folder beside an output folder that holds its journal and report; no photo is looked for in it.
STATE_SUFFIX = ".pixelpriv"

#: Ends the name of every unfinished file; ``sweep`` removes what a killed run left behind.
TEMPORARY_SUFFIX = ".pixelpriv-part"


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file completely or not at all: write, fsync, rename, fsync of the folder.

    The data goes to a temporary file in the same folder first. On a failure that file is removed, and a file that stood at
    ``path`` before is untouched.

    Parameters
    ----------
    path : Path
        The file; its folder is made if missing.
    data : bytes
        What it is to hold.

    Raises
    ------
    StorageError
        If the disk is full or the folder cannot be written to.
    PhotoError
        If the file system cannot hold this name; other files are not concerned.
    """
    short = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]  # the full name may leave no room for a suffix
    temporary = path.with_name(f".{short}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ):
            raise PhotoError(f"{path}: the folder cannot hold this name: {error.strerror}; shorten it") from error
        raise StorageError(
            f"cannot write {path}: {error.strerror}; free space or fix the folder, then run the same command again"
        ) from error


def sweep(folder: Path) -> int:
    """Remove the unfinished files below ``folder`` that a killed run left, and return their number."""
    count = 0
    for leftover in folder.rglob(f".*{TEMPORARY_SUFFIX}"):
        leftover.unlink(missing_ok=True)
        count += 1
    return count


def _sync_folder(folder: Path) -> None:
    """Make the rename durable, on systems that let a folder be opened."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
