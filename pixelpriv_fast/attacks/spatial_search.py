"""Random search over rotations and translations: which candidates to try, and which of them to keep.

Pure functions; the networks and the warp are the caller's. Candidates are rows (degrees, tx px, ty px) as the kernel
``warp_u8`` takes them. Source: Engstrom et al. 2019, "Exploring the Landscape of Spatial Robustness" (worst-of-k).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..errors import UsageError

Doubles = npt.NDArray[np.float64]
Losses = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]
Rule = Callable[[Losses, Flags, Doubles], Indices]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far candidates go: up to ``degrees`` either way, ``shift_x`` of the width and ``shift_y`` of the height."""

    degrees: float = 20.0
    shift_x: float = 0.2
    shift_y: float = 0.2

    def __post_init__(self) -> None:
        for name, limit in (("degrees", 180.0), ("shift_x", 1.0), ("shift_y", 1.0)):
            value = getattr(self, name)
            if not 0.0 <= value <= limit:
                raise UsageError(f"{name} is {value}, expected 0 to {limit:g}")

    def widened(self, factor: float) -> Bounds:
        """All three times ``factor``, at most half a turn and the photo's whole side."""
        return Bounds(
            min(self.degrees * factor, 180.0), min(self.shift_x * factor, 1.0), min(self.shift_y * factor, 1.0)
        )


def widening(bounds: Bounds, factor: float = 1.5, rounds: int = 3) -> tuple[Bounds, ...]:
    """The bounds of each round of ``until_success``: ``bounds`` first, each later round's ``factor`` times the last.

    Choice: the paper says that it used wider bounds for some photos, not how much wider. A round whose bounds could
    widen no further is left out, so the result may be shorter than ``rounds``; it holds one entry at least.
    """
    if factor <= 1.0 or rounds < 1:
        raise UsageError(f"factor is {factor}, rounds is {rounds}; expected more than 1, and 1 or more")
    steps = [bounds]
    while len(steps) < rounds and (wider := steps[-1].widened(factor)) != steps[-1]:
        steps.append(wider)
    return tuple(steps)


def sample(seed: int, count: int, height: int, width: int, bounds: Bounds, round_: int = 0) -> Doubles:
    """Candidates for one photo: the identity (round 0 only), then ``count`` independent uniform draws. (n, 3) float64.

    ``seed`` is the photo's own 64-bit content seed, so its candidates do not depend on the batch that it came in; each
    ``round_`` draws anew. The first candidates of a longer search are those of a shorter one, so a larger ``count``
    never finds less.
    """
    if not 0 <= seed < 1 << 64:
        raise UsageError(f"seed is {seed}, expected 0 to 2^64 - 1")
    if count < 1:
        raise UsageError(f"{count} candidates asked for, expected 1 or more")
    unit = np.random.Generator(np.random.PCG64([seed, round_])).uniform(-1.0, 1.0, (count, 3))
    draws = unit * (bounds.degrees, bounds.shift_x * width, bounds.shift_y * height)
    return draws if round_ else np.concatenate([np.zeros((1, 3)), draws])


def shift_first(parameters: Doubles) -> Doubles:
    """The same candidates with the shift before the turn, as parameters of the kernel, which turns first: its shift is
    then the shift turned back, R(-phi) t. At 20 degrees and 20 % the two orders are up to 25 of 224 px apart."""
    phi = np.deg2rad(parameters[:, 0])
    cos, sin, tx, ty = np.cos(phi), np.sin(phi), parameters[:, 1], parameters[:, 2]
    return np.stack([parameters[:, 0], cos * tx + sin * ty, cos * ty - sin * tx], axis=1)


def worst(losses: Losses, fooled: Flags, areas: Doubles) -> Indices:
    """The index of the highest loss among the candidates that fool, among all where none does.

    losses, fooled, areas: (..., n), candidates last, the loss away from the true class, and the filled share of the
    photo. Returns (...). Ties go to the first, so to the identity where it is one of them.
    """
    some = fooled.any(axis=-1, keepdims=True)
    best: Indices = np.argmax(np.where(fooled | ~some, losses, -np.inf), axis=-1)
    return best


def least_visible(losses: Losses, fooled: Flags, areas: Doubles) -> Indices:
    """The index of the smallest filled area among the candidates that fool; of equal areas the highest loss counts.
    Where none fools, as ``worst``. Arguments as there."""
    smallest = np.where(fooled, areas, np.inf).min(axis=-1, keepdims=True)
    return worst(losses, fooled & (areas == smallest), areas)


def until_success(losses: Losses, fooled: Flags, areas: Doubles) -> Indices:
    """The index of the first candidate that fools. Where none does, as ``worst``: what is kept if no wider round
    (``widening``) is left to try. Arguments as there."""
    return np.where(fooled.any(axis=-1), np.argmax(fooled, axis=-1), worst(losses, fooled, areas))


#: The choice rules by name.
RULES: Final[dict[str, Rule]] = {"worst": worst, "least_visible": least_visible, "until_success": until_success}


#: What a network's known spread of errors counts for beside a photo's own, in observations; and that they are wrong by
#: nothing on average. Errors that a photo's answers have in common are about twice as large as the others.
_SPREAD_WEIGHT, _CENTRE_WEIGHT = 4.0, 0.25


def expected_error(seen: Doubles, spread: Doubles) -> tuple[Doubles, Doubles]:
    """The error to expect of a photo's further rough answers, and its standard deviation, (...) each.

    seen: (n, ..., victims), exact minus rough answers of this photo, n may be 0; spread: (victims,), the standard deviation
    of errors within a photo that each network is known for. Most of an error is common to the whole photo, so those seen
    tell the rest's: the posterior of a normal mean, and the predictive deviation about it, where the network's spread and a
    mean of zero count as some observations more.
    """
    count, known = len(seen), _SPREAD_WEIGHT * np.broadcast_to(spread, seen.shape[1:]) ** 2
    squares = ((seen - seen.mean(axis=0)) ** 2).sum(axis=0) if count else 0.0
    variance = (known + squares) / (_SPREAD_WEIGHT + max(0, count - 1))
    weight = count + _CENTRE_WEIGHT
    return seen.sum(axis=0) / weight, np.sqrt(variance * (1.0 + 1.0 / weight))


def promising(
    rule: Rule, losses: Losses, fooled: Flags, areas: Doubles, known: Flags, count: int, fallback: bool
) -> list[int]:
    """Up to ``count`` candidates to judge next: best first, those that ``rule`` would choose, each if the ones before
    turned out to be worth nothing. Empty where the choice is decided.

    losses, fooled: (n,); of candidates that are ``known`` the exact values, of others upper bounds (infinity and True
    where nothing is known): so what is chosen in the end is what the exact values of all would choose. ``fallback``:
    whether there must be a choice where none fools; otherwise only what may fool is worth judging.
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
