"""A Gaussian blur, as a soft filter, a cheap camera of a screen or a bad enlargement leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .. import kernels
from ..kernels.filters import gaussian_filter
from ..kernels.resizing import PLAIN
from ..registry import Examples
from ..types import Pixels
from .contract import Applied, Channel, checked_number
from .separable import resampled


@dataclass(frozen=True, slots=True)
class Blur(Channel):
    """The photo under a Gaussian; at the edges the weights of what is there make up for what is not.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels, 0 (none) to 50.
    """

    sigma: float = 1.0

    examples: ClassVar[Examples] = {"sigma": (2.0, {})}

    def __post_init__(self) -> None:
        checked_number("sigma", self.sigma, 0, 50)

    def _at(self, photo: Pixels) -> Applied:
        if self.sigma == 0:
            return Applied(photo, lambda gradient: gradient)
        rows, columns = (gaussian_filter(side, self.sigma) for side in photo.shape[:2])
        return resampled(photo, kernels.Resampler(rows, columns, *PLAIN))
