"""An archive that a former default recipe made: a new default protects nobody's photos again unasked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from .. import defaults
from ..errors import UsageError
from ..protection.recipes import Recipe
from ..words import EarlyStop
from .journal import Journal
from .walk import Item


def check_default(journal: Journal, items: Iterable[Item], out: Path) -> None:
    """Check that the default recipe, which nobody named, is not another one than photos were protected with by default.

    Parameters
    ----------
    journal : Journal
        The archive's open journal.
    items : iterable of Item
        The photos that are to be protected.
    out : Path
        The output folder, for the message.

    Raises
    ------
    UsageError
        If one of the photos was protected with a former default: it would be protected again.
    """
    formers = {
        word: recipe for recipe in defaults.FORMER_RECIPES if recipe != defaults.RECIPE for word in _words(recipe)
    }
    for item in items if formers else ():
        row = journal.get(item.source)
        if row is None or row.status not in ("protected", "unprotected"):
            continue
        former = formers.get(row.record.get("recipe", ""))
        if former is not None:
            raise UsageError(
                f"{item.source} in {out} was protected with {former}, the default of an earlier release, and the default is "
                f"{defaults.RECIPE} now; to go on with the old one say --recipe {former}, to protect all photos again with "
                f"the new one --recipe {defaults.RECIPE}"
            )


def _words(recipe: str) -> set[str]:
    """Return what records call a recipe, whatever ``--stop`` said beside it."""
    return {recipe} | {Recipe.parse(recipe).with_attack(stop=stop).word for stop in get_args(EarlyStop)}
