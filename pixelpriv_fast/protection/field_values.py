"""The values of a part's fields as words: what a field may hold, read from its type, and the two ways between them."""

from __future__ import annotations

import dataclasses
import numbers
import re
import types
from dataclasses import dataclass
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from ..errors import UsageError, unknown_word

#: Fields that say where a part finds its network, not what it computes: no part of a recipe.
RESOURCES: Final = ("models", "device", "memory", "threads")

_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf)")
_BARE = re.compile(r"[^\s,()=+]+")
_SWITCHES: Final = {"true": True, "false": False}
#: What a kind of value is called in messages and in lists, in their order.
_SAID: Final = {
    bool: ("true or false", "true|false"),
    int: ("a whole number", "whole number"),
    float: ("a number or a fraction such as 8/255", "number"),
    str: ("a word", "word"),
    types.NoneType: ("none", "none"),
}


@dataclass(frozen=True, slots=True)
class FieldValues:
    """What a field may hold.

    Attributes
    ----------
    words : tuple of str
        The words of its ``Literal`` type, if it has one.
    kinds : frozenset of type
        Of ``bool``, ``int``, ``float``, ``str`` and ``NoneType``.
    items : tuple of FieldValues
        What each place of a tuple may hold; () where it holds no tuple.
    """

    words: tuple[str, ...]
    kinds: frozenset[type]
    items: tuple[FieldValues, ...] = ()

    @classmethod
    def of(cls, hint: Any) -> FieldValues:
        """Return what a value of this type may be. ``hint``: a resolved annotation."""
        members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
        words = [word for member in members if get_origin(member) is Literal for word in get_args(member)]
        places = next((get_args(member) for member in members if get_origin(member) is tuple), ())
        items = (
            () if Ellipsis in places else tuple(cls.of(place) for place in places)
        )  # no word has any number of places
        return cls(tuple(words), frozenset(members) & frozenset(_SAID), items)

    @property
    def said(self) -> str:
        """The values in words, for messages."""
        parts = [said for kind, (said, _) in _SAID.items() if kind in self.kinds]
        if self.items:
            parts.append(f"({', '.join(item.said for item in self.items)})")
        if self.words:
            parts.append(f"one of {', '.join(self.words)}")
        return ", or ".join(parts)

    @property
    def short(self) -> str:
        """The values for lists, apart by bars."""
        parts = [short for kind, (_, short) in _SAID.items() if kind in self.kinds]
        parts += [f"({','.join(item.short for item in self.items)})"] if self.items else []
        return "|".join([*parts, *self.words])

    def read(self, text: str, name: str) -> Any:
        """Read a value.

        Parameters
        ----------
        text : str
            As it stands in a recipe.
        name : str
            What messages call the field, for example "steps of pgd".

        Returns
        -------
        any
            The value; a number has the type that the field declares.

        Raises
        ------
        UsageError
            If it is not one of the field's values; the message says which are.
        """
        found = self._read(text)
        if found is not _UNFIT:
            return found
        if self.words and _number(text) is None:
            advice = f"It may also be {', or '.join(said for kind, (said, _) in _SAID.items() if kind in self.kinds)}"
            raise unknown_word(name, text, self.words, advice=advice if self.kinds else "")
        raise UsageError(f"{name} is {text!r}; it must be {self.said}")

    def _read(self, text: str) -> Any:
        if text in self.words:
            return text
        if text.lower() == "none" and types.NoneType in self.kinds:
            return None
        if bool in self.kinds and text.lower() in _SWITCHES:
            return _SWITCHES[text.lower()]
        if int in self.kinds and _WHOLE.fullmatch(text):
            return int(text)
        if float in self.kinds and (number := _number(text)) is not None:
            return number
        if self.items and (places := _places(text)) is not None and len(places) == len(self.items):
            read = tuple(item._read(place) for item, place in zip(self.items, places, strict=True))
            return _UNFIT if _UNFIT in read else read
        return text if str in self.kinds and _BARE.fullmatch(text) else _UNFIT


#: What ``_read`` returns for a text that is not one of the values; None is one.
_UNFIT: Final = object()


def _number(text: str) -> float | None:
    """Read a number or a fraction of two; None for anything else."""
    upper, slash, lower = text.partition("/")
    if not all(_NUMBER.fullmatch(part) for part in ((upper, lower) if slash else (upper,))):
        return None
    if not slash:
        return float(upper)
    return float(upper) / float(lower) if float(lower) else None


def _places(text: str) -> list[str] | None:
    """Split "(a,b)"; None for anything else."""
    inner = text[1:-1]
    return [place.strip() for place in inner.split(",")] if text == f"({inner})" else None


def written(value: Any) -> str:
    """Write a value as a recipe has it, so that reading it gives the same value: floats exactly, the short way."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return _written_float(float(value))
    if isinstance(value, tuple):
        return f"({','.join(map(written, value))})"
    return str(value)


def _written_float(value: float) -> str:
    """Write a float as the shorter of its digits and a fraction of whole or half grey levels."""
    shortest = repr(value).removesuffix(".0")
    if abs(value) < 1:
        for parts in (255, 510):
            fraction = f"{round(value * parts)}/{parts}"
            if round(value * parts) / parts == value and len(fraction) < len(shortest):
                return fraction
    return shortest


def fields_of(kind: type[Any]) -> dict[str, FieldValues]:
    """Return what each field of a part may hold, by its name, a class's own fields first; resources are left out."""
    hints = get_type_hints(kind)
    fields = [field for field in dataclasses.fields(kind) if field.init] if dataclasses.is_dataclass(kind) else []
    own = vars(kind).get("__annotations__", {})
    ordered = sorted((field.name for field in fields), key=lambda name: name not in own)
    return {name: FieldValues.of(hints[name]) for name in ordered if name not in RESOURCES}


def default_of(field: dataclasses.Field[Any]) -> Any:
    """Return a field's default; ``dataclasses.MISSING`` where it has none."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
