"""The stylisation filter with its recursion compiled by numba: see kernels/reference/cartoon_filter.py."""

from __future__ import annotations

import numba
import numpy as np

from ...types import Floats, Pixels
from ..reference.cartoon_filter import check, finished, gaussian, rounded


def cartoon_filter(
    photo: Pixels,
    blur: Floats,
    shares: Floats,
    rounds: int,
    tone: Floats,
    saturation: float,
    fine: Floats,
    coarse: Floats,
    line_threshold: float,
    line_gain: float,
    line_strength: float,
) -> Pixels:
    """As the definition. Only the smoothing is compiled: the rest is whole-array arithmetic already."""
    check(photo, blur, shares, rounds, tone, fine, coarse)
    guide = rounded(gaussian(photo.astype(np.float32), blur))
    smooth = np.empty(photo.shape, np.float32)
    for number in range(rounds):
        smooth[:] = photo
        for share in shares:
            _smooth_once(smooth, guide, share)
        guide = rounded(smooth) if number + 1 < rounds else guide
    return finished(smooth, tone, saturation, fine, coarse, line_threshold, line_gain, line_strength)


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(image, guide, share, y, x, v, u):  # type: ignore[no-untyped-def]
    """Pixel (y, x) takes its share of (v, u)."""
    difference = np.int32(0)
    for c in range(3):
        difference += abs(np.int32(guide[y, x, c]) - np.int32(guide[v, u, c]))
    for c in range(3):
        image[y, x, c] += share[difference] * (image[v, u, c] - image[y, x, c])


@numba.njit(cache=True, nogil=True)
def _smooth_once(image, guide, share):  # type: ignore[no-untyped-def]
    height, width, _ = image.shape
    for y in range(height):
        for x in range(1, width):
            _mix(image, guide, share, y, x, y, x - 1)
        for x in range(width - 2, -1, -1):
            _mix(image, guide, share, y, x, y, x + 1)
        if y:
            for x in range(width):
                _mix(image, guide, share, y, x, y - 1, x)
    for y in range(height - 2, -1, -1):
        for x in range(width):
            _mix(image, guide, share, y, x, y + 1, x)
