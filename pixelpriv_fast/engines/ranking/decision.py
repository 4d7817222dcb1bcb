"""Whether 8 bits pay for ranking one network's candidates: the decision's arithmetic, on figures that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from ...logits import leads
from ...types import Logits
from .protocol import RankingPrecision

Doubles = npt.NDArray[np.float64]

#: Choice: the larger of the errors of log-odds and of leads on synthetic photos, times this, was no less than the error of
#: log-odds on photos of three networks (``benchmarks/decisions/spatial_agreement.py`` prints the error).
_ON_PHOTOS = 1.25
#: Confidence interval of a rough answer, in standard deviations: the margin of ``attacks.Euclidean`` and what it adds for
#: what a photo's answers have in common.
_BELIEVED = 4.0
#: Choice: prefer the untested default unless a trial's winner takes less than this share of its time: trials are short.
_FASTER = 0.9


@dataclass(frozen=True, slots=True)
class RankingChoice:
    """How one network's candidates are ranked.

    Attributes
    ----------
    precision : {"int8", "fp32", "bf16", "fp16"}
        Precision of rough logits.
    error : float
        As ``Ranks.error``.
    ranges : tuple of two tuples of float
        Lowest and highest values that each layer reads, of 8 bits; see ``graph.build_quantised``.
    """

    precision: RankingPrecision
    error: float
    ranges: tuple[tuple[float, ...], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, to be stored."""
        return {"precision": self.precision, "error": self.error, "ranges": self.ranges}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> RankingChoice:
        """Read what ``as_dict`` wrote. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for another record."""
        ranges = tuple(tuple(map(float, ends)) for ends in record["ranges"])
        return cls(_precision(record["precision"]), float(record["error"]), ranges)


def _precision(word: str) -> RankingPrecision:
    if word not in get_args(RankingPrecision):
        raise ValueError(f"unknown precision {word!r}")
    return cast(RankingPrecision, word)


def odds_and_leads(logits: Logits, tops: npt.NDArray[np.intp]) -> Doubles:
    """Compute how far other classes are ahead of each photo's top class, as logsumexp and as maximum.

    Parameters
    ----------
    logits : ndarray of float32, shape (photos, candidates, classes)
        Logits of all candidates.
    tops : ndarray of int, shape (photos,)
        Each photo's class.

    Returns
    -------
    ndarray of float64, shape (2, photos, candidates)
        Log-odds and leads.
    """
    own = tops[:, None, None] == np.arange(logits.shape[2])
    return np.stack(leads(logits, np.broadcast_to(own, logits.shape)))


def rough_error(exact: Logits, rough: Logits) -> float:
    """Estimate ``Ranks.error`` on photos from the logits of synthetic candidates.

    Parameters
    ----------
    exact, rough : ndarray of float32, shape (photos, candidates, classes)
        Logits in fp32 and in the precision in question.

    Returns
    -------
    float
        The worst photo-independent standard deviation of log-odds and leads, with a reserve for real photos.
    """
    tops = exact[:, 0].argmax(axis=1)
    away = odds_and_leads(rough, tops) - odds_and_leads(exact, tops)
    return _ON_PHOTOS * float(np.sqrt(away.var(axis=2, ddof=1).mean(axis=1).max()))


def left_for_fp32(exact: Logits, error: float) -> float:
    """Return the mean number of a photo's candidates that must be judged in fp32 after a ranking.

    Parameters
    ----------
    exact : ndarray of float32, shape (photos, candidates, classes)
        Logits in fp32.
    error : float
        Error of the rough answers that rank.

    Returns
    -------
    float
        All candidates if the error is not a number.
    """
    odds = odds_and_leads(exact, exact[:, 0].argmax(axis=1))[0]
    left = ~(odds + _BELIEVED * error < odds.max(axis=1, keepdims=True))  # all, where the error is not a number
    return float(left.sum(axis=1).mean())


def quickest(exact: Logits, choices: Sequence[tuple[RankingChoice, float]], judging: float) -> RankingChoice:
    """Choose how to rank: the least time for a photo's candidates, those included that are left for fp32.

    Parameters
    ----------
    exact : ndarray of float32, shape (photos, candidates, classes)
        Logits in fp32.
    choices : sequence of (RankingChoice, float)
        What is possible, with the seconds that a candidate takes. A later one must be clearly better than the first.
        An error of 0 says that fp32 ranks, and leaves none.
    judging : float
        Seconds that a candidate takes that is left for fp32.

    Returns
    -------
    RankingChoice
        One of ``choices``.
    """
    times = [
        exact.shape[1] * seconds + (left_for_fp32(exact, choice.error) * judging if choice.error else 0.0)
        for choice, seconds in choices
    ]
    best = int(np.argmin(times))
    return choices[best if times[best] < _FASTER * times[0] else 0][0]
