"""Structural similarity (Wang et al. 2004)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import kernels
from ..types import Pixels
from .pair import require_pair


@dataclass(frozen=True, slots=True)
class SSIM:
    """Mean structural similarity over the RGB channels: Gaussian window of sigma 1.5 cut to 11 x 11 taps, population
    variances, only windows that lie within the photo (what scikit-image computes with ``gaussian_weights=True,
    use_sample_covariance=False, data_range=255, channel_axis=2``).

    ``threads`` never changes the figure. Choice: along a side under 11 pixels the longest odd window that fits is used,
    so that every photo has a figure.
    """

    threads: int = 1

    higher_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    reference: ClassVar[bool] = True  #: compares with the original

    def __call__(self, result: Pixels, original: Pixels) -> float:
        """result, original: (h, w, 3) uint8 of one shape, else ``UsageError``. 1 where they are equal."""
        require_pair("ssim", result, original)
        photos = (np.ascontiguousarray(result), np.ascontiguousarray(original))
        return kernels.ssim(*photos, threads=self.threads)
