"""One step up a gradient, inside a radius of visible change: the definition."""

from __future__ import annotations

import numpy as np

from ...types import Floats, Pixels


def climb(
    start: Pixels,
    change: Floats,
    momentum: Floats,
    gradient: Floats,
    weights: Floats,
    colours: Floats,
    decay: float,
    rate: float,
    radius: float,
    bound: int,
) -> None:
    """Move a change, in place, along the least visible direction that follows the gradient; see ``attacks/surviving/climbing``.

    Parameters
    ----------
    start : (h, w, 3) uint8
        The photo.
    change : (h, w, 3) float32
        The change in grey levels; written to. It stays within the radius, the bound and 0..255.
    momentum : (h, w, 3) float32
        The sum of earlier directions; written to.
    gradient : (h, w, 3) float32
        The gradient by the pixels, of any size: it counts relative to its mean absolute value.
    weights : (h, w) float32
        How much each pixel may change relative to the others, at least 0.
    colours : (3, 3) float32
        What turns a pixel's momentum, a row of three colours, into the direction of its change.
    decay : float
        The part of the momentum that stays.
    rate : float
        The step's length relative to the radius.
    radius : float
        The largest root mean square of change / weights.
    bound : int
        The largest change of a sample, in grey levels.
    """
    pixel_weights = weights[..., None]
    momentum *= np.float32(decay)
    momentum += gradient * np.float32(1.0 / max(float(np.abs(gradient).mean(dtype=np.float64)), 1e-30))
    step = (momentum @ colours) * pixel_weights
    length = _root_mean_square(step)
    if length > 0:
        change += step * pixel_weights * np.float32(rate * radius / length)
    inverse = np.divide(np.float32(1.0), pixel_weights, out=np.zeros_like(pixel_weights), where=pixel_weights > 0)
    reached = _root_mean_square(change * inverse)
    if reached > radius:
        change *= np.float32(radius / reached)
    np.clip(change, -np.float32(bound), np.float32(bound), out=change)
    photo = start.astype(np.float32)
    np.clip(change, -photo, np.float32(255.0) - photo, out=change)


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.square(values).mean(dtype=np.float64)))
