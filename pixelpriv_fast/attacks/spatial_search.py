"""Random search over rotations and translations: which candidates to try, and which of them to keep.

Pure functions; the networks and the warp are the caller's. A candidate is a row (degrees, tx px, ty px) as the kernel
``warp_u8`` takes it. Source: Engstrom et al. 2019, "Exploring the Landscape of Spatial Robustness" (worst-of-k). The page in
``euclidean`` says how the parts play together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ..errors import UsageError
from ..logits import Doubles, Flags

Losses = npt.NDArray[np.floating]
Indices = npt.NDArray[np.intp]
Rule = Callable[[Losses, Flags, Doubles], Indices]

#: Which candidate is kept, see ``worst``, ``least_visible`` and ``until_success``.
SpatialRule = Literal["worst", "least_visible", "until_success"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far candidates go.

    Attributes
    ----------
    degrees : float
        Largest rotation either way, 0 to 180.
    shift_x : float
        Largest shift as a fraction of the width, 0 to 1.
    shift_y : float
        Largest shift as a fraction of the height, 0 to 1.
    """

    degrees: float = 20.0
    shift_x: float = 0.2
    shift_y: float = 0.2

    def __post_init__(self) -> None:
        for name, limit in (("degrees", 180.0), ("shift_x", 1.0), ("shift_y", 1.0)):
            value = getattr(self, name)
            if not 0.0 <= value <= limit:
                raise UsageError(f"{name} is {value}, expected 0 to {limit:g}")

    def widened(self, factor: float) -> Bounds:
        """Return all three times ``factor``, limited to half a turn and the photo's whole side."""
        return Bounds(
            min(self.degrees * factor, 180.0), min(self.shift_x * factor, 1.0), min(self.shift_y * factor, 1.0)
        )


def widening(bounds: Bounds, factor: float = 1.5, rounds: int = 3) -> tuple[Bounds, ...]:
    """Compute the bounds of each round of "until_success".

    Choice: the paper says that it used wider bounds for some photos, not how much wider.

    Parameters
    ----------
    bounds : Bounds
        Those of the first round.
    factor : float
        What each round multiplies them by, above 1.
    rounds : int
        Maximum number of rounds, at least 1.

    Returns
    -------
    tuple of Bounds
        At least one; a round whose bounds could widen no further is left out.

    Raises
    ------
    UsageError
        If ``factor`` or ``rounds`` is out of range.
    """
    if factor <= 1.0 or rounds < 1:
        raise UsageError(f"factor is {factor}, rounds is {rounds}; expected more than 1, and 1 or more")
    steps = [bounds]
    while len(steps) < rounds and (wider := steps[-1].widened(factor)) != steps[-1]:
        steps.append(wider)
    return tuple(steps)


def sample(seed: int, count: int, height: int, width: int, bounds: Bounds, round_: int = 0) -> Doubles:
    """Draw candidates for one photo: the identity (round 0 only), then independent uniform draws.

    The first candidates of a longer search are those of a shorter one, so a larger ``count`` never finds less.

    Parameters
    ----------
    seed : int
        The photo's own 64-bit content seed, so its candidates do not depend on the other photos.
    count : int
        Number of random candidates, at least 1.
    height, width : int
        The photo's size in pixels.
    bounds : Bounds
        How far candidates go.
    round_ : int
        The round, from 0; each draws other candidates.

    Returns
    -------
    float64 array of shape (n, 3)
        Rows of degrees, tx and ty in pixels; n is ``count``, and one more in round 0.

    Raises
    ------
    UsageError
        If ``seed`` or ``count`` is out of range.
    """
    if not 0 <= seed < 1 << 64:
        raise UsageError(f"seed is {seed}, expected 0 to 2^64 - 1")
    if count < 1:
        raise UsageError(f"{count} candidates asked for, expected 1 or more")
    unit = np.random.Generator(np.random.PCG64([seed, round_])).uniform(-1.0, 1.0, (count, 3))
    draws = unit * (bounds.degrees, bounds.shift_x * width, bounds.shift_y * height)
    return draws if round_ else np.concatenate([np.zeros((1, 3)), draws])


