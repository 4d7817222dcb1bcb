"""Whether 8 bits pay for ranking one network's candidates: the decision's arithmetic, on figures that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from ..logits import leads
from ..types import Logits
from .protocol import RankingPrecision

Doubles = npt.NDArray[np.float64]

#: Choice: the larger of the errors of log-odds and of leads on made photos, times this, was no less than the error of
#: log-odds on photos (0.106 and 0.104 for SqueezeNet-Places365, 0.30 and 0.28 for EfficientNet-Lite0, 0.18 and 0.11 for a
#: calibrated ResNet50).
_ON_PHOTOS = 1.25
#: A rough answer is believed within so many of its errors: the margin of ``attacks.Euclidean`` and what it adds for what a
#: photo's answers have in common.
_BELIEVED = 4.0
#: Choice: what is known without a trial is left for what takes less than this of its time. A trial is short.
_FASTER = 0.9


@dataclass(frozen=True, slots=True)
class Rank:
    """A way to rank. ``precision``: "int8", "bf16", "fp16" or "fp32"; ``error``: as ``GradientEngine.rough_error``;
    ``ranges``: of 8 bits, see ``graph.build_quantised``."""

    precision: RankingPrecision
    error: float
    ranges: tuple[tuple[float, ...], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, to be stored."""
        return {"precision": self.precision, "error": self.error, "ranges": self.ranges}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Rank:
        """The rank that ``as_dict`` wrote. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for another record."""
        ranges = tuple(tuple(map(float, ends)) for ends in record["ranges"])
        return cls(_precision(record["precision"]), float(record["error"]), ranges)


def _precision(word: str) -> RankingPrecision:
    if word not in get_args(RankingPrecision):
        raise ValueError(f"unknown precision {word!r}")
    return cast(RankingPrecision, word)


def odds_and_leads(logits: Logits, tops: npt.NDArray[np.intp]) -> Doubles:
    """By how much other classes are ahead of each photo's class ``tops``, as logsumexp and as maximum. (photos, candidates,
    classes) -> (2, photos, candidates)."""
    own = tops[:, None, None] == np.arange(logits.shape[2])
    return np.stack(leads(logits, np.broadcast_to(own, logits.shape)))


def rough_error(exact: Logits, rough: Logits) -> float:
    """``GradientEngine.rough_error`` to expect, from the logits of made candidates, (photos, candidates, classes)."""
    tops = exact[:, 0].argmax(axis=1)
    away = odds_and_leads(rough, tops) - odds_and_leads(exact, tops)
    return _ON_PHOTOS * float(np.sqrt(away.var(axis=2, ddof=1).mean(axis=1).max()))


def judged(exact: Logits, error: float) -> float:
    """How many of a photo's candidates have to be judged in fp32 once rough answers of this ``error`` have ranked them."""
    odds = odds_and_leads(exact, exact[:, 0].argmax(axis=1))[0]
    left = ~(odds + _BELIEVED * error < odds.max(axis=1, keepdims=True))  # all, where the error is not a number
    return float(left.sum(axis=1).mean())


def quickest(exact: Logits, ways: Sequence[tuple[Rank, float]], judging: float) -> Rank:
    """The way to rank, of ``ways`` with the seconds that a candidate takes by each, by which a photo's candidates take the
    least time, those included that are left for fp32 at ``judging`` seconds each. A later one must be clearly better than
    the first. An error of 0 says that fp32 ranks, and leaves none."""
    times = [
        exact.shape[1] * seconds + (judged(exact, rank.error) * judging if rank.error else 0.0)
        for rank, seconds in ways
    ]
    best = int(np.argmin(times))
    return ways[best if times[best] < _FASTER * times[0] else 0][0]
