"""The words of parts: ``contrast(k=4)+pgd(epsilon=4/255,steps=20)``, read and written. ``field_values`` has the values."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator
from typing import Any

from ..errors import UsageError, unknown_word
from ..registry import ATTACKS, ENHANCEMENTS, Table
from .field_values import default_of, fields_of, written

_PART = re.compile(r"([^\s()]+)\s*(?:\((.*)\))?", re.DOTALL)


def read_parts(text: str) -> tuple[Any, list[Any]]:
    """Read a recipe.

    Parameters
    ----------
    text : str
        Parts joined by "+": at most one enhancement, first, then attacks. A part is ``name`` or ``name(key=value,...)``.

    Returns
    -------
    enhancement : Enhancement or None
        None where the text names none.
    attacks : list of Attack
        In their order.

    Raises
    ------
    UsageError
        If a name, key or value does not exist, or the parts stand in another order.
    """
    enhancement: Any = None
    attacks: list[Any] = []
    pieces = [piece.strip() for piece in split_outside_brackets(text, "+", text)]
    for place, piece in enumerate(pieces):
        matched = _PART.fullmatch(piece)
        if matched is None:
            raise UsageError(
                f"recipe {text!r}: {piece!r} is not a part; write name or name(key=value,...), joined by +"
            )
        name, arguments = matched.groups()
        table = _table_of(name, alone=len(pieces) == 1, first=place == 0)
        part = _made(table, name, arguments or "", text)
        if table is ATTACKS:
            attacks.append(part)
        elif place == 0:
            enhancement = part
        else:
            raise UsageError(f"recipe {text!r}: {name} is an enhancement; at most one is allowed, before all attacks")
    return enhancement, attacks


def word_of(part: Any, table: Table) -> str:
    """Write a part.

    Parameters
    ----------
    part : Enhancement or Attack
        The part.
    table : Table
        Where its row is.

    Returns
    -------
    str
        Its name, with the fields that differ from their defaults; the name alone of a part that has no row, which no word
        could make again.
    """
    name = table.name_of(part)
    if name is None:
        return type(part).__name__
    changed = [f"{key}={written(value)}" for key, value in _changed(part)]
    return table.alias_of(name) + (f"({','.join(changed)})" if changed else "")


def name_of(part: Any, table: Table) -> str:
    """Return the name of a part: its row's name (or alias), or the class name of a part that has no row.

    Parameters
    ----------
    part : Enhancement or Attack
        The part.
    table : Table
        Where its row is.

    Returns
    -------
    str
        The name, without fields.
    """
    name = table.name_of(part)
    return type(part).__name__ if name is None else table.alias_of(name)


def suggest() -> list[str]:
    """List every pair of registered parts with their defaults, identity left unsaid: ``pixelpriv list recipes --all``."""
    words = [ENHANCEMENTS.alias_of(name) for name in ENHANCEMENTS]
    return [a if e == "identity" else f"{e}+{a}" for e in words for a in ATTACKS]


def _changed(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields that are not at their defaults."""
    known = fields_of(type(part))
    fields = {field.name: field for field in dataclasses.fields(part)} if known else {}
    for name in known:
        if getattr(part, name) != default_of(fields[name]):
            yield name, getattr(part, name)


def split_outside_brackets(text: str, mark: str, recipe: str) -> list[str]:
    """Split a text at a mark that stands outside brackets.

    Parameters
    ----------
    text : str
        The text.
    mark : str
        One character.
    recipe : str
        What the text is part of, for the message.

    Returns
    -------
    list of str
        The pieces, at least one.

    Raises
    ------
    UsageError
        If the brackets are not paired.
    """
    pieces, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            break
        if letter == mark and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += letter
    if depth:
        raise UsageError(f"recipe {recipe!r}: a bracket {'is not closed' if depth > 0 else 'closes nothing'}")
    return pieces


def _table_of(name: str, *, alone: bool, first: bool) -> Table:
    """Return the table that has a row called ``name``. Raises ``UsageError`` for an unknown name, with the nearest."""
    found = next((table for table in (ENHANCEMENTS, ATTACKS) if name in table), None)
    if found is not None:
        return found
    enhancements = [ENHANCEMENTS.alias_of(row) for row in ENHANCEMENTS]
    if alone:
        advice = "Write <enhancement>+<attack>, or one of them alone"
        raise unknown_word("recipe", name, [*enhancements, *ATTACKS], [*ENHANCEMENTS, *suggest()], advice)
    near = difflib.get_close_matches(name.lower(), [*enhancements, *ENHANCEMENTS, *ATTACKS], n=1)
    table = ENHANCEMENTS if first and not (near and near[0] in ATTACKS) else ATTACKS
    table.canonical(name)
    raise AssertionError(name)  # pragma: no cover - canonical() has refused it


def _made(table: Table, name: str, arguments: str, recipe: str) -> Any:
    kind = table.load(name)
    known, given = fields_of(kind), dict[str, Any]()
    for piece in split_outside_brackets(arguments, ",", recipe) if arguments.strip() else ():
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not value:
            raise UsageError(f"recipe {recipe!r}: {piece.strip()!r} is not key=value")
        if not known:
            raise UsageError(f"recipe {recipe!r}: {name} takes no parameters")
        if key not in known:
            raise unknown_word(f"parameter of {name}", key, known)
        if key in given:
            raise UsageError(f"recipe {recipe!r}: {key} of {name} is given twice")
        given[key] = known[key].read(value, f"{key} of {name}")
    return kind(**given)
