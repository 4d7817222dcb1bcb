"""The names of a user's own classes, out of the forms in which people have them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ...errors import UsageError

_NUMBERED = re.compile(r"(.+?)[\s,;:]+(\d+)")  # "/a/airfield 0", as Places365 writes it
_NUMBER_FIRST = re.compile(r"(\d+)[\s,;:]+(.+)")


def read_class_names(path: Path) -> tuple[str, ...]:
    """Read a file of class names.

    Parameters
    ----------
    path : Path
        UTF-8 text with a name a line in the order of the network's classes; or each line with the class's number before or
        behind its name; or JSON: a list of names, or an object from number to name (or to a list that ends with it).

    Returns
    -------
    tuple of str
        The names, by class.

    Raises
    ------
    UsageError
        If the file cannot be read, holds fewer than two names, or numbers that leave a class out.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"labels {path}: cannot be read as UTF-8 text ({error})") from error
    names = _of_json(path, text) if text.lstrip()[:1] in ("[", "{") else _of_lines(path, text)
    if len(names) < 2:
        raise UsageError(f"labels {path}: {len(names)} names; a classifier has at least two classes, a name a line")
    return names


def _of_lines(path: Path, text: str) -> tuple[str, ...]:
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if any(not line for line in lines):
        raise UsageError(f"labels {path}: line {lines.index('') + 1} is empty; each class needs a name")
    for pattern, number, name in ((_NUMBERED, 2, 1), (_NUMBER_FIRST, 1, 2)):
        found = [pattern.fullmatch(line) for line in lines]
        numbered = {int(match[number]): match[name] for match in found if match is not None}
        apart = len(set(numbered.values())) * 2 > len(lines)  # not "class 0", "class 1": there the number is the name
        if apart and sorted(numbered) == list(range(len(lines))):
            return tuple(numbered[index] for index in range(len(lines)))
    return tuple(lines)


def _of_json(path: Path, text: str) -> tuple[str, ...]:
    try:
        data = json.loads(text)
        if isinstance(data, dict):
            named = {int(number): _last(name) for number, name in data.items()}
            if sorted(named) != list(range(len(named))):
                raise UsageError(f"labels {path}: its numbers are not 0 to {len(named) - 1}, each once")
            return tuple(named[index] for index in range(len(named)))
        return tuple(_last(name) for name in data)
    except (ValueError, TypeError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"labels {path}: not a JSON list of names, nor an object of them ({error})") from error


def _last(value: Any) -> str:
    """Return a name, or the last of a list of names for one class (ImageNet's files: WordNet number, name)."""
    name = value[-1] if isinstance(value, list) and value else value
    if not isinstance(name, str) or not name:
        raise TypeError(f"{name!r} is not a name")
    return name
