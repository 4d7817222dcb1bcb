"""Records of what engines learnt of a network: JSON beside its model, so that the next process need not learn it again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import StorageError
from ..files import write_atomic

_LOG = logging.getLogger(__name__)


def read_record(path: Path | None) -> dict[str, Any]:
    """Return the record in ``path``, or an empty one if there is none that can be read: it is then made again."""
    try:
        record = json.loads(path.read_bytes()) if path is not None else {}
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def keep_record(path: Path | None, record: Mapping[str, Any]) -> None:
    """Write a record. It is not kept if it cannot be written, or if the model came from no file.

    Parameters
    ----------
    path : Path or None
        Where to; None for a model that came from no file.
    record : mapping
        Plain values.
    """
    if path is None:
        return
    try:
        write_atomic(path, json.dumps(record, sort_keys=True).encode())
    except StorageError as error:
        _LOG.info("%s is not kept, the next start makes it again: %s", path.name, error)
