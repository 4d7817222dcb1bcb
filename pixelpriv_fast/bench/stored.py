"""What a run leaves for a later one to compare with: a JSON object that names its format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UsageError
from ..files import write_atomic

T = TypeVar("T")


def save(path: Path, form: str, data: Mapping[str, Any]) -> None:
    """Raises ``StorageError`` or ``PhotoError`` as every writer of files here."""
    write_atomic(path, (json.dumps({"format": form, **data}, indent=1) + "\n").encode())


def load(path: Path, form: str, make: Callable[[Mapping[str, Any]], T], fault: str, option: str) -> T:
    """What ``make`` makes of the file's object. Raises ``UsageError``, with the ``fault`` and the ``option`` that writes
    such a file, for one that is missing, has another format, or from which ``make`` can make nothing."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != form:
            raise ValueError(f"format {data['format']!r}, expected {form!r}")
        return make(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} {fault} ({error}); write one by {option} {path}") from error
