"""Every kernel's example (``kernels/examples.py``) on noise of any size, and how its twins' answers are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.examples import example
from pixelpriv_fast.kernels.filters import axis_filter
from pixelpriv_fast.kernels.table import EXACT, KERNELS, Tolerance

ORDER = np.array([2, 0, 1], np.int32)
GAIN = np.array([0.5, 1.0, 0.25], np.float32)
BIAS = np.array([-1.0, 0.0, 2.0], np.float32)


@dataclass(frozen=True)
class Call:
    """Arguments, the indices of those that are written in place, and what two twins' answers may differ by."""

    arguments: tuple[Any, ...]
    written: tuple[int, ...] = ()
    tolerance: Tolerance = field(default=EXACT)

    def answer(self, kernel: Callable[..., Any]) -> Any:
        """What ``kernel`` returns or, on a copy, writes."""
        if not self.written:
            return kernel(*self.arguments)
        arguments = [value.copy() if i in self.written else value for i, value in enumerate(self.arguments)]
        kernel(*arguments)
        return tuple(arguments[i] for i in self.written)

    def compare(self, got: Any, want: Any) -> None:
        for mine, theirs in zip(_arrays(got), _arrays(want), strict=True):
            assert mine.shape == theirs.shape
            assert mine.dtype == theirs.dtype
            if share := self.tolerance.off_by_one:
                different = np.abs(mine.astype(int) - theirs)
                assert different.max(initial=0) <= 1
                assert np.count_nonzero(different) <= 1 + share * different.size
            else:
                np.testing.assert_allclose(mine, theirs, rtol=self.tolerance.rtol, atol=self.tolerance.atol)


def call_of(name: str, height: int, width: int) -> Call:
    """The example call of kernel ``name`` on a photo of this size."""
    row = KERNELS[name]
    return Call(example(name, Noise(height, width, name)), row.written, row.tolerance)


#: A box's sums of whole numbers are exact: twins then agree on every sign.
FILTERS = {"lattice_step": "box"}


def _arrays(answer: Any) -> list[np.ndarray]:
    return [np.asarray(part) for part in (answer if isinstance(answer, tuple) else (answer,))]


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def floats(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def whole(*shape: int, seed: int = 2) -> np.ndarray:
    """Whole numbers, whose sums have no rounding: twins then agree on every sign."""
    return np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float32)


def half(length: int) -> int:
    return max(1, length // 2)


def resampler(height: int, width: int, name: str = "bicubic") -> kernels.Resampler:
    """Both axes halved."""
    rows, columns = (axis_filter(n, half(n), 0, half(n), name) for n in (height, width))
    return kernels.Resampler(rows, columns, ORDER, GAIN, BIAS)


class Noise:
    """The tests' ``kernels.examples.Inputs``, for the kernel of this name."""

    rtol, units, rounds = 1e-6, 2, 2
    move = (2, 3, 16)
    channels = (ORDER, GAIN, BIAS)

    def __init__(self, height: int, width: int, name: str) -> None:
        self.size = height, width
        self.small = half(height), half(width)
        self.photo, self.other = photo(height, width), photo(height, width, 1)
        self.luminance = floats(height, width)
        self.name, self.resampler = name, resampler(height, width, FILTERS.get(name, "bicubic"))
        self.gradient, self.planes = whole(3, *self.small), np.zeros((3, *self.small), np.float32)
        self.wanted = 8 * whole(*self.small, 3)
        self.total, self.extra = floats(height, width, 3), 4 * whole(height, width, 3)
        self.batch = np.zeros((4, 3, *self.small), np.float32)

    @property
    def weights(self) -> Any:
        return kernels.get("texture_weights", "reference")(self.luminance, 5, 1e-3)

    @property
    def illumination(self) -> np.ndarray:
        y, x = np.mgrid[0 : (self.size[0] + 1) // 2, 0 : (self.size[1] + 1) // 2]
        return np.clip(0.53 + 0.8 * np.sin(x / 5) * np.cos(y / 7), 0, 1)

    @property
    def samples(self) -> np.ndarray:
        return np.sort(floats(min(self.size[0] * self.size[1], 2500)).astype(np.float64))

    @property
    def offsets(self) -> np.ndarray:
        """In half levels. Those of a step are an iterate's, with which the photo stays within 0..255."""
        made, start = np.random.default_rng(3).integers(-8, 9, self.photo.shape), self.photo.astype(int)
        within = np.clip(made, -2 * start, 2 * (255 - start)) if self.name == "lattice_step" else made
        return within.astype(np.int8)

    @property
    def crop(self) -> kernels.Resampler:
        """The lower left quarter."""
        (height, width), (rows, columns) = self.size, self.small
        axes = axis_filter(height, height, height - rows, rows, "box"), axis_filter(width, width, 0, columns, "box")
        return kernels.Resampler(*axes, ORDER, GAIN, BIAS)

    @property
    def motions(self) -> np.ndarray:
        height, width = self.size
        return np.array([[0, 0, 0], [20, 0.2 * width, -0.1 * height], [-190, 1e9, 0.3], [3, -0.5, 0.5]], np.float64)

    @property
    def tone(self) -> np.ndarray:
        return np.round(np.linspace(0, 6, 255 * 16 + 1)).astype(np.float32) * np.float32(255 / 6)
