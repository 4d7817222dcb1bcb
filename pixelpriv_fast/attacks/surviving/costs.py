"""What a visible change costs, pixel by pixel and colour by colour: a rough estimate, from which steps take their direction.

``visible`` has the exact measure. Figures are SSIMULACRA 2's at equal survival (``benchmarks/decisions/robust_constants.py``).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...models.geometry import Geometry
from ...types import Floats, Pixels
from ..visibility import faded, texture

#: What a change of the three colours costs: d A d for a change d of red, green and blue. Fitted to SSIMULACRA 2 by noise of one
#: colour direction at a time, blurred by 0 to 1 pixels. Costs fitted to changes as coarse as lifted ones leave patches of red and
#: blue, which the figure forgives and the eye does not.
COSTS = np.array([[38, 38, -50], [38, 322, -166], [-50, -166, 197]], np.float32)


def pixel_weights(photo: Pixels, geometries: Iterable[Geometry]) -> Floats:
    """Estimate how much each pixel may change relative to the others.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo.
    geometries : iterable of Geometry
        What networks see of it, at least one: a change that ends at once at the edge of a crop would show that edge.

    Returns
    -------
    float32 array of shape (height, width, 1)
        Weights above 0.
    """
    height, width = photo.shape[:2]
    seen = np.zeros((height, width), np.float32)
    for geometry in geometries:
        resized = geometry.resized(height, width)
        kept = (side * n / full for side, n, full in zip((height, width), geometry.size, resized, strict=True))
        rows, columns = (_inside(side, round(n)) for side, n in zip((height, width), kept, strict=True))
        seen = np.maximum(seen, np.minimum.outer(rows, columns))
    return (seen * masking(photo))[..., None]


def masking(photo: Pixels) -> Floats:
    """Estimate how much of a change each pixel's surroundings hide.

    Choice: the root of one more than the texture. Weights by brightness gain nothing, nor does the just noticeable difference
    of Chou and Li (1995, "A perceptually tuned subband image coder") with masking as in Yang et al. (2005): steps along the
    gradient, which is small where a photo is smooth, already go where they are hard to see.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo.

    Returns
    -------
    float32 array of shape (height, width)
        Weights above 0, of root mean square 1.
    """
    weights = np.sqrt(1 + texture(photo))
    relative: Floats = (weights / np.sqrt(np.mean(weights**2))).astype(np.float32)
    return relative


def _inside(length: int, kept: int) -> Floats:
    return faded(length, kept) if kept < length else np.ones(length, np.float32)


def colour_mix(photo: Pixels) -> Floats:
    """Return what turns a gradient into the least visible change of colour that follows it.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo; one without colour gets equal changes of all three, so that it stays without.

    Returns
    -------
    float32 array of shape (3, 3), symmetric
        The inverse of the colours' costs.
    """
    if np.array_equal(photo[..., 0], photo[..., 1]) and np.array_equal(photo[..., 1], photo[..., 2]):
        return np.full((3, 3), 1 / 3, np.float32)
    mix: Floats = np.linalg.inv(COSTS).astype(np.float32)
    return mix * np.float32(3 / np.trace(mix))
