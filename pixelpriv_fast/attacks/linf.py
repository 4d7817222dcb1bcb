"""The L-infinity ball on the 8-bit lattice: budgets in whole grey levels, offsets in whole or half levels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .. import kernels
from ..errors import UsageError
from ..models.preprocess import Offsets, Preprocess
from ..types import Floats, Pixels

_MAX_UNITS = 127  # int8


def grey_levels(value: float, name: str, parts: int = 1) -> int:
    """``value`` (a fraction of 1, as 8/255) in grey levels, or in 1/``parts`` of one.

    Raises ``UsageError`` with the nearest values where it is not positive or not a whole number of them.
    """
    units = value * 255 * parts
    if not math.isfinite(units) or units <= 0:
        raise UsageError(f"{name} is {value}; it must be positive, a fraction of 1 such as 8/255")
    if value >= 1:
        raise UsageError(f"{name} is {value}; it is a fraction of 1, not grey levels: write {value:g}/255")
    whole = round(units)
    if whole < 1 or abs(units - whole) > 1e-6 * max(1.0, units):
        low, high = max(1, math.floor(units)) / parts, max(1, math.ceil(units)) / parts
        nearest = f"{low:g}/255" if low == high else f"{low:g}/255 or {high:g}/255"
        raise UsageError(f"{name} is {value}, {value * 255:g} grey levels; the 8-bit lattice has {nearest}")
    return whole


@dataclass(frozen=True, slots=True)
class Ball:
    """All photos within ``bound / units`` grey levels of the start; ``units`` to a level is 1 or 2."""

    bound: int
    units: int = 1

    @property
    def levels(self) -> int:
        """The radius in whole grey levels."""
        return self.bound // self.units

    @classmethod
    def of(cls, epsilon: float, step: float) -> tuple[Ball, int]:
        """The ball of ``epsilon``, and ``step`` in its units: half levels where the step needs them. Both are
        fractions of 1. Raises ``UsageError`` where they are not on the lattice or do not fit an int8."""
        levels = grey_levels(epsilon, "epsilon")
        halves = grey_levels(step, "step", parts=2)
        units = 1 + halves % 2
        ball = cls(levels * units, units)
        if ball.bound > _MAX_UNITS:
            limit = _MAX_UNITS // units
            raise UsageError(f"epsilon is {levels}/255; with a step of {halves / 2:g}/255 at most {limit}/255 fit")
        return ball, halves // 2 * units + (units - 1)


@dataclass(slots=True, eq=False)
class Iterate:
    """Where one photo's attack stands: ``start + offsets / units``, inside the ball and 0..255 by construction.

    ``weights`` float32 (height, width, 1), 0..1: each pixel's share of the ball. The photo is then
    ``start + weights * offsets / units`` in real numbers, and must be one that the network reads without resampling.
    """

    start: Pixels
    ball: Ball
    offsets: Offsets
    weights: Floats | None = None

    @classmethod
    def at_start(cls, start: Pixels, ball: Ball) -> Iterate:
        """The photo unchanged."""
        return cls(start, ball, np.zeros(start.shape, np.int8))

    @classmethod
    def random(cls, start: Pixels, ball: Ball, rng: np.random.Generator) -> Iterate:
        """Uniform on the ball's lattice points, then clipped to 0..255."""
        drawn = rng.integers(-ball.bound, ball.bound, start.shape, np.int8, endpoint=True)
        wide = start.astype(np.int16) * ball.units
        clipped = np.clip(drawn, -wide, 255 * ball.units - wide)
        return cls(start, ball, clipped.astype(np.int8))

    @property
    def whole(self) -> bool:
        """Whether every offset is a whole number of grey levels, so that rounding changes nothing."""
        return self.ball.units == 1 or not bool(np.any(self.offsets & 1))

    def change(self) -> Floats:
        """What the photo is moved by, in grey levels: float32 (height, width, 3)."""
        weights = np.float32(1.0) if self.weights is None else self.weights
        moved: Floats = weights * self.offsets / np.float32(self.ball.units)
        return moved

    def seen(self, preprocess: Preprocess) -> Floats:
        """The network's input for the photo as it stands, nothing rounded: float32 (3, h, w)."""
        if self.weights is None:
            return preprocess.exact(self.start, self.offsets, self.ball.units)
        return preprocess.unscaled(self.start + self.change())

    def step(
        self, preprocess: Preprocess, gradient: Floats, step: int, extra: Floats | None, *, reads: bool
    ) -> Floats | None:
        """Moves the photo by ``step`` units, see ``Preprocess.step``. Where somebody ``reads`` on, it returns what
        ``seen`` is now, if that costs no pass of its own, else None."""
        out = np.empty((3, *preprocess.size), np.float32) if reads and self.weights is None else None
        within = {"bound": self.ball.bound, "units": self.ball.units}
        preprocess.step(self.start, self.offsets, gradient, step=step, extra=extra, out=out, **within)
        return out

    def judged(self, preprocess: Preprocess) -> Floats:
        """The network's input by which the photo is judged: of its 8-bit pixels, or, where they are a change still to
        be lifted, of what stands."""
        return self.seen(preprocess) if self.weights is not None else preprocess.rounded(self.pixels())

    def pixels(self) -> Pixels:
        """The 8-bit photo: half levels are rounded towards the start. Only where there are no weights."""
        return kernels.lattice_photo(self.start, self.offsets, self.ball.units)
