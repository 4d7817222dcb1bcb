"""Exposure ratio and blend of Ying et al. 2017: the definition that the compiled twins are held to."""

from __future__ import annotations

import numpy as np

from ...types import Pixels
from .imresize import Floats64, axis_matrix, imresize

#: Side of the thumbnail whose entropy is maximised.
SIDE = 50


def exposure_samples(photo: Pixels, illumination: Floats64, threshold: float, threads: int = 1) -> Floats64:
    """Return the brightness of the badly exposed part of a 50 x 50 thumbnail.

    Brightness is the geometric mean of the thumbnail's R, G and B. A thumbnail pixel is badly exposed where the mask
    "full-size illumination < ``threshold``", resized as 0 and 255, exceeds 128. Empty where nothing is.

    Choice: MATLAB rounds the mask to 8 bits between its two passes; here it stays exact.
    Choice: the thumbnail is rounded to 2**-16 of a grey level, so that a plain colour gives one value and not a
    cluster of rounding errors that an entropy could tell apart.

    Parameters
    ----------
    photo : (h, w, 3) uint8
        The photo.
    illumination : (h', w') float64
        The illumination map, 1 is white.
    threshold : float
        Illumination below which a pixel is badly exposed.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    (n,) float64
        At most 2500 values, ascending, 1 is white.
    """
    del threads
    height, width = photo.shape[:2]
    mask = imresize(illumination, height, width) < threshold
    rows, columns = axis_matrix(height, SIDE), axis_matrix(width, SIDE)
    bad = 255 * (rows @ mask.astype(np.float64) @ columns.T) > 128
    channels = [rows @ photo[:, :, c].astype(np.float64) @ columns.T for c in range(3)]
    levels = [np.maximum(np.floor(c * 65536 + 0.5) / 65536, 0) / 255 for c in channels]
    return np.sort(np.cbrt(levels[0] * levels[1] * levels[2])[bad])


def best_exposure(samples: Floats64, a: float, b: float, k_min: float, k_max: float, k_step: float) -> float:
    """Return the exposure ratio k for which the histogram of the brighter samples has the largest entropy.

    The histogram is that of 8-bit levels, the samples at k times the exposure are g(y) = exp(b (1 - k**a)) y ** (k**a).

    A sample falls into level j or above where g(y, k) >= (j - 1/2) / 255, that is where
    ln y >= (ln((j - 1/2) / 255) - b (1 - k**a)) / k**a: one search in the sorted logarithms for each k, no powers.
    The entropy is largest where sum c log2 c over the counts c is smallest; the terms are rounded to 2**-32, so that
    the sum is exact in any order and equal histograms are equal.

    Choice: an exhaustive scan. MATLAB's fminbnd stops in one of many local maxima (164 on one photo), and which one
    depends on rounding.

    Parameters
    ----------
    samples : (n,) float64
        Brightness, ascending, 1 is white.
    a, b : float
        The camera's parameters.
    k_min, k_max, k_step : float
        The grid of k: k_min, k_min + k_step ... k_max.

    Returns
    -------
    float
        The smallest k of largest entropy.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(samples)
    n = len(logs)
    count = np.arange(1, n + 1)
    terms = np.concatenate([[0], np.floor(count * np.log2(count) * 2.0**32 + 0.5).astype(np.int64)])
    levels = np.log((np.arange(1, 256) - 0.5) / 255)
    steps = int(np.floor((k_max - k_min) / k_step + 1e-9))
    best, best_k = None, k_min
    for k in k_min + k_step * np.arange(steps + 1):
        gamma = k**a
        below = np.searchsorted(logs, (levels - b * (1 - gamma)) / gamma, side="left")
        total = int(terms[np.diff(below, prepend=0, append=n)].sum())
        if best is None or total < best:
            best, best_k = total, float(k)
    return best_k


def blend_exposure(photo: Pixels, illumination: Floats64, table: Floats64, mu: float, threads: int = 1) -> Pixels:
    """Fuse a photo I and its brighter exposure J = ``table[I]``: round(255 (I W + J (1 - W))) with W = T ** mu.

    T is the illumination at full size, clamped to [0, 1].

    Choice: the clamp; MATLAB turns complex where the bicubic enlargement undershoots 0.

    Parameters
    ----------
    photo : (h, w, 3) uint8
        The photo.
    illumination : (h', w') float64
        The illumination map, 1 is white.
    table : (256,) float64
        The brighter exposure of each level, 1 is white; may leave [0, 1].
    mu : float
        Exponent of the weight.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    (h, w, 3) uint8
        The fused photo.
    """
    del threads
    height, width = photo.shape[:2]
    weight = np.clip(imresize(illumination, height, width), 0, 1)[:, :, None] ** mu
    fused = photo / 255 * weight + table[photo] * (1 - weight)
    return np.floor(np.clip(fused, 0, 1) * 255 + 0.5).astype(np.uint8)
