"""The quality that a JPEG was saved with, estimated from its quantisation table (the inverse of libjpeg's scaling)."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

#: ITU-T T.81, table K.1 (luminance), in zigzag order.
# fmt: off
_LUMINANCE = np.array([
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
    26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
    56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
    95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
], np.int64)
# fmt: on


@cache
def _tables() -> npt.NDArray[np.int64]:
    """Return (100, 64): libjpeg's luminance table at quality 1 to 100."""
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.clip((_LUMINANCE[None] * scale[:, None] + 50) // 100, 1, 255)


def estimate_quality(luminance: npt.NDArray[np.int64]) -> int:
    """Return 1..100: exact for libjpeg's tables, the nearest in summed step size for other encoders'."""
    distance = np.abs(_tables() - luminance[None]).sum(axis=1)
    return int(100 - np.argmin(distance[::-1]))  # of equals the higher
