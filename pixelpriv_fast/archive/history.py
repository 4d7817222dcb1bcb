"""What the journal makes of a photo: to be done, done already, or not to be touched."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import PhotoError
from .journal import Journal
from .rows import Row, Stamp
from .walk import Item

#: The reason of a photo whose file's times changed and nothing else.
DONE = "done already"


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings as one line of JSON, equal for equal settings."""
    return json.dumps(settings, sort_keys=True, default=str)


def settings_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Taken(PhotoError):
    """The place of a photo's result, and its row, belong to another photo."""


class History:
    """The journal's view of the photos of one job with these ``settings`` (their hash)."""

    def __init__(self, journal: Journal, out: Path, settings: str, *, strict: bool, resume: bool) -> None:
        self._journal = journal
        self._out = out
        self._settings = settings
        self._strict = strict
        self._resume = resume

    def plan(self, items: Sequence[Item]) -> set[str]:
        """Enters the photos that are new, so that from here on files at their outputs' places are known to be ours.
        Returns the outputs at whose place stands a file that no job ever planned."""
        foreign: set[str] = set()
        planned: list[Row] = []
        for item in items:
            owner = self._journal.owner_of(item.output)
            if owner is not None and (owner.owns_output or self._stands(item, owner)):
                continue
            if os.path.lexists(self._out / item.output):
                foreign.add(item.output)
            else:
                planned.append(Row(item.source, str(item.path), item.output))
        self._journal.put(planned)
        return foreign

    def done(self, item: Item, stamp: Stamp | None) -> Row | None:
        """The row of a photo that needs nothing: by the stamps of its file and its output, without reading either."""
        row = self._journal.get(item.source)
        same = row is not None and row.source_stamp == stamp and row.path == str(item.path)
        return row if row is not None and same and self._stands(item, row) else None

    def content(self, item: Item) -> str:
        """The sha256 of the content with which the photo is done; "" where there is none."""
        row = self._journal.get(item.source)
        return row.source_sha256 if row is not None and self._stands(item, row) else ""

    def __call__(self, source: Any, sha256: str) -> str | None:
        """``stream``'s question: why the photo with these bytes is left out. Raises ``Taken`` where its result
        would replace another photo's."""
        item: Item = source
        row = self._journal.get(item.source)
        if row is not None and row.source_sha256 == sha256 and self._stands(item, row):
            return DONE
        maker = self._journal.maker_of(sha256)
        if maker is not None and maker.source != item.source:
            return f"is itself the protected file of {maker.source}"
        for owner in (row, self._journal.owner_of(item.output)):
            if owner is not None and owner.source_sha256 not in ("", sha256):
                self._refuse_another(item, owner)
        return None

    def _refuse_another(self, item: Item, owner: Row) -> None:
        """Choice: a file that is gone has moved or was edited; one that is still there keeps its result."""
        if owner.path != str(item.path) and Path(owner.path).exists():
            raise Taken(
                f"{item.path}: {self._out / owner.output} is the result of {owner.path}; choose another output folder"
            )

    def _stands(self, item: Item, row: Row) -> bool:
        """Whether the row is of these settings and what it speaks of is still there."""
        if not self._resume or row.settings != self._settings or row.output != item.output:
            return False
        if row.status == "unprotected" and self._strict:
            return not row.written  # one that an earlier run wrote is judged again, and said to be left over
        return row.status in ("protected", "unprotected") and bool(row.written) and self._intact(row)

    def _intact(self, row: Row) -> bool:
        target = self._out / row.output
        stamp = Stamp.of(target)
        if stamp is None or stamp.size != row.output_size:
            return False
        return stamp == row.output_stamp or sha256_of(target) == row.output_sha256


def sha256_of(path: Path) -> str:
    """Of the file's bytes; "" where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
