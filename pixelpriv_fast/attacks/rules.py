"""When an attack stops, and which of its iterates it keeps. Both read the 8-bit photo as the classifier sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..errors import UsageError
from ..logits import fooled_each, log_odds, softmax
from .goals import Aim, ClassSet, Row, log_softplus


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the victims say of one 8-bit iterate.

    ``fooled``: every top-1 is outside the classes to flee; ``shown``: the largest probability that a victim leaves to
    them; ``hit``: every top-1 is in the aim's set (targeted) ; ``reached``: the smallest probability of that set;
    ``gain``: the log of the summed cross entropies of the aim's sets, signed so that more is better.
    """

    fooled: bool
    shown: float
    hit: bool
    reached: float
    gain: float

    @property
    def rank(self) -> tuple[bool, float]:
        """Order of "best": fooled before not fooled, then by gain."""
        return self.fooled, self.gain


def judge(rows: Sequence[Row], flee: Sequence[ClassSet], aim: Aim) -> Judgement:
    """``rows``: one (classes,) row of logits a victim."""
    p = [softmax(row) for row in rows]
    losses = [log_softplus(log_odds(row, goal)) for row, goal in zip(rows, aim.sets, strict=True)]
    loss = float(np.logaddexp.reduce(losses))
    return Judgement(
        fooled=all(bool(fooled_each(row, banned)) for row, banned in zip(rows, flee, strict=True)),
        shown=max(float(q[banned].sum()) for q, banned in zip(p, flee, strict=True)),
        hit=not aim.away and not any(fooled_each(row, goal) for row, goal in zip(rows, aim.sets, strict=True)),
        reached=0.0 if aim.away else min(float(q[goal].sum()) for q, goal in zip(p, aim.sets, strict=True)),
        gain=loss if aim.away else -loss,
    )


StopRule: TypeAlias = Callable[[Judgement], bool]

STOPS = ("never", "fooled", "target")
KEEPS = ("last", "best_loss", "first_success")


def stop_rule(word: str, margin: float) -> StopRule | None:
    """None for "never"; "fooled": every victim is fooled and leaves the classes fled from less than ``margin``;
    "target": the target class is on top. Raises ``UsageError``."""
    if word not in STOPS:
        raise UsageError(f"stop is {word!r}; known: {', '.join(STOPS)}")
    if not 0.0 < margin <= 1.0:
        raise UsageError(f"margin is {margin}; it must be a probability above 0 and at most 1")
    if word == "fooled":
        return lambda judgement: judgement.fooled and judgement.shown < margin
    return (lambda judgement: judgement.hit) if word == "target" else None


def reaching(probability: float) -> StopRule | None:
    """Stops when every victim gives the target more than ``probability``; None where that cannot happen."""
    if not 0.0 < probability <= 1.0:
        raise UsageError(f"stop_probability is {probability}; it must be above 0 and at most 1 (1: never stop)")
    return None if probability == 1.0 else (lambda judgement: judgement.reached > probability)


def checked_keep(word: str) -> str:
    """``word`` where it is a keep rule, else ``UsageError``."""
    if word not in KEEPS:
        raise UsageError(f"keep is {word!r}; known: {', '.join(KEEPS)}")
    return word
