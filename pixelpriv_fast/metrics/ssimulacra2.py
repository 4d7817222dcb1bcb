"""SSIMULACRA 2: how visible a change is (Jon Sneyers, Cloudinary)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from .. import kernels
from ..errors import PhotoError
from ..kernels.reference.ssimulacra2 import SMALLEST, WEIGHTS
from ..types import Pixels
from .contract import Metric
from .pair import checked_pair


def figure_of(difference: float) -> float:
    """Return the figure of a weighted ``difference``: the reference's fit to people's ratings, 100 for 0."""
    x = 0.9562382616834844 * difference
    x = 6.248496625763138e-05 * x**3 - 0.020884521182843837 * x**2 + 2.326765642916932 * x
    return 100.0 - 10.0 * math.pow(max(x, 0.0), 0.6276336467831387)


@dataclass(frozen=True, slots=True)
class SSIMULACRA2(Metric):
    """How visible a change is, by SSIMULACRA 2, version 2.1 (Jon Sneyers, Cloudinary, 2023).

    100 is no change. By its author's scale a change is not seen at 90 where the two photos flicker in one place, nor at 80
    where they lie side by side; at 70 it is hard to notice without the original, and 50 is a JPEG of medium quality. Strong
    changes are negative.

    The weights and the fit to people's ratings are those of the reference, ``Msssim::Score`` of ssimulacra2.cc
    (https://github.com/cloudinary/ssimulacra2); ``kernels/reference/ssimulacra2.py`` says what is compared. The figure is that
    of the Python package ssimulacra2 0.3.0.

    Parameters
    ----------
    threads : int
        Number of threads that work on one pair of photos, 1 or more; it does not change the figure.
    """

    threads: int = 1

    title: ClassVar[str] = "SSIMULACRA2"
    unit: ClassVar[str] = ""
    decimals: ClassVar[int] = 1
    mean_decimals: ClassVar[int] = 1
    range: ClassVar[tuple[float, float]] = (-math.inf, 100.0)
    higher_better: ClassVar[bool] = True
    reference: ClassVar[bool] = True

    def __call__(self, result: Pixels, original: Pixels) -> float:
        """Return the figure, 100 or less. Raises ``PhotoError`` for a photo with a side under 8 pixels."""
        result, original = checked_pair("ssimulacra2", result, original)
        height, width = result.shape[:2]
        if min(height, width) < SMALLEST:
            raise PhotoError(
                f"photo of {width}x{height} is smaller than the {SMALLEST}x{SMALLEST} that ssimulacra2 compares; use ssim"
            )
        return figure_of(kernels.ssimulacra2(original, result, WEIGHTS, threads=self.threads))
