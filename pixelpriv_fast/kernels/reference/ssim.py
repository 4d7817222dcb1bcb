"""Structural similarity of two photos (Wang, Bovik, Sheikh, Simoncelli 2004, equation 13): the definition.

Gaussian window of sigma 1.5 and 11 x 11 taps, population (not sample) variances, K1 = 0.01, K2 = 0.03, L = 255; the
mean over the three channels and over all places where the whole window lies within the photo.
Choice: a photo with a side under 11 pixels takes the longest odd window that fits along that side.

And the sum of squared differences that the peak signal-to-noise ratio is made of.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from ...types import Pixels

SIGMA: Final = 1.5
RADIUS: Final = 5
C1: Final = (0.01 * 255) ** 2
C2: Final = (0.03 * 255) ** 2

_SAMPLES_AT_ONCE: Final = 1 << 18  # bounds memory, and keeps a block within the cache

Doubles = npt.NDArray[np.float64]


def ssim(a: Pixels, b: Pixels, threads: int = 1) -> float:
    """Return the mean structural similarity of two photos.

    Parameters
    ----------
    a, b : (h, w, 3) uint8
        The photos.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    float
        -1 to 1; 1 for equal photos.

    Raises
    ------
    ValueError
        For other shapes.
    TypeError
        For other dtypes.
    """
    require_photos(a, b)
    x, y = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y, squares, product = (_blur(image) for image in (x, y, x * x + y * y, x * y))
    means, both = mean_x * mean_x + mean_y * mean_y, mean_x * mean_y
    variances, covariance = squares - means, product - both
    return float(np.mean(((2 * both + C1) * (2 * covariance + C2)) / ((means + C1) * (variances + C2))))


def squared_difference(a: Pixels, b: Pixels) -> int:
    """Return the sum of (a - b)^2 over all samples of two photos, exact for any size.

    Parameters
    ----------
    a, b : (h, w, 3) uint8
        The photos.

    Returns
    -------
    int
        The sum.

    Raises
    ------
    ValueError
        For other shapes.
    TypeError
        For other dtypes.
    """
    require_photos(a, b)
    first, second, total = np.ravel(a), np.ravel(b), 0
    for begin in range(0, first.size, _SAMPLES_AT_ONCE):
        block = slice(begin, begin + _SAMPLES_AT_ONCE)
        # Whole numbers below 2^53 throughout (2^18 * 255^2 at most), so float64 adds them exactly in any order.
        difference = np.subtract(first[block], second[block], dtype=np.float64)
        total += int(np.square(difference).sum())
    return total


def require_photos(a: Pixels, b: Pixels) -> None:
    """Check that ``a`` and ``b`` are photos of one size.

    Parameters
    ----------
    a, b : array
        What should be (h, w, 3) uint8.

    Raises
    ------
    ValueError
        For other shapes.
    TypeError
        For other dtypes.
    """
    if a.ndim != 3 or a.shape[2] != 3 or not a.size:
        raise UsageError(f"a has shape {a.shape}, expected (any, any, 3)")
    if a.shape != b.shape:
        raise UsageError(f"b has shape {b.shape}, expected {a.shape}")
    if a.dtype != np.uint8 or b.dtype != np.uint8:
        raise TypeError(f"photos have dtypes {a.dtype} and {b.dtype}, expected uint8")


def _blur(image: Doubles) -> Doubles:
    """Return the Gaussian's sums, at the places where it fits."""
    for axis in (0, 1):
        taps = window(image.shape[axis])
        places = image.shape[axis] - len(taps) + 1
        shifted = (np.take(image, range(k, k + places), axis) for k in range(len(taps)))
        image = np.sum([weight * part for weight, part in zip(taps, shifted, strict=True)], axis=0)
    return image


def window(length: int) -> Doubles:
    """Return the Gaussian's weights along a side of ``length`` pixels: 11, or the longest odd number that fits."""
    radius = min(RADIUS, (length - 1) // 2)
    weights: Doubles = np.exp(-0.5 * (np.arange(-radius, radius + 1) / SIGMA) ** 2)
    weights /= weights.sum()
    return weights
