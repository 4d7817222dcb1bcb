"""Where an archive's journal and report are: a private folder beside the output folder, ``OUT.pixelpriv``.

The report and its pictures show the originals, so they stand outside of what is published. Where nothing can be written
beside the output folder, a folder of the user's own takes its place; ``--state`` names another one.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import StorageError, UsageError
from ..files import (
    FULL,
    PRIVATE,
    STATE_FOLDER,
    STATE_SUFFIX,
    TEMPORARY_SUFFIX,
    Access,
    make_folder,
    make_private,
    real_path,
    state_beside,
)
from .journal import FILE, DamagedJournal, Journal
from .report.writing import REPORT, is_report

_LOG = logging.getLogger(__name__)


def find_state(out: Path, given: Path | None = None) -> Path | None:
    """Return the state folder of an output folder; nothing is made or moved.

    Parameters
    ----------
    out : Path
        The output folder.
    given : Path or None
        The only place to look in; None looks beside ``out``, in the user's own folder, and inside ``out``, where
        earlier releases kept it.

    Returns
    -------
    Path or None
        The folder, which holds a journal; None if there is none.

    Raises
    ------
    UsageError
        If one of the places is a link or belongs to another user.
    """
    out = real_path(out)
    places = [_absolute(given)] if given is not None else [*places_of(out), out / STATE_FOLDER]
    return next((place for place in places if _is_own(place) and _has_journal(place)), None)


def places_of(out: Path) -> list[Path]:
    """Return where the state of an output folder may be by itself: beside it, then in the user's own folder."""
    from platformdirs import user_state_path

    out = real_path(out)
    digest = hashlib.sha256(os.fsencode(out)).hexdigest()[:16]
    users = user_state_path("pixelpriv_fast", appauthor=False) / "archives"
    return [*([state_beside(out)] if out.name else []), users / f"{out.name[:40]}-{digest}{STATE_SUFFIX}"]


