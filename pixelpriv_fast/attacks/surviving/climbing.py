"""One step up a gradient, inside a radius of visible change."""

from __future__ import annotations

from typing import Final

from ... import kernels
from ...types import Floats
from .canvas import Canvas

#: How much of the earlier steps' direction stays in the next one.
MOMENTUM: Final = 0.9


def climb(canvas: Canvas, change: Floats, momentum: Floats, gradient: Floats, radius: float, rate: float) -> None:
    """Move a change along the least visible direction that follows the gradient.

    Of all changes d with a given visibility, the sum of (d/w) A (d/w) over the pixels, the one that gains most along a gradient
    g is w^2 A^-1 g (Cauchy and Schwarz); w are the pixels' weights and A the costs of colours. That is not the sign step of an
    L-infinity ball: few samples carry most of a gradient, and the others stay as they are.

    Parameters
    ----------
    canvas : Canvas
        The photo, its weights and colours.
    change : float32 array of shape (h, w, 3)
        The change in grey levels; written to. It stays within the radius, the canvas' bound and 0..255.
    momentum : float32 array of shape (h, w, 3)
        The sum of earlier directions; written to.
    gradient : float32 array of shape (h, w, 3)
        The gradient by the pixels, of any size.
    radius : float
        The largest root mean square of change / weights, above 0.
    rate : float
        The step's length relative to the radius.
    """
    weights = canvas.weights[..., 0]
    fixed = weights, canvas.colours, MOMENTUM, rate, radius, canvas.bound
    kernels.climb(canvas.start, change, momentum, gradient, *fixed)
