"""Contrast enhancement by exposure fusion (method BIMEF).

Source: Ying, Li, Ren, Wang and Wang, "A New Image Contrast Enhancement Algorithm Using Exposure Fusion Framework", CAIP 2017.

The photo is fused with a brighter exposure of itself, simulated by a camera response: dark parts, told by a smooth map
of the scene's illumination, come from the brighter one, the rest stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from .. import kernels
from ..errors import UsageError
from ..photo_check import checked_photo
from ..registry import Examples
from ..types import Pixels
from .contract import Enhancement


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast(Enhancement):
    """Exposure-fusion contrast enhancement. The defaults are those of the authors' code.

    Parameters
    ----------
    mu : float
        The fusion's weight is the illumination to this power, 0 or more. 0 keeps the photo; a larger power takes more of the
        brighter exposure.
    k : float, optional
        The brighter exposure's ratio, above 0, used as it is: no search, no early return, no ``offset``. None searches the
        ratio in ``k_range`` that gives the badly exposed part the largest entropy, and leaves a photo without such a part
        untouched.
    lam : float
        How strongly the illumination map is smoothed, 0 to 1000. Choice: 0.5, as in the authors' code; the paper prints 1.
    window : int
        Side of the edge-detection window in pixels of the map, an odd number from 1.
    sharpness : float
        How flat a part counts as texture-free, 1e-6 or more.
    rtol : float
        Relative residual to which the map is solved, 1e-8 to below 1. Choice: 1e-4, which keeps the output within one grey
        level of the exact map's (the authors' 0.1 does not).
    k_range : tuple of two floats
        The lowest and the highest ratio that is tried, above 0.
    k_step : float
        Distance of the ratios that are tried, above 0; at most 100000 steps fit the range.
    a : float
        Of the camera response g(P, k) = exp(b (1 - k**a)) P ** (k**a); any number.
    b : float
        Of the camera response; any number.
    threshold : float
        Illumination below it, 0..1, is badly exposed.
    offset : float
        Subtracted from the brighter exposure whose ratio was searched, any number; 1 is white.
    """

    mu: float = 0.5
    k: float | None = None
    lam: float = 0.5
    window: int = 5
    sharpness: float = 1e-3
    rtol: float = 1e-4
    k_range: tuple[float, float] = (1.0, 7.0)
    k_step: float = 0.01
    a: float = -0.3293
    b: float = 1.1258
    threshold: float = 0.5
    offset: float = 0.01

    examples: ClassVar[Examples] = {
        "mu": (0.7, {}),
        "k": (3.0, {}),
        "lam": (2.0, {}),
        "window": (9, {}),
        "sharpness": (0.02, {}),
        "rtol": (0.3, {}),
        "k_range": ((1.0, 1.7), {}),
        "k_step": (1.3, {}),
        "a": (-0.5, {}),
        "b": (0.9, {}),
        "threshold": (0.2, {}),
        "offset": (0.03, {}),
    }

    def __post_init__(self) -> None:
        _require("mu", self.mu, 0 <= self.mu < math.inf, "a number from 0")
        _require("k", self.k, self.k is None or 0 < self.k < math.inf, "a number above 0, or None to search it")
        _require("lam", self.lam, 0 <= self.lam <= 1e3, "a number from 0 to 1000")
        _require("window", self.window, self.window >= 1 and self.window % 2 == 1, "an odd number from 1")
        _require("sharpness", self.sharpness, 1e-6 <= self.sharpness < math.inf, "a number from 1e-6")
        _require("rtol", self.rtol, 1e-8 <= self.rtol < 1, "a number from 1e-8 to below 1")
        low, high = self.k_range
        _require("k_range", self.k_range, 0 < low <= high < math.inf, "(lowest, highest), 0 < lowest <= highest")
        fewest = (high - low) / 100_000
        _require("k_step", self.k_step, fewest < self.k_step < math.inf, "a number above 0, at most 100000 steps")
        for name in ("a", "b", "threshold", "offset"):
            _require(name, getattr(self, name), math.isfinite(getattr(self, name)), "a finite number")

    def __call__(self, image: Pixels, *, threads: int = 1) -> Pixels:
        """Enhance one photo.

        Parameters
        ----------
        image : uint8 array of shape (height, width, 3), RGB
            The photo; it is not written to.
        threads : int
            Number of threads that work on this photo, which pays from a few megapixels on; the result does not depend on it.

        Returns
        -------
        uint8 array of the same shape
            The enhanced photo.
        """
        photo = checked_photo(image)
        illumination = self._illumination(photo, threads)
        table = self._table(photo, illumination, threads)
        if table is None:
            return photo.copy()
        return kernels.blend_exposure(photo, illumination, table, self.mu, threads)

    def _illumination(self, photo: Pixels, threads: int) -> npt.NDArray[np.float64]:
        luminance = kernels.half_luminance(photo, threads)
        w_h, w_v = kernels.texture_weights(luminance, self.window, self.sharpness)
        return kernels.solve_illumination(luminance, w_h, w_v, self.lam, self.rtol, threads)[0]

    def _table(
        self, photo: Pixels, illumination: npt.NDArray[np.float64], threads: int
    ) -> npt.NDArray[np.float64] | None:
        """Compute the brighter exposure of each of the 256 levels, 1 is white; None where nothing is badly exposed."""
        levels = np.arange(256) / 255
        if self.k is not None:
            return np.minimum(camera_response(levels, self.k, self.a, self.b), 1)
        samples = kernels.exposure_samples(photo, illumination, self.threshold, threads)
        if samples.size == 0:
            return None
        k = kernels.best_exposure(samples, self.a, self.b, *self.k_range, self.k_step)
        table: npt.NDArray[np.float64] = camera_response(levels, k, self.a, self.b) - self.offset
        return table


def camera_response(level: npt.NDArray[np.float64], k: float, a: float, b: float) -> npt.NDArray[np.float64]:
    """Compute what a camera gives at k times the exposure, by the paper's beta-gamma model.

    g(level, k) = exp(b (1 - k**a)) level ** (k**a).

    Parameters
    ----------
    level : float64 array
        Levels at the photo's exposure; 1 is white.
    k : float
        Ratio of the exposures, above 0.
    a, b : float
        The model's parameters.

    Returns
    -------
    float64 array of the same shape
        Levels; they may exceed 1.
    """
    gamma = k**a
    result: npt.NDArray[np.float64] = np.exp(b * (1 - gamma)) * level**gamma
    return result


def _require(name: str, value: object, good: bool, wanted: str) -> None:
    if not good:
        raise UsageError(f"Contrast: {name} is {value!r}, expected {wanted}")