def claim_output(out: Path, inputs: Sequence[Path] = ()) -> Path:
    """Make an output folder if it is missing.

    Parameters
    ----------
    out : Path
        The output folder.
    inputs : sequence of Path
        Photos or folders; a new output folder is not open to more people than all of these folders are.

    Returns
    -------
    Path
        The folder, without links.

    Raises
    ------
    StorageError
        If it cannot be made or written to.
    UsageError
        If it is named as a state folder.
    """
    real = real_path(out)
    if real.name.endswith(STATE_SUFFIX):
        raise UsageError(f"{out}: names that end with {STATE_SUFFIX} are for journals and reports; choose another name")
    try:
        make_folder(real, Access.of_all(given if given.is_dir() else given.parent for given in inputs))
        if not os.access(real, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise StorageError(f"cannot write to {out}: {error.strerror}; choose another output folder") from error
    for given in inputs:
        if real_path(given).is_relative_to(real):
            _LOG.warning("%s also holds the originals in %s: do not publish it as it stands", out, given)
    return real


def claim_state(out: Path, given: Path | None = None) -> Path:
    """Make the state folder of an output folder, private to the user, or find the one that is there.

    What earlier releases left in the output folder, a journal and reports that show the originals, is moved there.

    Parameters
    ----------
    out : Path
        The output folder, which exists.
    given : Path or None
        Where it is to be; None looks as ``find_state`` does, and makes it beside ``out`` if it can.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UsageError
        If the place is a link, belongs to another user, or holds other files.
    StorageError
        If it cannot be made.
    """
    out = real_path(out)
    folder = _own_or_made(out) if given is None else _given(_absolute(given), out)
    try:
        _take_over(out, folder)
        _close_to_others(folder)
    except OSError as error:
        raise StorageError(f"cannot move the journal of {out} to {folder}: {error.strerror}") from error
    return folder


def _own_or_made(out: Path) -> Path:
    """Return the state folder that is there, or a new one at the first place that can be written to."""
    places = places_of(out)
    found = next((place for place in places if _is_own(place) and _has_journal(place)), None)
    reason = ""
    # Beside a folder that lies in another archive's output folder is inside that one, which is to be safe to publish.
    if found is None and any(_has_journal(state_beside(parent)) for parent in out.parents if parent.name):
        found, reason = places[-1], " (it lies inside the output folder of another archive)"
    for place in [found] if found is not None else places:
        try:
            folder = _made(place, out)
        except StorageError as error:
            cause = error.__cause__
            if place == places[-1] or (isinstance(cause, OSError) and cause.errno in FULL):
                raise
            reason = f" ({cause.strerror})" if isinstance(cause, OSError) else ""
            continue
        if place == places[-1] and len(places) > 1:
            _LOG.warning("nothing is kept beside %s%s: its journal and report are in %s", out, reason, folder)
        return folder
    raise RuntimeError("there is always a place to try")


def _given(place: Path, out: Path) -> Path:
    """Return the state folder that the user names; one that holds other things is not closed to others."""
    folder = _made(place, out)
    if os.listdir(folder) and not _has_journal(folder) and not is_report(folder / REPORT):
        raise UsageError(f"--state {place} holds other files than a journal; name a new folder")
    return folder


def _made(place: Path, out: Path) -> Path:
    """Return the state folder at ``place``, made if it is missing."""
    if place.is_relative_to(out) or out.is_relative_to(place):
        raise UsageError(f"{place}: {out} is to hold protected photos and nothing else; name another place by --state")
    try:
        if not _is_own(place):
            make_folder(place, PRIVATE)
            _is_own(place)  # somebody else may have put a link there meanwhile
    except OSError as error:
        raise StorageError(f"cannot make {place}: {error.strerror}; name another place by --state") from error
    return place


def _take_over(out: Path, folder: Path) -> None:
    """Move what earlier releases left in the output folder: the journal last, so that a move cut off is taken up again."""
    old = out / STATE_FOLDER
    moved = _is_own(old)
    if moved:
        if _has_journal(old):
            with suppress(DamagedJournal):
                Journal(old / FILE).close()  # refuses if a job is at work there
        target = _free(folder) if _has_journal(folder) else folder
        make_folder(target, PRIVATE)
        for path in sorted(old.iterdir(), key=lambda path: path.name == FILE):
            _move(path, target / path.name)
        old.rmdir()
    for report in filter(is_report, sorted(out.glob("report*.html"))):
        _move(report, folder / REPORT)
        moved = True
    if moved:
        _LOG.warning("%s held a journal or report, which shows the originals: moved to %s", out, folder)


def _free(folder: Path) -> Path:
    """Return a name below a state folder that is free, for a second journal."""
    return next(path for path in (folder / f"earlier-{n}" for n in itertools.count(1)) if not os.path.lexists(path))


def _move(path: Path, target: Path) -> None:
    """Move a file, in one step or, between file systems, so that it stands in one of the places at any time."""
    try:
        os.replace(path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = target.with_name(f".{target.name}{TEMPORARY_SUFFIX}")
        make_private(part)
        shutil.copyfile(path, part)
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
        path.unlink()


def _close_to_others(folder: Path) -> None:
    """Take a state folder and its files from everybody but the user; where that fails, say so."""
    for path in (folder, *folder.iterdir()):
        if not path.is_symlink():
            with suppress(OSError):  # a file system without modes
                path.chmod(0o700 if path.is_dir() else 0o600)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        _LOG.warning(
            "%s shows originals, and its file system lets other users read it; --state names another place", folder
        )


def _is_own(place: Path) -> bool:
    """Return whether a folder is there; refuse one that somebody else may have put there."""
    try:
        found = os.lstat(place)
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        what = "a link" if stat.S_ISLNK(found.st_mode) else "a file"
        raise UsageError(
            f"{place} is {what}, and a journal needs a folder; remove it, or name another place by --state"
        )
    if os.name == "posix" and found.st_uid != os.geteuid() and not _gives_files_to(place, found.st_uid):
        raise UsageError(f"{place} belongs to another user; name a place of your own by --state")
    return True


def _gives_files_to(place: Path, user: int) -> bool:
    """Return whether the file system gives the files of all users to one user, as network folders may."""
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".", suffix=TEMPORARY_SUFFIX) as file:
            return os.fstat(file.fileno()).st_uid == user
    except OSError:
        return False


def _has_journal(place: Path) -> bool:
    return os.path.isfile(place / FILE)


def _absolute(given: Path) -> Path:
    """Return a path without links above its last part, which may not be one."""
    path = Path(os.path.abspath(given))
    return real_path(path.parent) / path.name
