"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import kernels
from ..types import Pixels
from .pair import require_pair


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
        photos = (np.ascontiguousarray(result), np.ascontiguousarray(original))
        squares = kernels.squared_difference(*photos)
        return math.inf if squares == 0 else 10.0 * math.log10(255.0**2 * result.size / squares)