def worst(losses: Losses, fooled: Flags, areas: Doubles) -> Indices:
    """Choose the highest loss among the candidates that fool, among all if none does.

    Parameters
    ----------
    losses : float array of shape (..., n)
        The loss away from the true class, candidates last.
    fooled : bool array of the same shape
        Which candidates fool.
    areas : float64 array of the same shape
        The filled share of the photo; not read.

    Returns
    -------
    integer array of shape (...)
        The index; of equal losses the first, so the identity if it is one of them.
    """
    some = fooled.any(axis=-1, keepdims=True)
    best: Indices = np.argmax(np.where(fooled | ~some, losses, -np.inf), axis=-1)
    return best


def least_visible(losses: Losses, fooled: Flags, areas: Doubles) -> Indices:
    """Choose the smallest filled area among the candidates that fool, and of equal areas the highest loss.

    Parameters
    ----------
    losses, fooled, areas
        See ``worst``.

    Returns
    -------
    integer array of shape (...)
        The index; as ``worst`` if none fools.
    """
    smallest = np.where(fooled, areas, np.inf).min(axis=-1, keepdims=True)
    return worst(losses, fooled & (areas == smallest), areas)


def until_success(losses: Losses, fooled: Flags, areas: Doubles) -> Indices:
    """Choose the first candidate that fools.

    Parameters
    ----------
    losses, fooled, areas
        See ``worst``.

    Returns
    -------
    integer array of shape (...)
        The index; as ``worst`` if none fools, which is kept if no wider round (``widening``) is left to try.
    """
    return np.where(fooled.any(axis=-1), np.argmax(fooled, axis=-1), worst(losses, fooled, areas))


#: The rules by name.
RULES: Final[dict[SpatialRule, Rule]] = {
    "worst": worst,
    "least_visible": least_visible,
    "until_success": until_success,
}

#: What prior knowledge counts for beside a photo's own errors, in observations: the network's known spread, and that errors are
#: 0 on average. Errors that a photo's candidates have in common are about twice as large as the others.
_SPREAD_WEIGHT, _CENTRE_WEIGHT = 4.0, 0.25


def expected_error(seen: Doubles, spread: Doubles) -> tuple[Doubles, Doubles]:
    """Estimate the error of a photo's further rough scores.

    An error is largely common to all candidates of a photo, so those seen tell the others': the posterior of a normal mean,
    and the predictive deviation about it. The network's spread and a mean of zero count as some observations more.

    Parameters
    ----------
    seen : float64 array of shape (n, ..., victims)
        Exact minus rough scores of this photo; n may be 0.
    spread : float64 array of shape (victims,)
        Standard deviation of errors within a photo that each network is known for.

    Returns
    -------
    error : float64 array of shape (..., victims)
        The expected error.
    deviation : float64 array of the same shape
        Its standard deviation.
    """
    count, known = len(seen), _SPREAD_WEIGHT * np.broadcast_to(spread, seen.shape[1:]) ** 2
    squares = ((seen - seen.mean(axis=0)) ** 2).sum(axis=0) if count else 0.0
    variance = (known + squares) / (_SPREAD_WEIGHT + max(0, count - 1))
    weight = count + _CENTRE_WEIGHT
    return seen.sum(axis=0) / weight, np.sqrt(variance * (1.0 + 1.0 / weight))


def promising(
    rule: Rule, losses: Losses, fooled: Flags, areas: Doubles, known: Flags, count: int, fallback: bool
) -> list[int]:
    """Choose the candidates to judge next: those that ``rule`` would choose, each as if the ones before were worth nothing.

    Parameters
    ----------
    rule : function
        One of ``RULES``.
    losses, fooled, areas : arrays of shape (n,)
        See ``worst``. Exact for known candidates, upper bounds for the others (infinity and True where nothing is known), so
        that the final choice is the one that exact values of all would give.
    known : bool array of shape (n,)
        Which candidates are judged.
    count : int
        Maximum number of candidates to return.
    fallback : bool
        Whether there must be a choice even if none fools; otherwise only what may fool is worth judging.

    Returns
    -------
    list of int
        The best first; empty once the choice is decided.
    """
    losses, fooled = losses.copy(), fooled.copy()
    falling = fallback and not fooled.any()
    picked: list[int] = []
    while len(picked) < count and (falling or fooled.any()):
        chosen = int(rule(losses, fooled, areas))
        if known[chosen] or chosen in picked:
            break
        picked.append(chosen)
        losses[chosen], fooled[chosen] = -np.inf, False
    return picked
