"""Exposure ratio and blend of Ying et al. 2017: the definition that the compiled twins are held to."""

from __future__ import annotations

import numpy as np

from ...types import Pixels
from .imresize import Floats64, axis_matrix, imresize

#: Side of the thumbnail whose entropy is maximised.
SIDE = 50


def exposure_samples(photo: Pixels, illumination: Floats64, threshold: float, threads: int = 1) -> Floats64:
    """Brightness of the badly exposed part of a 50 x 50 thumbnail: at most 2500 values, ascending, 1 is white.

    Brightness is the geometric mean of the thumbnail's R, G and B. A thumbnail pixel is badly exposed where the mask
    "full-size illumination < ``threshold``", resized as 0 and 255, exceeds 128. Empty where nothing is.

    Choice: MATLAB rounds the mask to 8 bits between its two passes; here it stays exact.
    Choice: the thumbnail is rounded to 2**-16 of a grey level, so that a plain colour gives one value and not a
    cluster of rounding errors that an entropy could tell apart.
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
    """The k on the grid k_min, k_min + k_step ... k_max for which the 8-bit histogram of the samples at k times the
    exposure, g(y) = exp(b (1 - k**a)) y ** (k**a), has the largest entropy; the smallest such k.

    A sample falls into level j or above where g(y, k) >= (j - 1/2) / 255, that is where
    ln y >= (ln((j - 1/2) / 255) - b (1 - k**a)) / k**a: one search in the sorted logarithms for each k, no powers.
    The entropy is largest where sum c log2 c over the counts c is smallest; the terms are rounded to 2**-32, so that
    the sum is exact in any order and equal histograms are equal.

    Choice: an exhaustive scan. MATLAB's fminbnd stops in one of many local maxima (164 on one photo), and which one
    hangs on rounding.
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
    """The fused photo, round(255 (I W + J (1 - W))) with W = T ** mu, T the illumination at full size clamped to
    [0, 1], and J = ``table[I]``: 256 values, 1 is white, they may leave [0, 1].

    Choice: the clamp; MATLAB turns complex where the bicubic enlargement undershoots 0.
    """
    del threads
    height, width = photo.shape[:2]
    weight = np.clip(imresize(illumination, height, width), 0, 1)[:, :, None] ** mu
    fused = photo / 255 * weight + table[photo] * (1 - weight)
    return np.floor(np.clip(fused, 0, 1) * 255 + 0.5).astype(np.uint8)
