"""A step up a gradient, along the least visible direction: the definition."""

from __future__ import annotations

import numpy as np

from ...types import Floats


def climb(
    change: Floats,
    momentum: Floats,
    gradient: Floats,
    weights: Floats,
    colours: Floats,
    decay: float,
    length: float,
) -> float:
    """Move a change, in place, along the least visible direction that follows the gradient; see ``attacks/surviving/climbing``.

    Parameters
    ----------
    change : (h, w, 3) float32
        The change in grey levels; written to.
    momentum : (h, w, 3) float32
        The sum of earlier gradients; written to.
    gradient : (h, w, 3) float32
        The gradient by the pixels.
    weights : (h, w) float32
        How much each pixel may change relative to the others, at least 0.
    colours : (3, 3) float32
        What turns a pixel's momentum, a row of three colours, into the direction of its change.
    decay : float
        The part of the momentum that stays.
    length : float
        The step's root mean square of change / weights.

    Returns
    -------
    float
        The factor from weights^2 colours momentum to the step; 0 where there is no momentum.
    """
    pixel_weights = weights[..., None]
    momentum *= np.float32(decay)
    momentum += gradient
    step = (momentum @ colours) * pixel_weights
    size = float(np.sqrt(np.square(step).mean(dtype=np.float64)))
    factor = length / size if size > 0 else 0.0
    change += step * pixel_weights * np.float32(factor)
    return factor
