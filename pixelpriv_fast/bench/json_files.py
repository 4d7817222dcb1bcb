"""JSON files of the bench: one object that names its format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UsageError
from ..files import write_atomic

T = TypeVar("T")


def save(path: Path, form: str, data: Mapping[str, Any]) -> None:
    """Write ``data`` and the name of its format.

    Parameters
    ----------
    path : Path
        The file to write.
    form : str
        The name of the format.
    data : mapping
        Plain values by key.

    Raises
    ------
    StorageError
        If the disk or folder cannot take the file.
    PhotoError
        If the file system cannot hold the name.
    """
    write_atomic(path, (json.dumps({"format": form, **data}, indent=1) + "\n").encode())


def load(path: Path, form: str, make: Callable[[Mapping[str, Any]], T], fault: str, option: str) -> T:
    """Read what ``save`` wrote.

    Parameters
    ----------
    path : Path
        The file to read.
    form : str
        The name of the format that is expected.
    make : callable
        Makes the result of the file's object.
    fault : str
        What to say of an unusable file, for example "is not a bench report".
    option : str
        The option that writes such a file, for the message.

    Returns
    -------
    object
        What ``make`` returns.

    Raises
    ------
    UsageError
        If the file is missing, has another format, or if ``make`` cannot use it.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != form:
            raise ValueError(f"format {data['format']!r}, expected {form!r}")
        return make(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} {fault} ({error}); write one by {option} {path}") from error
