"""Atomic writes: a reader of the output folder sees a whole file or none, whatever happens in between."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .errors import PhotoError, StorageError

_LOG = logging.getLogger(__name__)

#: The folder inside an output folder that held its journal in earlier releases; no photo is looked for in it.
STATE_FOLDER = ".pixelpriv"

#: Ends the name of the folder beside an output folder that holds its journal and report; no photo is looked for in it.
STATE_SUFFIX = ".pixelpriv"

#: Ends the name of every unfinished file; ``sweep`` removes what a killed run left behind.
TEMPORARY_SUFFIX = ".pixelpriv-part"

#: What a disk says that takes no more. Everything else that the sync of a folder says is the file system's habit.
FULL = (errno.ENOSPC, errno.EDQUOT)

#: Devices of which it was said that their file system does not sync folders.
_unsynced: set[int] = set()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a file or folder that is made: its owner always, others never beyond the umask.

    Attributes
    ----------
    mode : int
        The permission bits.
    group : int or None
        The group that the bits speak of; None for any. What is made for another group gets only what both the group and
        everybody may.
    """

    mode: int = 0o777
    group: int | None = None

    @classmethod
    def of(cls, source: Path) -> Self:
        """Return the access to a file or folder; its owner's alone where it cannot be told."""
        try:
            found = source.stat()
        except OSError:
            return cls(0o700)
        mode = stat.S_IMODE(found.st_mode) & 0o777
        # With an access list the group's bits are the list's upper bound and say nothing of the group.
        return cls(mode & 0o707 if _has_access_list(source) else mode, found.st_gid)

    @classmethod
    def of_all(cls, sources: Iterable[Path]) -> Self:
        """Return the access that all of some files or folders have in common; any access where there are none."""
        found = [cls.of(source) for source in sources]
        mode = 0o777
        for access in found:
            mode &= access.mode
        groups = {access.group for access in found}
        return cls(mode if len(groups) < 2 else _common(mode), groups.pop() if len(groups) == 1 else None)

    def settle(self, made: int | Path, owner: int) -> None:
        """Give what was just made, with this mode, the bits that it may have.

        Parameters
        ----------
        made : int or Path
            An open file, or a folder; the system has taken off the umask.
        owner : int
            What its owner may in any case: 0o600 for a file, 0o700 for a folder.
        """
        if os.name != "posix":
            return
        found = os.stat(made)
        mode = stat.S_IMODE(found.st_mode)
        wanted = mode | owner
        with suppress(OSError):  # a file system without modes
            if self.group is not None and self.group != found.st_gid:
                os.chmod(made, _common(wanted))
                os.chown(made, -1, self.group)  # only root and the group's members may
                os.chmod(made, wanted)
            elif wanted != mode:
                os.chmod(made, wanted)


#: Of what shows originals, and is nobody else's business.
PRIVATE = Access(0o700)


def write_atomic(path: Path, data: bytes, access: Access = Access(), *, replace: bool = True) -> None:
    """Write a file completely or not at all: write, fsync, rename, fsync of the folder.

    The data goes to a temporary file in the same folder first. On a failure that file is removed, and a file that stood at
    ``path`` before is untouched.

    Parameters
    ----------
    path : Path
        The file; its folder is made if missing.
    data : bytes
        What it is to hold.
    access : Access
        Who may read it.
    replace : bool
        Whether a file that stands there is replaced.

    Raises
    ------
    StorageError
        If the disk is full or the folder cannot be written to.
    PhotoError
        If the file system cannot hold this name, or something stands there that is not to be replaced; other files are
        not concerned.
    """
    short = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]  # the full name may leave no room for a suffix
    # A number of its own: in containers each run may have the same process number as one that was killed.
    temporary = path.with_name(f".{short}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    mode = access.mode & 0o666 | 0o600
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
                access.settle(file.fileno(), 0o600)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(temporary, path)
            else:
                _rename_to_free(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise not_written(path, error) from error


def not_written(path: Path, error: OSError) -> PhotoError | StorageError:
    """Return what to raise where a file or folder could not be written.

    Parameters
    ----------
    path : Path
        The file or folder.
    error : OSError
        What the system said.

    Returns
    -------
    PhotoError or StorageError
        The name is to blame, which is one photo's, or the disk.
    """
    if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ):
        return PhotoError(f"{path}: the folder cannot hold this name: {error.strerror}; shorten it")
    return StorageError(
        f"cannot write {path}: {error.strerror}; free space or fix the folder, then run the same command again"
    )


def make_folder(folder: Path, access: Access = Access()) -> None:
    """Make a folder and those above it; one that is there stays as it is.

    Parameters
    ----------
    folder : Path
        The folder.
    access : Access
        Who may use it; those above it follow the umask alone.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(access.mode | 0o700, exist_ok=True)
    access.settle(folder, 0o700)


def real_path(path: Path) -> Path:
    """Return a path without links; links that lead in a circle stay, for the system to refuse them by name."""
    return Path(os.path.realpath(path))


def state_beside(out: Path) -> Path:
    """Return the place of an output folder's journal and report."""
    return out.with_name(out.name + STATE_SUFFIX)


def make_private(file: Path) -> None:
    """Make an empty file that its owner alone may read, or take an old one from everybody else.

    Parameters
    ----------
    file : Path
        The file. A link is not followed: it may lead to a file that others are to read.

    Raises
    ------
    OSError
        If it cannot be made, is a link or belongs to somebody else.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with suppress(OSError):  # a file system without modes
            os.chmod(descriptor if os.name == "posix" else file, 0o600)
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> int:
    """Remove the unfinished files below ``folder`` that a killed run left, and return their number."""
    count = 0
    for leftover in folder.rglob(f".*{TEMPORARY_SUFFIX}"):
        leftover.unlink(missing_ok=True)
        count += 1
    return count


def _common(mode: int) -> int:
    """Return the mode with what both group and everybody may, for either of them."""
    shared = mode & (mode >> 3) & 0o007
    return mode & ~0o077 | shared << 3 | shared


def _has_access_list(path: Path) -> bool:
    if not hasattr(os, "getxattr"):
        return False
    try:
        os.getxattr(path, "system.posix_acl_access")
    except OSError:
        return False
    return True


def _rename_to_free(temporary: Path, path: Path) -> None:
    """Rename a file, unless something stands there: a link does that in one step, on file systems that have them."""
    try:
        os.link(temporary, path)
        temporary.unlink()
    except FileExistsError as error:
        raise PhotoError(f"{path}: a file stands there and is not replaced; choose another name") from error
    except OSError:
        if os.path.lexists(path):
            raise PhotoError(f"{path}: a file stands there and is not replaced; choose another name") from None
        os.replace(temporary, path)


def _sync_folder(folder: Path) -> None:
    """Make the rename durable, on systems that let a folder be opened and synced."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in FULL:
            raise
        device = os.fstat(descriptor).st_dev
        if device not in _unsynced:
            _unsynced.add(device)
            _LOG.warning(
                "%s: its file system does not sync folders (%s); a power cut may undo what was written last",
                folder,
                error.strerror,
            )
    finally:
        os.close(descriptor)
