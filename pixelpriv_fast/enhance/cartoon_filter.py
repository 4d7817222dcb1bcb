"""A drawing-like look without a network, for users without CartoonGAN weights.

It is a filter of its own kind: it learns nothing, and does not claim to be CartoonGAN's picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from .. import kernels
from ..errors import UsageError
from ..photo_check import checked_photo
from ..registry import Examples
from ..types import Floats, Pixels
from .contract import Enhancement

_PASSES: Final = 2  #: runs of the recursive filter in a round; its streaks halve with each
_ROUNDS: Final = 2
_LINE_THRESHOLD: Final = 1.2  #: grey levels that a pixel is darker than its surroundings before ink starts
_LINE_GAIN: Final = 1.0 / 7.0  #: ink is full 7 levels later
_TONES: Final = 255 * 16 + 1  #: entries of the kernel's tone table
_LIMITS: Final = {
    "reach": (0.0, 100.0),
    "boundary": (1.0, 765.0),
    "texture": (0.0, 20.0),
    "softness": (0.01, 10.0),
    "lift": (-0.25, 0.25),
    "saturation": (0.0, 4.0),
    "lines": (0.0, 1.0),
    "line_width": (0.0, 20.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CartoonFilter(Enhancement):
    """Flat colour regions, luminance in soft steps, livelier colours and dark lines.

    Lengths are in pixels of a photo whose long side is 1024. They grow with the photo (never under half), so that its look
    does not depend on its size. Choice: all defaults, by eye, on photos of the Kodak set and others.

    Parameters
    ----------
    reach : float
        How far colours flow within a region, 0 to 100 pixels.
    boundary : float
        The step that stops them, in grey levels summed over the channels, 1 to 765.
    texture : float
        Detail finer than this does not count as an edge, 0 to 20 pixels.
    levels : int
        Number of steps of luminance, 2 to 255.
    softness : float
        How soft these steps are, 0.01 (hard) to 10 (none).
    lift : float
        How much the shadows and middle tones are brightened, -0.25 to 0.25.
    saturation : float
        Factor of the chroma, 0 to 4.
    lines : float
        How dark lines get, 0 (none) to 1 (black).
    line_width : float
        Width of the lines, 0 to 20 pixels.
    """

    reach: float = 10.0
    boundary: float = 45.0
    texture: float = 1.3
    levels: int = 8
    softness: float = 0.3
    lift: float = 0.12
    saturation: float = 1.3
    lines: float = 0.75
    line_width: float = 1.1

    examples: ClassVar[Examples] = {
        "reach": (3.0, {}),
        "boundary": (150.0, {}),
        "texture": (3.0, {}),
        "levels": (4, {}),
        "softness": (2.0, {}),
        "lift": (0.0, {}),
        "saturation": (0.5, {}),
        "lines": (0.1, {}),
        "line_width": (2.5, {}),
    }

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"{name} is {getattr(self, name)}, expected {low:g} to {high:g}")
        if not 2 <= self.levels <= 255:
            raise UsageError(f"levels is {self.levels}, expected 2 to 255")

    def __call__(self, image: Pixels) -> Pixels:
        """Draw one photo of any size."""
        pixels = checked_photo(image)
        unit = max(max(pixels.shape[:2]) / 1024.0, 0.5)
        radius = math.ceil(3.0 * 1.6 * self.line_width * unit)
        return kernels.cartoon_filter(
            pixels,
            blur=_gaussian(self.texture * unit, math.ceil(3.0 * self.texture * unit)),
            shares=_shares(self.reach * unit, self.boundary),
            rounds=_ROUNDS,
            tone=_tone(self.levels, self.softness, self.lift),
            saturation=self.saturation,
            fine=_gaussian(self.line_width * unit, radius),
            coarse=_gaussian(1.6 * self.line_width * unit, radius),
            line_threshold=_LINE_THRESHOLD,
            line_gain=_LINE_GAIN,
            line_strength=self.lines,
        )


def _gaussian(sigma: float, radius: int) -> Floats:
    """Compute half of a Gaussian kernel, centre first, whose whole sums to 1; sigma 0 is the centre alone."""
    k = np.arange(radius + 1)
    weights = np.exp(-0.5 * (k / sigma) ** 2) if sigma > 0 else (k == 0).astype(np.float64)
    half: Floats = (weights / (2.0 * weights.sum() - weights[0])).astype(np.float32)
    return half


def _shares(reach: float, boundary: float) -> Floats:
    """Compute what a pixel takes of its neighbour in each run, by the sum of the channels' differences.

    a^(1 + difference * reach / boundary), a = exp(-sqrt(2) / sigma), sigma halving: Gastal, Oliveira 2011, equations 11, 14
    and 21.
    """
    distance = 1.0 + np.arange(3 * 255 + 1) * (reach / boundary)
    sigmas = reach * math.sqrt(3.0) * 2.0 ** (_PASSES - 1 - np.arange(_PASSES)) / math.sqrt(4.0**_PASSES - 1.0)
    shares: Floats = np.exp(-math.sqrt(2.0) / np.maximum(sigmas, 1e-3)[:, None] * distance).astype(np.float32)
    return shares


def _tone(levels: int, softness: float, lift: float) -> Floats:
    """Compute the new luminance by the old: the shadows are lifted, then it is pulled towards the middle of its step.

    A tanh across each boundary pulls: Winnemöller et al. 2006, equation 7, made to reach every step's ends.
    """
    y = np.arange(_TONES) / (_TONES - 1.0)
    place = (y + 4.0 * lift * y * (1.0 - y) ** 2) * levels
    nearest = np.round(place)
    stepped = nearest + 0.5 * np.tanh((place - nearest) / softness) / math.tanh(0.5 / softness)
    tones: Floats = (stepped * (255.0 / levels)).astype(np.float32)
    return tones
