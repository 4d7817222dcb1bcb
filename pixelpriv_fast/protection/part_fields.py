"""What users may set of a part or channel: its fields with defaults, values, and the sentence that its docstring has for each."""

from __future__ import annotations

import dataclasses
import inspect
import re
from dataclasses import dataclass
from typing import Any

from .field_values import default_of, fields_of


@dataclass(frozen=True, slots=True)
class PartField:
    """One field of an enhancement, attack or channel.

    Attributes
    ----------
    name : str
        As recipes spell it.
    default : any
        Its default.
    values : str
        What it may be, apart by bars: "number|none".
    meaning : str
        What it does, with the range of its values.
    """

    name: str
    default: Any
    values: str
    meaning: str


def described_fields(kind: type[Any]) -> list[PartField]:
    """List what a word may set of a part. ``kind``: the class of an enhancement, attack or channel."""
    known = fields_of(kind)
    if not known:
        return []
    fields = {field.name: field for field in dataclasses.fields(kind)}
    return [
        PartField(name, default_of(fields[name]), values.short, _meaning(kind, name))
        for name, values in known.items()
        if values.short
    ]


def _meaning(kind: type[Any], name: str) -> str:
    """Return the first sentence that a class or one of its bases has for a field, without the marks of a docstring."""
    for base in kind.__mro__:
        text = _entries(inspect.cleandoc(vars(base).get("__doc__") or "")).get(name, "")
        if text and not text.startswith("See ``"):
            return re.split(r"(?<=\.)\s", text, maxsplit=1)[0].replace("``", "")
    return ""


def _entries(docstring: str) -> dict[str, str]:
    """Return the names that a numpydoc section describes, with their texts."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in docstring.partition("Parameters\n----------\n")[2].splitlines():
        if line.startswith(" "):
            found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
        elif " : " in line:
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
            found |= dict.fromkeys(names, "")
        elif line.strip():
            break
    return found
