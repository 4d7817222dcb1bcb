"""When an attack stops, and which of its iterates it keeps. Both read the 8-bit photo as the classifier sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ..errors import UsageError, checked_word
from ..logits import fooled_each, log_odds, softmax
from .goals import Aim, ClassSet, LogitsRow, log_softplus

#: Which iterate is returned, see ``plan.Descent``.
Keep = Literal["last", "best_loss", "first_success"]

#: When an attack towards a class stops, see ``stop_rule``. Attacks without a target have no "target" (``words.EarlyStop``).
Stop = Literal["never", "fooled", "target"]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the victims make of one iterate.

    Attributes
    ----------
    fooled : bool
        Whether every victim's top-1 is outside the classes to flee.
    shown : float
        The largest probability, 0..1, that a victim leaves to the classes to flee together.
    hit : bool
        Whether every victim's top-1 is in the aim's set; False for an aim away from a set.
    reached : float
        The smallest probability, 0..1, that a victim gives the aim's set; 0 for an aim away from a set.
    gain : float
        The log of the summed cross entropies of the aim's sets, with the sign by which a larger value is better.
    """

    fooled: bool
    shown: float
    hit: bool
    reached: float
    gain: float

    @property
    def rank(self) -> tuple[bool, float]:
        """The order of "best": fooled before not fooled, then by gain."""
        return self.fooled, self.gain


def assess(rows: Sequence[LogitsRow], flee: Sequence[ClassSet], aim: Aim) -> Assessment:
    """Assess one iterate.

    Parameters
    ----------
    rows : sequence of float32 arrays of shape (classes,)
        One victim's logits each.
    flee : sequence of bool arrays of shape (classes,)
        For each victim, True for the classes to flee.
    aim : Aim
        Where the attack wants each victim to go.

    Returns
    -------
    Assessment
        What all victims together say.
    """
    p = [softmax(row) for row in rows]
    losses = [log_softplus(log_odds(row, goal)) for row, goal in zip(rows, aim.sets, strict=True)]
    loss = float(np.logaddexp.reduce(losses))
    return Assessment(
        fooled=all(bool(fooled_each(row, banned)) for row, banned in zip(rows, flee, strict=True)),
        shown=max(float(q[banned].sum()) for q, banned in zip(p, flee, strict=True)),
        hit=not aim.away and not any(fooled_each(row, goal) for row, goal in zip(rows, aim.sets, strict=True)),
        reached=0.0 if aim.away else min(float(q[goal].sum()) for q, goal in zip(p, aim.sets, strict=True)),
        gain=loss if aim.away else -loss,
    )


StopRule: TypeAlias = Callable[[Assessment], bool]


def stop_rule(word: str, margin: float, words: object = Stop) -> StopRule | None:
    """Return the rule that a word names.

    Parameters
    ----------
    word : str
        "never"; "fooled": every victim is fooled and leaves the classes to flee less than ``margin``; "target": the target
        class is every victim's top-1.
    margin : float
        A probability above 0 and at most 1.
    words : Literal type
        The words that the attack knows.

    Returns
    -------
    function of an Assessment to bool, or None
        None for "never".

    Raises
    ------
    UsageError
        If the word is not known or the margin is out of range.
    """
    checked_word("stop rule", word, words)
    if not 0.0 < margin <= 1.0:
        raise UsageError(f"margin is {margin}; it must be a probability above 0 and at most 1")
    if word == "fooled":
        return lambda assessment: assessment.fooled and assessment.shown < margin
    return (lambda assessment: assessment.hit) if word == "target" else None


def reaching(probability: float) -> StopRule | None:
    """Return the rule that stops when every victim gives the target more than ``probability``; None for 1, which never stops.

    Raises ``UsageError`` unless it is above 0 and at most 1.
    """
    if not 0.0 < probability <= 1.0:
        raise UsageError(f"stop_probability is {probability}; it must be above 0 and at most 1 (1: never stop)")
    return None if probability == 1.0 else (lambda assessment: assessment.reached > probability)


def checked_keep(word: Keep) -> Keep:
    """Return ``word`` if it is a keep rule. Raises ``UsageError`` for another word."""
    checked_word("keep rule", word, Keep)
    return word
