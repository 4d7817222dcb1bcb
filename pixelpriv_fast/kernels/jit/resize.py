"""Numba twins of the resize kernels, for machines without the extension. Definition: ``reference/resize.py``."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from ..filters import FIXED_BITS

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Float32: TypeAlias = npt.NDArray[np.float32]
_Int32: TypeAlias = npt.NDArray[np.int32]

_HALF = 1 << (FIXED_BITS - 1)


def resize_u8(
    photo: _Pixels,
    row_starts: _Int32,
    row_fixed: _Int32,
    column_starts: _Int32,
    column_fixed: _Int32,
    threads: int = 1,
) -> _Pixels:
    """See ``reference.resize.resize_u8``."""
    del threads
    out = np.empty((len(row_starts), len(column_starts), 3), np.uint8)
    _resize_u8(photo, row_starts, row_fixed, column_starts, column_fixed, out)
    return out


def normalise(pixels: _Pixels, order: _Int32, gain: _Float32, bias: _Float32) -> _Float32:
    """See ``reference.resize.normalise``."""
    out = np.empty((3, *pixels.shape[:2]), np.float32)
    _normalise(pixels, order, gain, bias, out)
    return out


def resize_lattice(
    photo: _Pixels,
    offsets: npt.NDArray[np.int8],
    units: int,
    row_starts: _Int32,
    row_weights: _Float32,
    column_starts: _Int32,
    column_weights: _Float32,
    order: _Int32,
    gain: _Float32,
    bias: _Float32,
) -> _Float32:
    """See ``reference.resize.resize_lattice``."""
    out = np.empty((3, len(row_starts), len(column_starts)), np.float32)
    scaled = gain / np.float32(units)
    _resize_lattice(
        photo, offsets, units, row_starts, row_weights, column_starts, column_weights, order, scaled, bias, out
    )
    return out


def resize_adjoint(
    gradient: _Float32,
    row_starts: _Int32,
    row_weights: _Float32,
    column_starts: _Int32,
    column_weights: _Float32,
    order: _Int32,
    gain: _Float32,
    out: _Float32,
) -> None:
    """See ``reference.resize.resize_adjoint``."""
    _resize_adjoint(gradient, row_starts, row_weights, column_starts, column_weights, order, gain, out)


@njit(cache=True, nogil=True)
def _clip8(total: Any) -> Any:
    return min(max((total + _HALF) >> FIXED_BITS, 0), 255)


@njit(cache=True, nogil=True)
def _resize_u8(photo: Any, row_starts: Any, row_fixed: Any, column_starts: Any, column_fixed: Any, out: Any) -> None:
    first, end = row_starts[0], row_starts[-1] + row_fixed.shape[1]
    across = np.empty((end - first, out.shape[1], 3), np.uint8)
    for r in range(end - first):
        for x in range(out.shape[1]):
            for c in range(3):
                total = 0
                for t in range(column_fixed.shape[1]):
                    total += column_fixed[x, t] * np.int64(photo[first + r, column_starts[x] + t, c])
                across[r, x, c] = _clip8(total)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(3):
                total = 0
                for t in range(row_fixed.shape[1]):
                    total += row_fixed[y, t] * np.int64(across[row_starts[y] - first + t, x, c])
                out[y, x, c] = _clip8(total)


@njit(cache=True, nogil=True)
def _normalise(pixels: Any, order: Any, gain: Any, bias: Any, out: Any) -> None:
    for c in range(3):
        for y in range(pixels.shape[0]):
            for x in range(pixels.shape[1]):
                out[c, y, x] = np.float32(pixels[y, x, order[c]]) * gain[c] + bias[c]


@njit(cache=True, nogil=True)
def _resize_lattice(
    photo: Any,
    offsets: Any,
    units: Any,
    row_starts: Any,
    row_weights: Any,
    column_starts: Any,
    column_weights: Any,
    order: Any,
    gain: Any,
    bias: Any,
    out: Any,
) -> None:
    sums = np.empty((photo.shape[1], 3), np.float32)
    for y in range(out.shape[1]):
        sums[:] = np.float32(0.0)
        for t in range(row_weights.shape[1]):
            r, weight = row_starts[y] + t, row_weights[y, t]
            for x in range(photo.shape[1]):
                for c in range(3):
                    sums[x, c] += weight * np.float32(np.int32(photo[r, x, c]) * units + offsets[r, x, c])
        for c in range(3):
            for x in range(out.shape[2]):
                total = np.float32(0.0)
                for t in range(column_weights.shape[1]):
                    total += column_weights[x, t] * sums[column_starts[x] + t, order[c]]
                out[c, y, x] = total * gain[c] + bias[c]


@njit(cache=True, nogil=True)
def _spread_row(
    gradient: Any, y: Any, column_starts: Any, column_weights: Any, order: Any, gain: Any, target: Any
) -> None:
    """One row of the network's gradient along the photo's width: ``target`` (W, 3) is overwritten."""
    target[:] = np.float32(0.0)
    for c in range(3):
        for x in range(gradient.shape[2]):
            value = gradient[c, y, x] * gain[c]
            for t in range(column_weights.shape[1]):
                target[column_starts[x] + t, order[c]] += column_weights[x, t] * value


@njit(cache=True, nogil=True)
def _resize_adjoint(
    gradient: Any,
    row_starts: Any,
    row_weights: Any,
    column_starts: Any,
    column_weights: Any,
    order: Any,
    gain: Any,
    out: Any,
) -> None:
    spread = np.empty((out.shape[1], 3), np.float32)
    for y in range(gradient.shape[1]):
        _spread_row(gradient, y, column_starts, column_weights, order, gain, spread)
        for t in range(row_weights.shape[1]):
            weight = row_weights[y, t]
            for x in range(out.shape[1]):
                for c in range(3):
                    out[row_starts[y] + t, x, c] += weight * spread[x, c]
