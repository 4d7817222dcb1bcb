"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..types import Pixels
from .pair import require_pair

_SAMPLES_AT_ONCE = 1 << 18  # bounds memory, and keeps a block within the cache


@dataclass(frozen=True, slots=True)
class PSNR:
    """10 log10(255^2 / mean squared difference) in dB, over all pixels and the three channels.

    The squares are summed as integers, so the figure is exact however large the photo. Equal photos give ``math.inf``,
    which JSON cannot hold: reports write it as null.
    """

    higher_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, math.inf)
    reference: ClassVar[bool] = True  #: compares with the original

    def __call__(self, result: Pixels, original: Pixels) -> float:
        """result, original: (h, w, 3) uint8 of one shape, else ``UsageError``. Returns dB, 0 or more."""
        require_pair("psnr", result, original)
        squares = _sum_of_squared_differences(np.ravel(result), np.ravel(original))
        return math.inf if squares == 0 else 10.0 * math.log10(255.0**2 * result.size / squares)


def _sum_of_squared_differences(a: Pixels, b: Pixels) -> int:
    total = 0
    for begin in range(0, a.size, _SAMPLES_AT_ONCE):
        block = slice(begin, begin + _SAMPLES_AT_ONCE)
        # Whole numbers below 2^53 throughout (2^18 * 255^2 at most), so float64 adds them exactly in any order.
        difference = np.subtract(a[block], b[block], dtype=np.float64)
        total += int(np.dot(difference, difference))
    return total
