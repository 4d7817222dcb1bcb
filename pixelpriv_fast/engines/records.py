"""What engines learnt of a network, kept as JSON beside its model so that the next process need not learn it again."""

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
    """The record in ``path``, an empty one where there is none that can be read: it is then made anew."""
    try:
        record = json.loads(path.read_bytes()) if path is not None else {}
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def keep_record(path: Path | None, record: Mapping[str, Any]) -> None:
    """Writes ``record`` to ``path``; where that cannot be, or the model came from no file, it is not kept."""
    if path is None:
        return
    try:
        write_atomic(path, json.dumps(record, sort_keys=True).encode())
    except StorageError as error:
        _LOG.info("%s is not kept, the next start makes it again: %s", path.name, error)
