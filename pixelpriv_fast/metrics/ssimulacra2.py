"""SSIMULACRA 2: how visible a change is (Jon Sneyers, Cloudinary)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from .. import kernels
from ..errors import PhotoError
from ..kernels.reference.ssimulacra2 import SMALLEST
from ..types import Pixels
from .contract import Metric
from .pair import checked_pair

#: The reference's weights: a line a scale; the mean of structure, new edges and lost edges, then their fourth norms.
WEIGHTS: Final = np.array([
    # X, finest scale first
    0, 0.0007376606707406586, 0, 0, 0.0007793481682867309, 0,
    0, 0.0004371155730107379, 0, 1.1041726426657346, 0.00066284834129271, 0.00015231632783718752,
    0, 0.0016406437456599754, 0, 1.8422455520539298, 11.441172603757666, 0,
    0.0007989109436015163, 0.000176816438078653, 0, 1.8787594979546387, 10.94906990605142, 0,
    0.0007289346991508072, 0.9677937080626833, 0, 0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053,
    0.0004550992113792063, 0, 0, 0.0013648766163243398, 0, 0,
    # Y, finest scale first
    0, 0, 0, 7.466890328078848, 0, 17.445833984131262,
    0.0006235601634041466, 0, 0, 6.683678146179332, 0.00037724407979611296, 1.027889937768264,
    225.20515300849274, 0, 0, 19.213238186143016, 0.0011401524586618361, 0.001237755635509985,
    176.39317598450694, 0, 0, 24.43300999870476, 0.28520802612117757, 0.0004485436923833408,
    0, 0, 0, 34.77906344483772, 44.835625328877896, 0,
    0, 0, 0, 0, 0, 0,
    # B, finest scale first
    0, 0.0008680556573291698, 0, 0, 0, 0,
    0, 0.0005313191874358747, 0, 0.00016533814161379112, 0, 0,
    0, 0, 0, 0.0004179171803251336, 0.0017290828234722833, 0,
    0.0020827005846636437, 0, 0, 8.826982764996862, 23.19243343998926, 0,
    95.1080498811086, 0.9863978034400682, 0.9834382792465353, 0.0012286405048278493, 171.2667255897307, 0.9807858872435379,
    0, 0, 0, 0.0005130064588990679, 0, 0.00010854057858411537,
])  # fmt: skip


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
