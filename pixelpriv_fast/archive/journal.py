"""The journal: what was done to every photo of an archive, in its state folder's ``journal.sqlite3``.

A row is written once its file is whole, synced and renamed, never before. So a crash leaves a file without a row, which
is made again to the same bytes, but never a row without its file. One process holds the journal at a time.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from ..errors import JournalError, PixelPrivError, StorageError, UsageError
from .columns import COLUMNS, DEFINITIONS, bound, row_of, unbound, values_of
from .rows import JobRun, JournalRow

FILE = "journal.sqlite3"
VERSION = 1

#: The file of a journal that nobody reads later.
IN_MEMORY = Path(":memory:")

_SCHEMA = f"""
CREATE TABLE photos (
    {DEFINITIONS},
    PRIMARY KEY (source)
) WITHOUT ROWID;
CREATE UNIQUE INDEX by_output ON photos (output);
CREATE INDEX by_output_hash ON photos (output_sha256);
CREATE TABLE runs (
    started REAL NOT NULL, settings TEXT NOT NULL, parameters TEXT NOT NULL, device TEXT NOT NULL,
    photos INTEGER NOT NULL, source_bytes INTEGER NOT NULL, output_bytes INTEGER NOT NULL, seconds REAL NOT NULL
);
PRAGMA user_version = {VERSION};
"""
#: In all journals, also those of earlier releases, which need not know it.
_PLACE = "CREATE TABLE IF NOT EXISTS place (out TEXT NOT NULL)"
_INSERT = f"INSERT OR REPLACE INTO photos ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


class DamagedJournal(JournalError):
    """A journal whose file is not a whole database."""


class Journal:
    """An open journal; any thread may call.

    Parameters
    ----------
    file : Path
        The database.

    Raises
    ------
    JournalError
        If it is damaged or of a newer release.
    StorageError
        If the disk takes no more.
    UsageError
        If another job holds it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        with self._translated():
            self._sql = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=0.5)
            try:
                self._prepare()
            except BaseException:
                self._sql.close()
                raise

    def _prepare(self) -> None:
        # Exclusive before anything else: one process only, and no shared-memory file, which network folders lack.
        self._sql.executescript(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        )
        self._sql.execute("BEGIN IMMEDIATE")
        ((found,),) = self._sql.execute("PRAGMA user_version").fetchall()
        if found > VERSION:
            raise JournalError(
                f"{self._file} is of version {found}, this release knows {VERSION}: use the newer release"
            )
        if found == 0:
            for statement in _SCHEMA.split(";"):
                self._sql.execute(statement)
        self._sql.execute(_PLACE)
        self._sql.execute("COMMIT")
        if self._sql.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("its pages do not fit together")

    def close(self) -> None:
        """Close it and release it to other jobs."""
        with self._translated():
            self._sql.close()

    def bind(self, out: Path, *, alone: bool) -> None:
        """Note the output folder that the journal speaks of.

        Parameters
        ----------
        out : Path
            The folder, without links. It may have been moved since the journal was made.
        alone : bool
            Whether nothing else says that the journal is this folder's, as its own place does.

        Raises
        ------
        UsageError
            If it is ``alone``, and was made for another folder, which is still there.
        """
        with self._translated():
            found = self._sql.execute("SELECT out FROM place").fetchall()
        for (place,) in found:
            other = Path(unbound(place))
            if alone and other != out and other.is_dir():
                raise UsageError(f"{self._file} is the journal of {other}; give {out} another place by --state")
        if found != [(bound(str(out)),)]:
            with self._translated():
                self._sql.execute("BEGIN IMMEDIATE")
                self._sql.execute("DELETE FROM place")
                self._sql.execute("INSERT INTO place VALUES (?)", (bound(str(out)),))
                self._sql.execute("COMMIT")

    def get(self, source: str) -> JournalRow | None:
        """Return the row of the photo ``source``."""
        return next(self._rows("WHERE source = ?", source), None)

    def owner_of(self, output: str) -> JournalRow | None:
        """Return the row whose result stands, or is to stand, at ``output``."""
        return next(self._rows("WHERE output = ?", output), None)

    def maker_of(self, sha256: str) -> JournalRow | None:
        """Return the row whose output has this hash and is not just a copy of its source."""
        return next(self._rows("WHERE output_sha256 = ? AND source_sha256 != output_sha256", sha256), None)

    def written(self) -> list[JournalRow]:
        """Return the rows at whose output's place a file was written, be it by an earlier run."""
        return list(self._rows("WHERE output_sha256 != '' ORDER BY source"))

    def rows(self) -> Iterator[JournalRow]:
        """Return all rows, by source."""
        return self._rows("ORDER BY source")

    def first(self, statuses: Sequence[str], limit: int) -> Iterator[JournalRow]:
        """Return the first rows with one of some statuses.

        Parameters
        ----------
        statuses : sequence of str
            The statuses; rows come in their order, then by source.
        limit : int
            Maximum number of rows.

        Returns
        -------
        iterator of JournalRow
            The rows.
        """
        order = " ".join(f"WHEN ? THEN {place}" for place, _ in enumerate(statuses))
        chosen = ", ".join("?" * len(statuses))
        clause = f"WHERE status IN ({chosen}) ORDER BY CASE status {order} END, source LIMIT ?"
        return self._rows(clause, *statuses, *statuses, limit)

    def counts(self) -> dict[str, int]:
        """Return the number of rows by status."""
        with self._translated():
            return dict(self._sql.execute("SELECT status, COUNT(*) FROM photos GROUP BY status").fetchall())

    def put(self, rows: Iterable[JournalRow]) -> None:
        """Write rows, all or none; on return they are on the disk."""
        with self._translated():
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                self._sql.executemany(_INSERT, [values_of(row) for row in rows])
                self._commit()
            except BaseException:
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise

    def _commit(self) -> None:
        self._sql.execute("COMMIT")

    def add_run(self, run: JobRun) -> None:
        """Record what a run did and how fast it was."""
        with self._translated():
            self._sql.execute(f"INSERT INTO runs VALUES ({', '.join('?' * len(fields(JobRun)))})", astuple(run))

    def runs(self, settings: str | None = None) -> JobRun | None:
        """Return the sum of all runs that did anything, or None; of one ``settings`` hash only if it is given.

        The last run alone may have been of a few photos.
        """
        clause, values = ("AND settings = ?", (settings,)) if settings else ("", ())
        together = "SUM(photos), SUM(source_bytes), SUM(output_bytes), SUM(seconds)"
        with self._translated():
            found = self._sql.execute(
                f"SELECT MAX(started), settings, parameters, device, {together} FROM runs WHERE photos > 0 {clause}",
                values,
            ).fetchone()
        return None if found[0] is None else JobRun(*found)

    def _rows(self, clause: str, *values: Any) -> Iterator[JournalRow]:
        with self._translated():
            query = f"SELECT {', '.join(COLUMNS)} FROM photos {clause}"
            found = self._sql.execute(query, tuple(map(bound, values))).fetchall()
        return map(row_of, found)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """One thread at a time, and sqlite's errors in our words."""
        try:
            with self._lock:
                yield
        except sqlite3.Error as error:
            raise _in_our_words(error, self._file) from error


def _in_our_words(error: sqlite3.Error, file: Path) -> PixelPrivError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return UsageError(f"another job holds {file}; wait for it, or choose another output folder")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        why = os.strerror(errno.ENOSPC) if name == "SQLITE_FULL" else str(error)
        return StorageError(
            f"cannot write {file}: {why}; free space or fix the folder, then run the same command again"
        )
    return DamagedJournal(
        f"{file} is damaged ({error}); the photos are not: run again with --no-resume, which sets the journal aside and "
        "protects every photo again"
    )
