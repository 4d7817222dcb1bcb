"""From results to files and rows, in the order that a crash forgives: the file, its folder, then the row."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import PhotoError
from ..files import Access, make_folder, not_written, real_path, write_atomic
from ..protection.result import record_of
from .history import OutputBelongsToAnother, sha256_of
from .journal import Journal
from .photo import ArchivePhoto
from .rows import FileStamp, JournalRow


class Writer:
    """Writes results below the output folder, and their rows.

    Parameters
    ----------
    journal : Journal
        The open journal.
    out : Path
        The output folder.
    settings : str
        The hash of the job's settings.
    strict : bool
        Whether photos that are not protected are not written.
    replace : bool
        Whether results that an earlier run wrote are replaced.
    """

    def __init__(self, journal: Journal, out: Path, settings: str, *, strict: bool, replace: bool = True) -> None:
        #: Outputs at whose place stands a file that is not ours. It is left as it is, and taken for the result if it
        #: holds the same bytes (the journal was lost).
        self.foreign: set[str] = set()
        self._journal = journal
        self._out = out
        self._settings = settings
        self._strict = strict
        self._replace = replace

    def write(self, photos: Sequence[ArchivePhoto]) -> None:
        """Write the files of finished photos, then their rows; all rows share one commit.

        Parameters
        ----------
        photos : sequence of ArchivePhoto
            The photos; each gets ``row``. On return all is on the disk.

        Raises
        ------
        StorageError
            If the disk or folder takes no more.
        """
        rows: list[JournalRow] = []
        try:
            for photo in photos:
                if photo.row is not None:  # an earlier run's, and nothing has changed
                    continue
                photo.row = self._settled(photo)
                if not isinstance(photo.error, OutputBelongsToAnother):  # the row is the other photo's
                    rows.append(photo.row)
        finally:  # record what was written even if a later write failed
            self._journal.put(rows)

    def _settled(self, photo: ArchivePhoto) -> JournalRow:
        item = photo.item
        if photo.done_before and (known := self._journal.get(item.source)) is not None:
            return _stamped(replace(known, path=str(item.path)), photo.stamp)
        record = {"source": item.source, "output": None} | {k: v for k, v in record_of(photo).items() if k != "source"}
        written = False
        try:
            written = self._write(photo)
        except PhotoError as error:
            record |= {"status": "failed", "reason": str(error)}
        if written:
            record["output"] = item.output
        elif record["status"] == "unprotected":
            record["reason"] += "; not written (strict)"
            if os.path.lexists(self._out / item.output):
                record["reason"] += ": the file there is an earlier run's"
        return self._row(photo, record, written)

    def _write(self, photo: ArchivePhoto) -> bool:
        """Return whether the photo was to be written, and now is."""
        status, encoded = photo.status, photo.encoded
        if encoded is None or not (status == "protected" or (status == "unprotected" and not self._strict)):
            return False
        target = self._out / photo.item.output
        if photo.item.output in self.foreign and target.exists():
            if sha256_of(target) != hashlib.sha256(encoded).hexdigest():
                raise PhotoError(f"{target}: a file that is not a result of this archive stands there; move it away")
            return True
        if not real_path(target.parent).is_relative_to(real_path(self._out)):
            raise PhotoError(f"{target}: a link leads out of the output folder; remove it")
        self._make_folders(target.parent, photo.item.path.parent)
        write_atomic(target, encoded, Access.of(photo.item.path), replace=self._replace)
        return True

    def _make_folders(self, folder: Path, mirrored: Path) -> None:
        """Make the folders above a result, each open to no more people than the one that it mirrors."""
        missing: list[tuple[Path, Path]] = []
        while folder != self._out and not folder.is_dir():
            missing.append((folder, mirrored))
            folder, mirrored = folder.parent, mirrored.parent
        try:
            for made, source in reversed(missing):
                make_folder(made, Access.of(source))
        except OSError as error:
            raise not_written(made, error) from error

    def _row(self, photo: ArchivePhoto, record: dict[str, Any], written: bool) -> JournalRow:
        row = JournalRow(
            source=photo.item.source,
            path=str(photo.item.path),
            output=photo.item.output,
            status=record["status"],
            reason=record["reason"],
            settings=self._settings,
            source_sha256=photo.sha256 or "",
            written=int(written),
            seconds=record["seconds"],
            finished=time.time(),
            record=record,
            accepted=photo.accepted,
        )
        return self._with_output(_stamped(row, photo.stamp), photo.encoded if written else None)

    def _with_output(self, row: JournalRow, encoded: bytes | None) -> JournalRow:
        """Complete the row with the file that stands at its output's place: the one just written, else the last one."""
        if encoded is None:
            owner = self._journal.owner_of(row.output)
            names = ("output_sha256", "output_size", "output_modified", "output_changed")
            return row if owner is None else replace(row, **{name: getattr(owner, name) for name in names})
        stamp = FileStamp.of(self._out / row.output) or FileStamp()
        return replace(
            row,
            output_sha256=hashlib.sha256(encoded).hexdigest(),
            output_size=stamp.size,
            output_modified=stamp.modified,
            output_changed=stamp.changed,
        )


def _stamped(row: JournalRow, stamp: FileStamp) -> JournalRow:
    return replace(row, source_size=stamp.size, source_modified=stamp.modified, source_changed=stamp.changed)
