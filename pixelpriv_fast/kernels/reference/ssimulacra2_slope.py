"""How the weighted difference of SSIMULACRA 2 falls and rises with a photo's samples: the definition.

The difference is that of ``ssimulacra2``, between a photo and the same photo with a change. Each part of it is followed here
by its slope: what a slope by the part's answer is by its arguments.

Choice: where there are two slopes, at a kink, it is 0: of maps and of norms that are 0, and of a sample that does not differ
from its surroundings' mean. A sample at 0 or 255 has the slope of the range's inside, or a black or white place could never
change.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from ...types import Floats, Pixels
from .ssim import Doubles, require_photos
from .ssimulacra2 import (
    C2,
    DARK,
    MIX,
    NORMS,
    SCALES,
    SMALLEST,
    blur,
    halved,
    linear_light,
    opponent,
    require_weights,
)


def ssimulacra2_slope(original: Pixels, change: Floats, weights: npt.NDArray[np.float64], slope: Floats) -> float:
    """Return the weighted difference of ``original`` and the same with a change, and write its gradient.

    Parameters
    ----------
    original : (h, w, 3) uint8
        The original, sRGB.
    change : (h, w, 3) float32
        What is added to it, in grey levels; the sum is kept within 0..255, and not rounded.
    weights : (108,) float64
        As ``ssimulacra2`` takes them.
    slope : (h, w, 3) float32
        Written to: the gradient by the change, per grey level. 0 where the change leads out of 0..255.

    Returns
    -------
    float
        The difference, as ``ssimulacra2`` has it for whole numbers. With a side under 8 pixels it is 0, and so is the slope.

    Raises
    ------
    ValueError
        For other shapes.
    TypeError
        For other dtypes.
    """
    require_photos(original, original)
    require_weights(weights)
    for name, array in (("change", change), ("slope", slope)):
        if array.shape != original.shape:
            raise UsageError(f"{name} has shape {array.shape}, expected {original.shape}")
        if array.dtype != np.float32:
            raise TypeError(f"{name} has dtype {array.dtype}, expected float32")
    moved = original.astype(np.float32) + change
    levels = np.clip(moved, 0, 255).astype(np.float64)
    lights = [(linear_light(original), linear_light(levels))]
    while len(lights) < SCALES and min(halved(lights[-1][0]).shape[:2]) >= SMALLEST:
        lights.append((halved(lights[-1][0]), halved(lights[-1][1])))
    total, by_light = 0.0, np.zeros_like(levels)
    if min(levels.shape[:2]) >= SMALLEST:
        of_scales = weights[: 18 * len(lights)].reshape(3, len(lights), *NORMS[2:])
        total, by_light = _light_slope(lights, of_scales)
    slope[...] = np.where((moved >= 0) & (moved <= 255), by_light * _linear_light_slope(levels), 0)
    return total


def _light_slope(lights: list[tuple[Doubles, Doubles]], weights: Doubles) -> tuple[float, Doubles]:
    """Return the difference of these scales, the finest first, and its slope by the finest one's changed light."""
    (a, b), coarser = lights[0], lights[1:]
    total, by_opponent = _weighted_norms(opponent(a), opponent(b), weights[:, 0])
    by_light = _opponent_slope(b, by_opponent)
    if coarser:
        rest, by_half = _light_slope(coarser, weights[:, 1:])
        total += rest
        by_light += _halved_slope(by_half, b.shape)
    return total, by_light


def _linear_light_slope(levels: Doubles) -> Doubles:
    value = levels / 255
    return np.where(value <= 0.04045, 1 / 12.92, 2.4 / 1.055 * ((value + 0.055) / 1.055) ** 1.4) / 255


def _halved_slope(by_half: Doubles, shape: tuple[int, ...]) -> Doubles:
    """Spread each slope over 2 x 2 samples; of what was its own neighbour all shares are one sample's."""
    height, width = shape[:2]
    spread = np.repeat(np.repeat(by_half, 2, axis=0), 2, axis=1) / 4
    if height % 2:
        spread[-2] += spread[-1]
    if width % 2:
        spread[:, -2] += spread[:, -1]
    return spread[:height, :width]


def _opponent_slope(light: Doubles, by_opponent: Doubles) -> Doubles:
    x, y, third = np.moveaxis(by_opponent, 2, 0)
    even = (y - third) / 2
    by_response = np.stack([even + 7 * x, even - 7 * x, third], axis=2)
    slope: Doubles = by_response / (3 * np.cbrt(light @ MIX.T + DARK) ** 2) @ MIX
    return slope


def _weighted_norms(a: Doubles, b: Doubles, weights: Doubles) -> tuple[float, Doubles]:
    """Return the weighted norms of the three maps of each plane, and their slope by ``b``; weights are (3, 2, 3)."""
    mean_a, mean_b, power, square = blur(a), blur(b), blur(a * a + b * b), blur((b - a) ** 2)
    # One minus structural similarity, by the variance of the difference: no more than twice the covariance is missing.
    means, whole = (mean_b - mean_a) ** 2, power - mean_a**2 - mean_b**2 + C2
    changed = square - means
    structure = (changed + means * (whole - changed)) / whole
    before, after = a - mean_a, b - mean_b
    edges = (np.abs(after) - np.abs(before)) / (1 + np.abs(before))
    total, (by_structure, by_gained, by_lost) = _norms(np.stack([structure, edges, -edges]), weights)

    by_square, by_power = by_structure * (1 - means) / whole, by_structure * (means - structure) / whole
    by_means = by_structure * (whole - changed - 1 + means) / whole  # of which `changed` is a part too
    by_after = (by_gained - by_lost) * np.sign(after) / (1 + np.abs(before))
    by_mean = 2 * by_means * (mean_b - mean_a) - 2 * by_power * mean_b - by_after
    # A blur is its own transpose: the Gaussian is symmetric, and so is the way in which a photo goes on.
    by_b = by_after + blur(by_mean) + 2 * blur(by_power) * b + 2 * blur(by_square) * (b - a)
    return total, by_b


def _norms(maps: Doubles, weights: Doubles) -> tuple[float, Doubles]:
    """Return the weighted means and fourth norms of what is above 0 in maps, (3, h, w, 3 planes), and their slope."""
    maps = np.maximum(maps, 0)
    number = maps.shape[1] * maps.shape[2]
    mean, fourth = maps.mean((1, 2)), (maps**4).mean((1, 2)) ** 0.25
    of_mean, of_fourth = np.moveaxis(weights, 0, 2)
    relative = maps / np.where(fourth > 0, fourth, 1)[:, None, None]
    slope = (of_mean[:, None, None] + of_fourth[:, None, None] * relative**3) / number
    return float((of_mean * mean + of_fourth * fourth).sum()), np.where(maps > 0, slope, 0)
