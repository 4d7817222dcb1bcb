"""Structural similarity (Wang et al. 2004)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .. import kernels
from ..types import Pixels
from .contract import Metric
from .pair import checked_pair


@dataclass(frozen=True, slots=True)
class SSIM(Metric):
    """Mean structural similarity over the RGB channels (Wang et al. 2004).

    The window is a Gaussian of sigma 1.5 cut to 11 x 11 taps, variances are population variances, and only windows that lie
    within the photo count. scikit-image computes the same with ``gaussian_weights=True, use_sample_covariance=False,
    data_range=255, channel_axis=2``.

    Choice: along a side under 11 pixels the longest odd window that fits is used, so that every photo has a figure.

    Parameters
    ----------
    threads : int
        Number of threads that work on one pair of photos, 1 or more; it does not change the figure.
    """

    threads: int = 1

    title: ClassVar[str] = "SSIM"
    unit: ClassVar[str] = ""
    decimals: ClassVar[int] = 3
    mean_decimals: ClassVar[int] = 3
    range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    higher_better: ClassVar[bool] = True
    reference: ClassVar[bool] = True

    def __call__(self, result: Pixels, original: Pixels) -> float:
        """Return the mean similarity, -1 to 1; equal photos give 1."""
        return kernels.ssim(*checked_pair("ssim", result, original), threads=self.threads)
