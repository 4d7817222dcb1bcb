"""A step down what is visible that keeps what was climbed: the definition."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ...types import Floats, Pixels

#: How a change's size follows its visibility: the norms of SSIMULACRA 2 lie between the first and the second power of it.
POWER: Final = 0.7


def descend(
    start: Pixels,
    change: Floats,
    momentum: Floats,
    slope: Floats,
    weights: Floats,
    colours: Floats,
    seen: float,
    budget: float,
    longest: float,
    bound: int,
) -> float:
    """Make a change less visible, in place, along what does not lessen its sum of products with the momentum.

    Let B be the step that a gradient asks for, weights^2 colours gradient. Of all steps along which that sum stays, the one on
    which the visible falls most steeply is minus B (slope - c momentum), with c such that both are at right angles under B.

    Parameters
    ----------
    start : (h, w, 3) uint8
        The photo.
    change : (h, w, 3) float32
        The change in grey levels; written to. It stays within the bound and 0..255.
    momentum : (h, w, 3) float32
        The direction that was climbed.
    slope : (h, w, 3) float32
        The gradient of what is visible by the change.
    weights : (h, w) float32
        How much each pixel may change relative to the others, at least 0.
    colours : (3, 3) float32
        What turns a pixel's gradient, a row of three colours, into the direction of its change.
    seen : float
        How visible the change is.
    budget : float
        How visible it may be. A step as long as the slope asks for comes first; what that leaves, scaling takes.
    longest : float
        The step's largest length, in lengths of B momentum under B.
    bound : int
        The largest change of a sample, in grey levels.

    Returns
    -------
    float
        The root mean square of change / weights.
    """
    pixel_weights = weights[..., None]
    up, down = ((gradient @ colours) * pixel_weights**2 for gradient in (momentum, slope))
    ups, both, downs = (_product(a, b) for a, b in ((momentum, up), (slope, up), (slope, down)))
    along = both / ups if ups > 0 else 0.0
    gain = max(downs - both * along, 0.0)
    if seen > budget:
        step = min((seen - budget) / gain, longest * math.sqrt(ups / gain)) if gain > 0 else 0.0
        change -= (down - up * np.float32(along)) * np.float32(step)
        left = seen - step * gain
        change *= np.float32(min(1.0, (budget / left) ** POWER) if left > 0 else 1.0)
    np.clip(change, -np.float32(bound), np.float32(bound), out=change)
    photo = start.astype(np.float32)
    np.clip(change, -photo, np.float32(255.0) - photo, out=change)
    inverse = np.divide(np.float32(1.0), pixel_weights, out=np.zeros_like(pixel_weights), where=pixel_weights > 0)
    return math.sqrt(float(np.square(change * inverse).mean(dtype=np.float64)))


def _product(a: Floats, b: Floats) -> float:
    return float(np.multiply(a, b, dtype=np.float64).sum())
