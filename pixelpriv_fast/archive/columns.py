"""The border between the journal's rows and its table: columns, types, JSON texts, and names that are not valid text."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from .rows import JournalRow

#: The accepted labels stand inside the record's text where there are any, so that every release reads the table.
_STORED = tuple(column for column in fields(JournalRow) if column.name != "accepted")
COLUMNS = tuple(column.name for column in _STORED)
_TYPES = {"str": "TEXT", "int": "INTEGER", "float": "REAL", "Mapping[str, Any]": "TEXT"}

#: The columns' definitions, for CREATE TABLE.
DEFINITIONS = ", ".join(f"{column.name} {_TYPES[str(column.type)]} NOT NULL" for column in _STORED)


def values_of(row: JournalRow) -> tuple[Any, ...]:
    """Return a row as the table holds it; the record is JSON there."""
    record = {**row.record, "accepted": row.accepted} if row.accepted else row.record
    text = json.dumps(record)
    return tuple(text if name == "record" else bound(getattr(row, name)) for name in COLUMNS)


def row_of(values: Sequence[Any]) -> JournalRow:
    """Return the row that the table holds as ``values``."""
    found = dict(zip(COLUMNS, map(unbound, values), strict=True))
    record = json.loads(found.pop("record"))
    return JournalRow(**found, accepted=tuple(record.pop("accepted", ())), record=record)


def bound(value: Any) -> Any:
    """Return a value as sqlite takes it: a file name that is not valid text goes in as its bytes."""
    return os.fsencode(value) if isinstance(value, str) and not _is_text(value) else value


def unbound(value: Any) -> Any:
    """Return a value that ``bound`` gave to sqlite."""
    return os.fsdecode(value) if isinstance(value, bytes) else value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
