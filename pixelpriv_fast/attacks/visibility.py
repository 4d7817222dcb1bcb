"""How large a change is hardly seen, pixel by pixel: small where a photo is smooth, larger where it is textured.

The eye finds a faint pattern in a clear sky and misses a strong one in foliage: contrast masks contrast (Watson and
Solomon 1997, "Model of visual contrast gain control and pattern masking"). What is taken for it here is the simplest
measure, the standard deviation of the luma around a pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from ..models import Preprocess
from ..types import Floats, Pixels

#: Grey levels of change that are hardly seen where there is no texture at all, and those that each level of texture hides.
#: Choice: by eye, at twice and three times the size, and by ``benchmarks/decisions/lift_visibility.py``.
PLAIN, TEXTURED = 0.7, 0.7
#: Width of the fade at the crop's edge, as a fraction of its side; without it the edge shows as a square.
FADE = 1 / 14
#: Window sizes in pixels: local mean, local standard deviation, and the minimum filter over it.
_MEAN, _AROUND, _LEAST = 3, 5, 7

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def allowance(photo: Pixels, preprocess: Preprocess) -> Floats:
    """Estimate how large a change is hardly seen at each pixel.

    Texture is what stands out from its surroundings: a sky that grows lighter has none. The smallest in the neighbourhood
    counts: the sky beside a roof is as smooth as the rest.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        A photo of a size that ``preprocess`` reads without resampling.
    preprocess : Preprocess
        Says which crop the network reads; the allowance fades towards its edge.

    Returns
    -------
    float32 array of shape (height, width, 1)
        Grey levels, above 0.
    """
    levels = PLAIN + TEXTURED * texture(photo)
    rows, columns = (faded(n, kept) for n, kept in zip(photo.shape[:2], preprocess.size, strict=True))
    allowed: Floats = (levels * np.minimum.outer(rows, columns))[..., None].astype(np.float32)
    return allowed


def texture(photo: Pixels) -> Floats:
    """Measure how much stands out around each pixel.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo.

    Returns
    -------
    float32 array of shape (height, width)
        Standard deviation of the luma's detail in grey levels, the smallest in the neighbourhood.
    """
    luma = photo @ _LUMA
    detail = luma - _over(luma, np.add, _MEAN) / np.float32(_MEAN**2)
    deviation = np.sqrt(_over(detail * detail, np.add, _AROUND) / np.float32(_AROUND**2))
    return _over(deviation, np.minimum, _LEAST)


def _over(values: Floats, combine: Callable[[Floats, Floats], Floats], across: int) -> Floats:
    """Apply ``combine`` over the square of ``across`` pixels around each one; the border's pixels repeat beyond it."""
    for _ in range(2):
        padded = np.pad(values, ((across // 2,) * 2, (0, 0)), "edge")
        values = reduce(combine, (padded[i : i + len(values)] for i in range(across))).T
    return values


def faded(length: int, kept: int) -> Floats:
    """Compute weights that are 1 in the middle and fall linearly towards the edges of the ``kept`` samples in it; never 0.

    Parameters
    ----------
    length : int
        The number of weights.
    kept : int
        The number of samples that a network reads, in the middle.

    Returns
    -------
    float32 array of shape (length,)
        Above 0 and at most 1.
    """
    steps = round(FADE * kept) + 1
    inside = (kept + 1) / 2 - np.abs(np.arange(length) - (length - 1) / 2)
    weights: Floats = (np.clip(inside, 1, steps) / steps).astype(np.float32)
    return weights
