"""Tables of a separable, antialiased resize along one axis: which pixels each output reads, and with what weights.

The filters are Pillow's: the kernel is stretched by the reduction factor (so that reducing averages, never skips),
sampled at pixel centres and normalised to sum to 1. A table holds the same number of taps for every output; unused
taps have weight 0, which changes no sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from ..errors import UsageError, checked_word

FilterName: TypeAlias = Literal["bilinear", "bicubic", "box", "lanczos"]
FILTERS: tuple[str, ...] = get_args(FilterName)

_Float: TypeAlias = npt.NDArray[np.float64]

#: Fixed-point weights carry 22 fractional bits: 8 bits of pixel and 2 of headroom (bicubic and Lanczos overshoot) fill 32.
FIXED_BITS = 22


def _bilinear(x: _Float) -> _Float:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _bicubic(x: _Float) -> _Float:
    a, x = -0.5, np.abs(x)
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    far = (((x - 5.0) * x + 8.0) * x - 4.0) * a
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def _box(x: _Float) -> _Float:
    return np.where((x > -0.5) & (x <= 0.5), 1.0, 0.0)


def _lanczos(x: _Float) -> _Float:
    return np.where((x >= -3.0) & (x < 3.0), np.sinc(x) * np.sinc(x / 3.0), 0.0)


_KERNELS: dict[str, tuple[Callable[[_Float], _Float], float]] = {
    "bilinear": (_bilinear, 1.0),
    "bicubic": (_bicubic, 2.0),
    "box": (_box, 0.5),
    "lanczos": (_lanczos, 3.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class AxisFilter:
    """One axis of a resize. Output i is ``sum(weights[i, t] * pixel[starts[i] + t])``; all arrays are read-only.

    Attributes
    ----------
    size : int
        Pixels of the axis that is read.
    starts : (outputs,) int32
        First pixel of each output's window, never decreasing.
    weights : (outputs, taps) float32
        Weights of the window's pixels.
    fixed : (outputs, taps) int32
        The weights in units of 2**-22.
    identity : bool
        Whether outputs are consecutive pixels, unchanged.
    """

    size: int
    starts: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    fixed: npt.NDArray[np.int32]
    identity: bool


@lru_cache(maxsize=512)
def axis_filter(size: int, resized: int, first: int, count: int, name: str) -> AxisFilter:
    """Return the table of one axis of a resize.

    Parameters
    ----------
    size : int
        Pixels of the axis.
    resized : int
        Pixels after the resize.
    first : int
        The first output that is kept.
    count : int
        Number of outputs that are kept.
    name : {"bilinear", "bicubic", "box", "lanczos"}
        The filter.

    Returns
    -------
    AxisFilter
        Shared by all callers.

    Raises
    ------
    UsageError
        For an unknown filter, or a window outside the resized axis.
    """
    checked_word("filter", name, FilterName)
    if size < 1 or first < 0 or count < 1 or first + count > resized:
        raise UsageError(
            f"outputs {first}..{first + count - 1} of an axis resized from {size} to {resized}: no such window"
        )
    return _table(size, *_sample(size, resized, first, count, *_KERNELS[name]))


@lru_cache(maxsize=64)
def gaussian_filter(size: int, sigma: float) -> AxisFilter:
    """Return the table that blurs one axis; beyond its ends there is nothing, and the weights there make up for it.

    Parameters
    ----------
    size : int
        Pixels of the axis.
    sigma : float
        Standard deviation in pixels, above 0; the kernel is cut off at four of them.

    Returns
    -------
    AxisFilter
        Shared by all callers.
    """
    reach = math.ceil(4.0 * sigma) + 0.5  # whole pixels on both sides of the centre's middle
    return _table(size, *_sample(size, size, 0, size, lambda x: np.exp(-0.5 * (x / sigma) ** 2), reach))


def _table(size: int, starts: npt.NDArray[np.int64], weights: _Float) -> AxisFilter:
    """Make the table of sampled windows, with the weights in both forms."""
    starts, weights = _trim(starts, weights, size)
    # Pillow rounds halves away from zero here.
    fixed = (np.copysign(0.5, weights) + weights * (1 << FIXED_BITS)).astype(np.int32)
    steps_of_one = bool(np.all(np.diff(starts) == 1))
    identity = weights.shape[1] == 1 and steps_of_one
    arrays: list[npt.NDArray[Any]] = [starts.astype(np.int32), weights.astype(np.float32), fixed]
    for array in arrays:
        array.flags.writeable = False
    return AxisFilter(size, arrays[0], arrays[1], arrays[2], identity)


def _sample(
    size: int, resized: int, first: int, count: int, kernel: Callable[[_Float], _Float], radius: float
) -> tuple[npt.NDArray[np.int64], _Float]:
    """Return the first pixel of each output's window, and normalised weights (outputs, taps) with zeros past the window."""
    scale = size / resized
    stretch = max(scale, 1.0)
    support = radius * stretch
    centre = (np.arange(first, first + count) + 0.5) * scale
    low = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    high = np.minimum((centre + support + 0.5).astype(np.int64), size)
    taps = np.arange(math.ceil(support) * 2 + 1)
    weights = kernel((taps + low[:, None] - centre[:, None] + 0.5) / stretch)
    weights[taps >= (high - low)[:, None]] = 0.0
    total = weights.sum(axis=1, keepdims=True)
    return low, weights / np.where(total == 0.0, 1.0, total)


def _trim(starts: npt.NDArray[np.int64], weights: _Float, size: int) -> tuple[npt.NDArray[np.int64], _Float]:
    """Drop taps of weight 0 at both ends, as far as all outputs can do with fewer, and keep windows inside."""
    used = weights != 0.0
    lead = np.argmax(used, axis=1)
    tail = weights.shape[1] - np.argmax(used[:, ::-1], axis=1)
    # A weight that is exactly zero at a window's front must not make it start after the next one.
    begin = np.minimum.accumulate((starts + lead)[::-1])[::-1]
    taps = int((starts + tail - begin).max())
    begin = np.minimum(begin, size - taps)
    source = (begin - starts)[:, None] + np.arange(taps)
    inside = (source >= 0) & (source < weights.shape[1])
    picked = np.take_along_axis(weights, np.clip(source, 0, weights.shape[1] - 1), axis=1)
    return begin, np.where(inside, picked, 0.0)
