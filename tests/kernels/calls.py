"""One call of every kernel for a photo of any size, and how its twins' answers are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.filters import axis_filter

ORDER = np.array([2, 0, 1], np.int32)
GAIN = np.array([0.5, 1.0, 0.25], np.float32)
BIAS = np.array([-1.0, 0.0, 2.0], np.float32)


@dataclass(frozen=True)
class Call:
    """Arguments, the indices of those that are written in place, and what two twins' answers may differ by."""

    arguments: tuple[Any, ...]
    written: tuple[int, ...] = ()
    tolerance: dict[str, float] = field(default_factory=dict)
    seldom: float = 0.0  # share of the values that may differ by 1 instead: ties of rounding

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
            if self.seldom:
                different = np.abs(mine.astype(int) - theirs)
                assert different.max(initial=0) <= 1
                assert np.count_nonzero(different) <= 1 + self.seldom * different.size
            else:
                np.testing.assert_allclose(mine, theirs, **({"rtol": 0, "atol": 0} | self.tolerance))


def _arrays(answer: Any) -> list[np.ndarray]:
    return [np.asarray(part) for part in (answer if isinstance(answer, tuple) else (answer,))]


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def floats(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def whole(*shape: int, seed: int = 2) -> np.ndarray:
    """Whole numbers, whose sums have no rounding: twins then agree on every sign."""
    return np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float32)


