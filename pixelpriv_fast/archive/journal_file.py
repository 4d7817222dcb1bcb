"""The file of a journal: where it stands in a state folder, and how it is opened, read aside, or set aside if damaged."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import StorageError
from ..files import PRIVATE, make_folder, make_private
from .journal import FILE, DamagedJournal, Journal


def journal_file(state: Path) -> Path:
    """Return where the journal stands in a state folder."""
    return state / FILE


def open_journal(state: Path, *, fresh: bool = False) -> Journal:
    """Open the journal in a state folder; it is made if there is none, for the user alone.

    Parameters
    ----------
    state : Path
        The state folder.
    fresh : bool
        Whether a damaged journal is set aside under a free name, and a new one made.

    Returns
    -------
    Journal
        The open journal.

    Raises
    ------
    JournalError, StorageError, UsageError
        See ``Journal``.
    """
    file = journal_file(state)
    try:
        make_folder(state, PRIVATE)
        make_private(file)
    except OSError as error:
        raise StorageError(f"cannot write {file}: {error.strerror}; name another place by --state") from error
    try:
        return Journal(file)
    except DamagedJournal:
        if not fresh:
            raise
        _set_aside(file)
        make_private(file)
        return Journal(file)


@contextmanager
def reading(state: Path | None) -> Iterator[Journal | None]:
    """Yield a copy of the journal in a state folder as it is now, or None; nothing there is written or locked.

    Parameters
    ----------
    state : Path or None
        The state folder; None where there is none.

    Yields
    ------
    Journal or None
        The copy.

    Raises
    ------
    JournalError
        If it is damaged or of a newer release.
    StorageError
        If there is no room for the copy.
    """
    file = None if state is None else journal_file(state)
    if file is None or not file.is_file():
        yield None
        return
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pixelpriv-"))
            copy = Path(folder) / FILE
            shutil.copyfile(file, copy)
            if (log := file.with_name(FILE + "-wal")).is_file():
                shutil.copyfile(log, copy.with_name(FILE + "-wal"))
        except OSError as error:
            raise StorageError(
                f"cannot copy {file} to read it: {error.strerror or error}; let $TMPDIR name a folder with room"
            ) from error
        journal = Journal(copy)
        stack.callback(journal.close)
        yield journal


def _set_aside(file: Path) -> None:
    number = 1
    while (target := file.with_name(f"damaged-{number}.sqlite3")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        found = file.with_name(file.name + suffix)
        if found.exists():
            found.rename(target.with_name(target.name + suffix))
