"""How large a change is hardly seen, pixel by pixel: small where a photo is smooth, larger where it is textured.

The eye finds a faint pattern in a clear sky and misses a strong one in foliage: contrast masks contrast (Watson and
Solomon 1997, "Model of visual contrast gain control and pattern masking"). What is taken for it here is the simplest
measure, the standard deviation of the luma around a pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

import numpy as np

from ..models import Preprocess
from ..models.geometry import Geometry
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
    luma = photo @ _LUMA
    detail = luma - _over(luma, np.add, _MEAN) / np.float32(_MEAN**2)
    texture = np.sqrt(_over(detail * detail, np.add, _AROUND) / np.float32(_AROUND**2))
    levels = PLAIN + TEXTURED * _over(texture, np.minimum, _LEAST)
    rows, columns = (_faded(n, kept) for n, kept in zip(photo.shape[:2], preprocess.size, strict=True))
    faded: Floats = (levels * np.minimum.outer(rows, columns))[..., None].astype(np.float32)
    return faded


def _over(values: Floats, combine: Callable[[Floats, Floats], Floats], across: int) -> Floats:
    """Apply ``combine`` over the square of ``across`` pixels around each one; the border's pixels repeat beyond it."""
    for _ in range(2):
        padded = np.pad(values, ((across // 2,) * 2, (0, 0)), "edge")
        values = reduce(combine, (padded[i : i + len(values)] for i in range(across))).T
    return values


def _faded(length: int, kept: int) -> Floats:
    """Compute weights that are 1 in the middle and fall linearly towards the edges of the ``kept`` samples in it; never 0."""
    steps = round(FADE * kept) + 1
    inside = (kept + 1) / 2 - np.abs(np.arange(length) - (length - 1) / 2)
    faded: Floats = (np.clip(inside, 1, steps) / steps).astype(np.float32)
    return faded


#: What a change of the three colours costs: d A d for a change d of red, green and blue. Fitted to SSIMULACRA 2 by noise of one
#: colour direction at a time, blurred by 0 to 1 pixels as an attack's on a photo at its own size, and by 4 as what is lifted.
FINE_COSTS = np.array([[38, 38, -50], [38, 322, -166], [-50, -166, 197]], np.float32)
COARSE_COSTS = np.array([[144, 207, 0], [207, 625, 10], [0, 10, 56]], np.float32)


def _faded_crop(length: int, kept: int) -> Floats:
    return _faded(length, kept) if kept < length else np.ones(length, np.float32)


def crop_weights(height: int, width: int, geometries: Iterable[Geometry]) -> Floats:
    """Weigh pixels by whether networks see them, faded at the edge of their crops: a change that ends at once shows its edge.

    Choice: pixels count alike otherwise. Weights by texture, by brightness and by the just noticeable difference (Chou and Li
    1995) were tried: at equal survival none raises SSIMULACRA 2, since steps along the gradient, which is small where a photo
    is smooth, already go where they are hard to see (``benchmarks/decisions/robust_constants.py``).

    Parameters
    ----------
    height, width : int
        The photo's size.
    geometries : iterable of Geometry
        What networks see of it, at least one.

    Returns
    -------
    float32 array of shape (height, width, 1)
        Above 0 and at most 1.
    """
    weights = np.zeros((height, width), np.float32)
    for geometry in geometries:
        resized = geometry.resized(height, width)
        kept = (side * n / full for side, n, full in zip((height, width), geometry.size, resized, strict=True))
        rows, columns = (_faded_crop(side, round(n)) for side, n in zip((height, width), kept, strict=True))
        weights = np.maximum(weights, np.minimum.outer(rows, columns))
    return weights[..., None]


def colour_mix(photo: Pixels, *, coarse: bool) -> Floats:
    """Return what turns a gradient into the least visible change of colour that follows it.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo; one without colour gets equal changes of all three, so that it stays without.
    coarse : bool
        Whether the change will be enlarged.

    Returns
    -------
    float32 array of shape (3, 3), symmetric
        The inverse of the colours' costs.
    """
    if np.array_equal(photo[..., 0], photo[..., 1]) and np.array_equal(photo[..., 1], photo[..., 2]):
        return np.full((3, 3), 1 / 3, np.float32)
    mix: Floats = np.linalg.inv(COARSE_COSTS if coarse else FINE_COSTS).astype(np.float32)
    return mix * np.float32(3 / np.trace(mix))
