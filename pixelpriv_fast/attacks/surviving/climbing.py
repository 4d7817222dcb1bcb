"""The change of a photo under attack: steps up a gradient, inside a budget of what is visible."""

from __future__ import annotations

from typing import Final

import numpy as np

from ... import kernels
from ...kernels.reference.descend import POWER
from ...types import Floats, Pixels
from .canvas import Canvas

#: How much of the earlier steps' direction stays in the next one.
MOMENTUM: Final = 0.9
#: How large a change is taken to be before its visibility is known: grey levels, root mean square where all pixels count alike.
RADIUS: Final = 1.0
#: How many times that size, which the budget decides from then on, may grow in one step.
FASTEST: Final = 2.0


class Climber:
    """A change, and the way it goes.

    Parameters
    ----------
    canvas : Canvas
        The photo, its weights and colours, and how visible a change of it is.

    Attributes
    ----------
    change : float32 array of shape (h, w, 3)
        The change in grey levels.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.change, self._momentum = (np.zeros(canvas.start.shape, np.float32) for _ in range(2))
        self._radius = RADIUS

    @property
    def pixels(self) -> Pixels:
        """The changed photo at the canvas' size."""
        return self._canvas.pixels(self.change)

    def step(self, gradient: Floats, budget: float, rate: float) -> None:
        """Move the change along the least visible direction that follows the gradient, and down what is visible of it.

        Of all changes d with a given sum of (d/w) A (d/w) over the pixels, the one that gains most along a gradient g is
        w^2 A^-1 g (Cauchy and Schwarz); w are the pixels' weights and A the costs of colours. That is not the sign step of an
        L-infinity ball: few samples carry most of a gradient, and the others stay as they are. The sum is a rough measure of
        what is visible, and the figure itself has the last word: ``descend`` steps down its gradient while the change is over
        the budget, along what the attack does not need.

        Parameters
        ----------
        gradient : float32 array of shape (h, w, 3)
            The gradient by the pixels.
        budget : float
            How visible the change may be, above 0; see ``Visible``.
        rate : float
            The step's length relative to the size that the budget allows.
        """
        weights, colours = self._canvas.weights[..., 0], self._canvas.colours
        up = self._momentum, gradient, weights, colours, MOMENTUM, rate * self._radius
        longest = kernels.climb(self.change, *up)
        seen, slope = self._canvas.visible.of(self.change)
        down = self._momentum, slope, weights, colours, seen, budget, longest, self._canvas.bound
        reached = kernels.descend(self._canvas.start, self.change, *down)
        if seen > 0 and reached > 0:
            self._radius = min(reached * (budget / seen) ** POWER, FASTEST * self._radius)
