"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from .. import kernels
from ..types import Pixels
from .contract import Metric
from .pair import checked_pair


@dataclass(frozen=True, slots=True)
class PSNR(Metric):
    """Peak signal-to-noise ratio, 10 log10(255^2 / mean squared difference), over all pixels and the three channels.

    The squares are summed as integers, so the figure is exact for a photo of any size. Equal photos give ``math.inf``.
    JSON cannot hold it, so reports write null.
    """

    title: ClassVar[str] = "PSNR"
    unit: ClassVar[str] = "dB"
    decimals: ClassVar[int] = 2
    mean_decimals: ClassVar[int] = 1
    range: ClassVar[tuple[float, float]] = (0.0, math.inf)
    higher_better: ClassVar[bool] = True
    reference: ClassVar[bool] = True

    def __call__(self, result: Pixels, original: Pixels) -> float:
        """Return the ratio in dB, 0 or more."""
        squares = kernels.squared_difference(*checked_pair("psnr", result, original))
        return math.inf if squares == 0 else 10.0 * math.log10(255.0**2 * result.size / squares)
