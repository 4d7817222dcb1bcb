"""What the shell completes: words out of tables. It must be quick and say nothing, whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from ..errors import known_words
from ..registry import ATTACKS, CLASSIFIERS, ENHANCEMENTS, GENERATORS, METRICS, SCORERS

#: A word and what it stands for.
Completed = list[tuple[str, str]]


def words(known: object) -> Callable[[str], Completed]:
    """Make the completion of a closed set of words.

    Parameters
    ----------
    known : Literal type or iterable of str
        The words.

    Returns
    -------
    callable
        For ``typer.Option(autocompletion=...)``.
    """

    def complete(incomplete: str) -> Completed:
        found: Iterable[str] = known_words(known) or known  # type: ignore[assignment]
        return [(word, "") for word in found if word.startswith(incomplete)]

    return complete


def recipes(incomplete: str) -> Completed:
    """Complete the last part of a recipe: an enhancement or attack first, attacks behind a plus."""
    head, plus, _ = incomplete.rpartition("+")
    found = [(name, ATTACKS[name].summary) for name in ATTACKS]
    if not plus:
        found += [(ENHANCEMENTS.alias_of(name), ENHANCEMENTS[name].summary) for name in ENHANCEMENTS]
    return _matching([(f"{head}{plus}{name}", summary) for name, summary in found], incomplete)


def classifiers(incomplete: str) -> Completed:
    """Complete a classifier's name, the last one of a list with commas; the user's own are those in the store."""
    head, comma, _ = incomplete.rpartition(",")
    found = [(name, CLASSIFIERS[name].summary) for name in CLASSIFIERS]
    found += [(name, "your own, in the store") for name in _own_networks()]
    return _matching([(f"{head}{comma}{name}", summary) for name, summary in found], incomplete)


def models(incomplete: str) -> Completed:
    """Complete the name of a network that the package knows."""
    tables = (CLASSIFIERS, GENERATORS, SCORERS)
    return _matching([(name, table[name].summary) for table in tables for name in table], incomplete)


def metrics(incomplete: str) -> Completed:
    """Complete the last metric of a list with commas."""
    head, comma, _ = incomplete.rpartition(",")
    return _matching([(f"{head}{comma}{name}", METRICS[name].summary) for name in METRICS], incomplete)


def _matching(found: Completed, incomplete: str) -> Completed:
    return [(word, summary) for word, summary in found if word.startswith(incomplete)]


def _own_networks() -> list[str]:
    """List the user's own networks; none where the store cannot be read."""
    from ..models import Store

    with suppress(OSError):
        return Store().own()
    return []
