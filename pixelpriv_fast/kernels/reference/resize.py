"""Separable resize from 8-bit pixels, and its adjoint: the definition.

Tables come from ``kernels.filters.axis_filter``. Network layouts are planar: (3, height, width) float32, channel c of
which is ``gain[c] * pixel[order[c]] + bias[c]``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..filters import FIXED_BITS

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Float32: TypeAlias = npt.NDArray[np.float32]
_Int32: TypeAlias = npt.NDArray[np.int32]


def matrix(starts: _Int32, weights: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The table as a dense matrix (outputs, size), in the widest type of its kind."""
    dense = np.zeros((len(starts), size), np.int64 if weights.dtype.kind == "i" else np.float64)
    for output, (start, row) in enumerate(zip(starts, weights, strict=True)):
        dense[output, start : start + len(row)] = row
    return dense


def resize_u8(
    photo: _Pixels,
    row_starts: _Int32,
    row_fixed: _Int32,
    column_starts: _Int32,
    column_fixed: _Int32,
    threads: int = 1,
) -> _Pixels:
    """Pillow's 8-bit resize: along the width first, then along the height, each rounded to 8 bits.

    photo (H, W, 3) -> (h, w, 3). Pillow 13 takes the height first where that is much cheaper, earlier versions never
    do; the two differ by the rounding in between (and by the clipping of bicubic overshoots). The result does not
    depend on ``threads``.
    """
    del threads
    rows = matrix(row_starts, row_fixed, photo.shape[0])
    columns = matrix(column_starts, column_fixed, photo.shape[1])
    half = 1 << (FIXED_BITS - 1)
    across = np.einsum("xw,hwc->hxc", columns, photo.astype(np.int64))
    across = np.clip((across + half) >> FIXED_BITS, 0, 255)
    down = np.einsum("yh,hxc->yxc", rows, across)
    small: _Pixels = np.clip((down + half) >> FIXED_BITS, 0, 255).astype(np.uint8)
    return small


def normalise(pixels: _Pixels, order: _Int32, gain: _Float32, bias: _Float32) -> _Float32:
    """pixels (h, w, 3) -> (3, h, w)."""
    planes = pixels.transpose(2, 0, 1)[order].astype(np.float32)
    return np.ascontiguousarray(planes * gain[:, None, None] + bias[:, None, None])


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
    """The unrounded resize of ``photo + offsets / units``, normalised. photo, offsets (H, W, 3) -> (3, h, w)."""
    rows = matrix(row_starts, row_weights, photo.shape[0])
    columns = matrix(column_starts, column_weights, photo.shape[1])
    exact = photo + offsets / float(units)
    small = np.einsum("yh,hwc,xw->cyx", rows, exact, columns, optimize=True)
    return np.ascontiguousarray(small[order] * gain[:, None, None] + bias[:, None, None], dtype=np.float32)


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
    """Adds to ``out`` (H, W, 3) what the network's gradient (3, h, w) says of each pixel: the transpose of
    ``resize_lattice``'s linear part."""
    rows = matrix(row_starts, row_weights, out.shape[0])
    columns = matrix(column_starts, column_weights, out.shape[1])
    by_colour = np.zeros(gradient.shape)
    by_colour[order] = gradient * gain[:, None, None].astype(np.float64)
    out += np.einsum("yh,cyx,xw->hwc", rows, by_colour, columns, optimize=True).astype(np.float32)