def offsets(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(-8, 9, (height, width, 3)).astype(np.int8)


def tables(height: int, width: int, fixed: bool = False, name: str = "bicubic") -> tuple[Any, ...]:
    """Both axes halved."""
    axes = [axis_filter(n, half(n), 0, half(n), name) for n in (height, width)]
    return tuple(t for axis in axes for t in (axis.starts, axis.fixed if fixed else axis.weights))


def half(length: int) -> int:
    return max(1, length // 2)


def motions(height: int, width: int) -> np.ndarray:
    return np.array([[0, 0, 0], [20, 0.2 * width, -0.1 * height], [-190, 1e9, 0.3], [3, -0.5, 0.5]], np.float64)


def half_map(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0 : (height + 1) // 2, 0 : (width + 1) // 2]
    return np.clip(0.53 + 0.8 * np.sin(x / 5) * np.cos(y / 7), 0, 1)


def weights(height: int, width: int) -> tuple[np.ndarray, ...]:
    luminance = floats(height, width)
    return (luminance, *kernels.get("texture_weights", "reference")(luminance, 5, 1e-3))


def drawing(height: int, width: int) -> tuple[Any, ...]:
    fall = np.exp(-np.arange(766) / 30.0)
    blur, fine, coarse = (np.array(h, np.float32) for h in ([0.4, 0.3], [0.6, 0.2, 0.0], [0.3, 0.2, 0.15]))
    tone = np.round(np.linspace(0, 6, 255 * 16 + 1)).astype(np.float32) * np.float32(255 / 6)
    shares = np.array([0.8 * fall, 0.5 * fall], np.float32)
    return photo(height, width), blur, shares, 2, tone, 1.3, fine, coarse, 1.5, 0.15, 0.8


def packed(height: int, width: int) -> tuple[np.ndarray, int]:
    """LZW without a dictionary: 9-bit codes, cleared before they would grow."""
    values = photo(height, width).ravel().astype(int)
    blocks = [np.concatenate([[256], values[i : i + 250]]) for i in range(0, len(values), 250)]
    bits = (np.concatenate([*blocks, [257]])[:, None] >> np.arange(8, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).ravel()), values.size


def _lattice_step(h: int, w: int) -> Call:
    gradient, start = whole(3, half(h), half(w)), photo(h, w)
    within = np.clip(offsets(h, w), -2 * start.astype(int), 2 * (255 - start.astype(int))).astype(np.int8)
    step = start, within, 2, gradient, *tables(h, w, name="box"), ORDER, GAIN, BIAS, 3, 16
    return Call((*step, 4 * whole(h, w, 3), np.zeros_like(gradient)), written=(1, 14), tolerance={"atol": 2e-4})


def _warp_input(h: int, w: int, dtype: type = np.float32, layout: str = "NCHW") -> Call:
    written = np.zeros((4, 3, half(h), half(w)) if layout == "NCHW" else (4, half(h), half(w), 3), dtype)
    return Call((photo(h, w), motions(h, w), ORDER, GAIN, BIAS, written, layout, h - half(h), 0), written=(5,))


def _resize_adjoint(h: int, w: int) -> Call:
    arguments = whole(3, half(h), half(w)), *tables(h, w), ORDER, GAIN, floats(h, w, 3)
    return Call(arguments, written=(7,), tolerance={"atol": 1e-5})


def _resize_lattice(h: int, w: int) -> Call:
    arguments = photo(h, w), offsets(h, w), 2, *tables(h, w), ORDER, GAIN, BIAS
    return Call(arguments, tolerance={"atol": 2e-4})


def kernel_of(case: str) -> str:
    return case.split(",")[0]


#: A case is a kernel's name, or that name and which of its forms.
CALLS: dict[str, Callable[[int, int], Call]] = {
    "half_luminance": lambda h, w: Call((photo(h, w),), tolerance={"atol": 1.2e-7}),
    "texture_weights": lambda h, w: Call((floats(h, w), 5, 1e-3), tolerance={"rtol": 3e-5}),
    "solve_illumination": lambda h, w: Call((*weights(h, w), 0.5, 1e-6), tolerance={"atol": 1e-4}),
    "exposure_samples": lambda h, w: Call((photo(h, w), half_map(h, w), 0.5), tolerance={"atol": 1e-6}),
    "best_exposure": lambda h, w: Call(
        (np.sort(floats(min(h * w, 2500)).astype(np.float64)), -0.3, 1.1, 1.0, 7.0, 0.01)
    ),
    "blend_exposure": lambda h, w: Call((photo(h, w), half_map(h, w), np.linspace(0, 1.4, 256), 0.5), seldom=1e-3),
    "resize_u8": lambda h, w: Call((photo(h, w), *tables(h, w, fixed=True))),
    "normalise": lambda h, w: Call((photo(h, w), ORDER, GAIN, BIAS), tolerance={"atol": 1e-5}),
    "resize_lattice": _resize_lattice,
    "resize_adjoint": _resize_adjoint,
    "lattice_step": _lattice_step,
    "lattice_photo": lambda h, w: Call((photo(h, w), offsets(h, w), 2)),
    "largest_change": lambda h, w: Call((photo(h, w), photo(h, w, 1))),
    "least_norm": lambda h, w: Call(
        (8 * whole(half(h), half(w), 3), *tables(h, w)), tolerance={"rtol": 1e-4, "atol": 1e-3}
    ),
    "lift": lambda h, w: Call((photo(h, w), 8 * whole(half(h), half(w), 3), *tables(h, w), 8, 2), seldom=0.02),
    "warp_u8": lambda h, w: Call((photo(h, w), motions(h, w))),
    "warp_input": _warp_input,
    "warp_input, NHWC": partial(_warp_input, layout="NHWC"),
    "warp_input, fp16 NCHW": partial(_warp_input, dtype=np.float16),
    "warp_input, fp16 NHWC": partial(_warp_input, dtype=np.float16, layout="NHWC"),
    "warp_input, bf16 NCHW": partial(_warp_input, dtype=np.uint16),
    "warp_input, bf16 NHWC": partial(_warp_input, dtype=np.uint16, layout="NHWC"),
    "filled_area": lambda h, w: Call((motions(h, w), h, w)),
    "cartoon_filter": lambda h, w: Call(drawing(h, w)),
    "unpack_lzw": lambda h, w: Call(packed(h, w)),
    "squared_difference": lambda h, w: Call((photo(h, w), photo(h, w, 1))),
    "ssim": lambda h, w: Call((photo(h, w), photo(h, w, 1)), tolerance={"atol": 1e-12}),
}
