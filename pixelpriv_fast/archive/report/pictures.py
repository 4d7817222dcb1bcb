"""The pictures that a report shows, kept beside the journal in ``pictures.sqlite3``.

They can always be made again from the photos, so nothing here may stop a job: what fails is said once and left out.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ...files import make_private
from ..photo import ArchivePhoto
from ..rows import JournalRow
from .evidence import Evidence, evidence_of

_LOG = logging.getLogger(__name__)

FILE = "pictures.sqlite3"
#: Bytes of pictures that one report shows. As many are kept of protected photos, and of others.
MAX_BYTES = 33_000_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pictures (
    source TEXT PRIMARY KEY, made_of TEXT NOT NULL, protected INTEGER NOT NULL, size INTEGER NOT NULL,
    before BLOB NOT NULL, after BLOB NOT NULL, difference BLOB NOT NULL
)
"""


class Pictures:
    """The store of a report's pictures; any thread may call.

    Parameters
    ----------
    folder : Path
        The journal's.
    settings : str
        The hash of the job's settings, as the journal has it.
    """

    def __init__(self, folder: Path, settings: str) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._held = {True: 0, False: 0}  #: bytes, of protected photos and of others
        self._sql = _opened(folder / FILE)
        if self._sql is not None:
            found = self._sql.execute("SELECT protected, SUM(size) FROM pictures GROUP BY protected").fetchall()
            self._held |= {bool(protected): size for protected, size in found}

    def take(self, photos: Sequence[ArchivePhoto]) -> None:
        """Make and keep the pictures of finished photos, while their pixels are at hand and unless there are enough."""
        for photo in photos:
            shown = photo.answer is None or photo.pictures is not None  # a worker may have failed to make them
            if photo.alive and shown and photo.sha256 is not None:
                self._keep(photo, photo.sha256, photo.status == "protected")

    def _keep(self, photo: ArchivePhoto, sha256: str, protected: bool) -> None:
        if self._sql is None or self._held[protected] >= MAX_BYTES:
            return
        try:
            made, key = photo.pictures or evidence_of(photo), _key(photo.item.source)
            values = (key, self._made_of(sha256), protected, made.size, made.before, made.after, made.difference)
            with self._lock:
                for was, old in self._sql.execute("SELECT protected, size FROM pictures WHERE source = ?", (key,)):
                    self._held[bool(was)] -= old
                self._sql.execute("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?)", values)
                self._held[protected] += made.size
        except Exception as error:  # noqa: BLE001 - a report without its pictures is better than no photo
            _LOG.warning("no more pictures for the report: %s", error)
            self.close()

    def of(self, row: JournalRow) -> Evidence | None:
        """Return the pictures of what ``row`` speaks of."""
        if self._sql is None:
            return None
        with self._lock:
            found = self._sql.execute(
                "SELECT before, after, difference FROM pictures WHERE source = ? AND made_of = ?",
                (_key(row.source), self._made_of(row.source_sha256, row.settings)),
            ).fetchone()
        return None if found is None else Evidence(*found)

    def close(self) -> None:
        """Close the store; nothing more is kept."""
        with self._lock:
            sql, self._sql = self._sql, None
            if sql is not None:
                sql.close()

    def _made_of(self, sha256: str, settings: str = "") -> str:
        return f"{sha256} {settings or self._settings}"


def _key(source: str) -> bytes:
    return source.encode("utf-8", "surrogateescape")


def _opened(file: Path) -> sqlite3.Connection | None:
    """Open the store, or a new one if it is damaged; None if there can be none."""
    try:
        with suppress(sqlite3.DatabaseError):
            return _checked(file)
        for suffix in ("-wal", "-shm", ""):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        return _checked(file)
    except (sqlite3.Error, OSError) as error:
        _LOG.warning("no pictures for the report: %s", error)
        return None


def _checked(file: Path) -> sqlite3.Connection:
    """Open a whole store. Raises ``sqlite3.Error`` or ``OSError``."""
    make_private(file)
    sql = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=0.5)
    try:
        # The journal's lock guards this file too. Never synced: a crash may cost pictures, no photo.
        sql.executescript("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
        sql.execute(_SCHEMA)
        if sql.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("its pages do not fit together")
    except sqlite3.Error:
        sql.close()
        raise
    return sql
