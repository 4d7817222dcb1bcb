"""Numba twins of the lattice kernels, for machines without the extension. Definition: ``reference/lattice.py``."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from .resize import resize_adjoint, resize_lattice

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Offsets: TypeAlias = npt.NDArray[np.int8]
_Float32: TypeAlias = npt.NDArray[np.float32]
_Int32: TypeAlias = npt.NDArray[np.int32]


def lattice_photo(photo: _Pixels, offsets: _Offsets, units: int) -> _Pixels:
    """See ``reference.lattice.lattice_photo``."""
    out = np.empty(photo.shape, np.uint8)
    _lattice_photo(photo.reshape(-1), offsets.reshape(-1), units, out.reshape(-1))
    return out


def largest_change(photo: _Pixels, other: _Pixels) -> int:
    """See ``reference.lattice.largest_change``."""
    return int(_largest_change(photo.reshape(-1), other.reshape(-1)))


def lattice_step(
    photo: _Pixels,
    offsets: _Offsets,
    units: int,
    gradient: _Float32,
    row_starts: _Int32,
    row_weights: _Float32,
    column_starts: _Int32,
    column_weights: _Float32,
    order: _Int32,
    gain: _Float32,
    bias: _Float32,
    step: int,
    bound: int,
    extra: _Float32 | None,
    planes: _Float32 | None,
) -> None:
    """See ``reference.lattice.lattice_step``; simple rather than lean: it holds a float copy of the photo, and
    reads the moved photo in a pass of its own."""
    tables = row_starts, row_weights, column_starts, column_weights
    full = np.zeros(photo.shape, np.float32) if extra is None else extra.copy()
    resize_adjoint(gradient, *tables, order, gain, full)
    _step(photo.reshape(-1), offsets.reshape(-1), units, full.reshape(-1), step, bound)
    if planes is not None:
        planes[...] = resize_lattice(photo, offsets, units, *tables, order, gain, bias)


@njit(cache=True, nogil=True)
def _lattice_photo(photo: Any, offsets: Any, units: Any, out: Any) -> None:
    for i in range(photo.size):
        offset = np.int32(offsets[i])
        whole = offset // units if offset >= 0 else -(-offset // units)
        out[i] = min(max(np.int32(photo[i]) + whole, 0), 255)


@njit(cache=True, nogil=True)
def _largest_change(photo: Any, other: Any) -> Any:
    largest = np.int32(0)
    for i in range(photo.size):
        largest = max(largest, abs(np.int32(photo[i]) - np.int32(other[i])))
    return largest


@njit(cache=True, nogil=True)
def _step(photo: Any, offsets: Any, units: Any, gradient: Any, step: Any, bound: Any) -> None:
    for i in range(photo.size):
        start = np.int32(photo[i]) * units
        sign = np.int32(gradient[i] > 0.0) - np.int32(gradient[i] < 0.0)
        moved = np.int32(offsets[i]) + sign * step
        offsets[i] = min(max(moved, max(-bound, -start)), min(bound, 255 * units - start))
