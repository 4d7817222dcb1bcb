"""Decides from the journal whether a photo is new, done, or must not be touched."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import PhotoError
from .journal import Journal
from .photo import DONE, ArchivePhoto
from .rows import FileStamp, JournalRow
from .walk import Item


def settings_text(settings: Mapping[str, Any]) -> str:
    """Write settings as one line of JSON, equal for equal settings."""
    return json.dumps(settings, sort_keys=True, default=str)


def settings_hash(text: str) -> str:
    """Hash the text of settings."""
    return hashlib.sha256(text.encode()).hexdigest()


class OutputBelongsToAnother(PhotoError):
    """The place of a photo's result, and its row, belong to another photo."""


class History:
    """The journal's view of the photos of one job.

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
    resume : bool
        Whether what an earlier run did counts.
    """

    def __init__(self, journal: Journal, out: Path, settings: str, *, strict: bool, resume: bool) -> None:
        self._journal = journal
        self._out = out
        self._settings = settings
        self._strict = strict
        self._resume = resume

    def plan(self, items: Sequence[Item]) -> set[str]:
        """Enter the photos that are new, so that from here on files at their outputs' places are known to be ours.

        Parameters
        ----------
        items : sequence of Item
            The job's photos.

        Returns
        -------
        set of str
            The outputs at whose place stands a file that no job ever planned, or that no job wrote into this folder.
        """
        foreign: set[str] = set()
        doubtful: set[str] = set()
        planned: list[JournalRow] = []
        known = False  # whether this is the folder that the journal speaks of
        for item in items:
            if item.refused:
                continue
            owner, there = self._journal.owner_of(item.output), os.path.lexists(self._out / item.output)
            if owner is not None and (owner.owns_output or self._stands(item, owner)):
                known = known or (there and self._intact(owner))
                if there and not known:
                    doubtful.add(item.output)
            elif there:
                foreign.add(item.output)
            else:
                planned.append(JournalRow(item.source, str(item.path), item.output))
        self._journal.put(planned)
        return foreign if known or not doubtful or self._is_known() else foreign | doubtful

    def _is_known(self) -> bool:
        """Return whether a file of the output folder is what the journal says, or nothing was ever finished.

        The journal stands beside the folder, so it may be left over from one that was removed: then what stands at its
        outputs' places now is somebody's.
        """
        rows = self._journal.written()
        return not rows or any(self._intact(row) for row in rows)

    def standing(self, item: Item, accepted: Sequence[int] = ()) -> JournalRow | None:
        """Find the row of a photo that was done with these settings and whose result is still there.

        Parameters
        ----------
        item : Item
            The photo.
        accepted : sequence of int
            Class indices of the known labels.

        Returns
        -------
        JournalRow or None
            The row; whether the photo's own content is still the same is not looked at.
        """
        row = self._journal.get(item.source)
        same = row is not None and row.accepted == tuple(accepted) and self._stands(item, row)
        return row if same else None

    def enter(self, photo: ArchivePhoto) -> None:
        """Mark a photo that needs nothing, by the stamps of its file and its output; neither is read."""
        row = self.standing(photo.item, photo.accepted) if photo.alive else None
        if row is None:
            return
        photo.known = row.source_sha256
        if photo.stamp.size >= 0 and row.source_stamp == photo.stamp and row.path == str(photo.item.path):
            photo.skipped, photo.done_before, photo.row = DONE, True, row

    def ask(self, photo: ArchivePhoto) -> None:
        """Mark a photo that is done, by its content, or that is itself a result of this archive.

        Parameters
        ----------
        photo : ArchivePhoto
            The photo; gets ``skipped`` where nothing is to be done.

        Raises
        ------
        OutputBelongsToAnother
            If its result would replace another photo's.
        """
        item, sha256 = photo.item, photo.sha256
        if sha256 is None:  # it could not be read
            return
        if photo.known == sha256:
            photo.skipped, photo.done_before = DONE, True
            return
        maker = self._journal.maker_of(sha256)
        if maker is not None and maker.source != item.source:
            photo.skipped = f"is itself the protected file of {maker.source}"
            return
        for owner in (self._journal.get(item.source), self._journal.owner_of(item.output)):
            if owner is not None and owner.source_sha256 not in ("", sha256):
                self._refuse_another(item, owner)

    def _refuse_another(self, item: Item, owner: JournalRow) -> None:
        """Refuse a photo whose place is taken.

        Choice: a file that is gone has moved or was edited; one that is still there keeps its result.
        """
        if owner.path != str(item.path) and Path(owner.path).exists():
            raise OutputBelongsToAnother(
                f"{item.path}: {self._out / owner.output} is the result of {owner.path}; choose another output folder"
            )

    def _stands(self, item: Item, row: JournalRow) -> bool:
        """Return whether the row is of these settings and what it speaks of is still there."""
        if not self._resume or row.settings != self._settings or row.output != item.output:
            return False
        if row.status == "unprotected" and self._strict:
            return not row.written  # one that an earlier run wrote is judged again, and said to be left over
        return row.status in ("protected", "unprotected") and bool(row.written) and self._intact(row)

    def _intact(self, row: JournalRow) -> bool:
        target = self._out / row.output
        stamp = FileStamp.of(target)
        if stamp is None or stamp.size != row.output_size:
            return False
        return stamp == row.output_stamp or sha256_of(target) == row.output_sha256


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file, or "" if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
