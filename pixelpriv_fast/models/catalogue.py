"""All networks by name, out of the registry's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..errors import unknown_word
from ..registry import CLASSIFIERS, GENERATORS, SCORERS
from .card import Card

_TABLES: Final = (CLASSIFIERS, GENERATORS, SCORERS)


class _Cards(Mapping[str, Card]):
    """The cards that the tables' rows name, looked up when asked for."""

    def __getitem__(self, name: str) -> Card:
        for table in _TABLES:
            if name in table:
                card: Card = table.load(name)
                return card
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for table in _TABLES for name in table)

    def __len__(self) -> int:
        return sum(map(len, _TABLES))


#: Every card by name: what the store knows of.
CARDS: Final[Mapping[str, Card]] = _Cards()


def card_of(name: str) -> Card:
    """Return the card of model ``name``. Raises ``UsageError`` that lists what there is."""
    if name not in CARDS:
        raise unknown_word("model", name, CARDS)
    return CARDS[name]
