"""The L-infinity ball on the 8-bit lattice: budgets in whole grey levels, offsets in whole or half levels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import UsageError

_MAX_UNITS = 127  # int8


def grey_levels(value: float, name: str, parts: int = 1) -> int:
    """Convert a fraction of 1 to whole grey levels, or to whole parts of one.

    Parameters
    ----------
    value : float
        A fraction of 1 such as 8/255, above 0 and below 1.
    name : str
        What the message calls it.
    parts : int
        Number of parts of a grey level to count in: 2 for half levels.

    Returns
    -------
    int
        The number of grey levels, or of their parts.

    Raises
    ------
    UsageError
        If it is not a whole number of them; the message names the nearest values.
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
    """All photos within ``bound / units`` grey levels of the start.

    Attributes
    ----------
    bound : int
        The radius in units, 1..127.
    units : int
        Units to a grey level: 1, or 2 for half levels.
    """

    bound: int
    units: int = 1

    @property
    def levels(self) -> int:
        """The radius in whole grey levels."""
        return self.bound // self.units

    @classmethod
    def of(cls, epsilon: float, step: float) -> tuple[Ball, int]:
        """Make the ball of ``epsilon``, in half levels if the step needs them.

        Parameters
        ----------
        epsilon : float
            The radius as a fraction of 1: whole grey levels.
        step : float
            Length of a step as a fraction of 1: whole or half grey levels.

        Returns
        -------
        tuple of Ball and int
            The ball, and the step in its units.

        Raises
        ------
        UsageError
            If either is not on the lattice, or the ball does not fit an int8.
        """
        levels = grey_levels(epsilon, "epsilon")
        halves = grey_levels(step, "step", parts=2)
        units = 1 + halves % 2
        ball = cls(levels * units, units)
        if ball.bound > _MAX_UNITS:
            limit = _MAX_UNITS // units
            raise UsageError(f"epsilon is {levels}/255; with a step of {halves / 2:g}/255 at most {limit}/255 fit")
        return ball, halves // 2 * units + (units - 1)
