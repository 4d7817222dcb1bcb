"""Separable resize from 8-bit pixels, and its adjoint: the definition.

Tables come from ``kernels.filters.axis_filter``. Network layouts are planar: (3, height, width) float32, channel c of
which is ``gain[c] * pixel[order[c]] + bias[c]``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..filters import FIXED_BITS, AxisFilter
from .resampler import Resampler

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Float32: TypeAlias = npt.NDArray[np.float32]
_Int32: TypeAlias = npt.NDArray[np.int32]


def matrix(axis: AxisFilter, weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the table of an axis as a dense matrix.

    Parameters
    ----------
    axis : AxisFilter
        The table.
    weights : (outputs, taps) ndarray
        ``axis.weights`` or ``axis.fixed``.

    Returns
    -------
    (outputs, axis.size) ndarray
        float64, or int64 for fixed-point weights.
    """
    dense = np.zeros((len(axis.starts), axis.size), np.int64 if weights.dtype.kind == "i" else np.float64)
    for output, (start, row) in enumerate(zip(axis.starts, weights, strict=True)):
        dense[output, start : start + len(row)] = row
    return dense


def exact_matrices(resampler: Resampler) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the dense matrices, in float64, of the height and of the width."""
    rows, columns = resampler.rows, resampler.columns
    return matrix(rows, rows.weights), matrix(columns, columns.weights)


def resize_u8(photo: _Pixels, resampler: Resampler, threads: int = 1) -> _Pixels:
    """Resize as Pillow does: along the width first, then along the height, each rounded to 8 bits.

    Pillow 13 takes the height first where that is much cheaper, earlier versions never do; the two differ by the
    rounding in between (and by the clipping of bicubic overshoots).

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The photo.
    resampler : Resampler
        From (H, W) to (h, w); its channels are not used.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    (h, w, 3) uint8
        The resized photo.
    """
    del threads
    rows, columns = (matrix(axis, axis.fixed) for axis in (resampler.rows, resampler.columns))
    half = 1 << (FIXED_BITS - 1)
    across = np.einsum("xw,hwc->hxc", columns, photo.astype(np.int64))
    across = np.clip((across + half) >> FIXED_BITS, 0, 255)
    down = np.einsum("yh,hxc->yxc", rows, across)
    small: _Pixels = np.clip((down + half) >> FIXED_BITS, 0, 255).astype(np.uint8)
    return small


def normalise(pixels: _Pixels, order: _Int32, gain: _Float32, bias: _Float32) -> _Float32:
    """Bring 8-bit pixels into a network's planar input: ``gain[c] * pixel[order[c]] + bias[c]``.

    Parameters
    ----------
    pixels : (h, w, 3) uint8
        The photo.
    order : (3,) int32
        The RGB channel that each input channel reads.
    gain, bias : (3,) float32
        Factor and offset of each input channel.

    Returns
    -------
    (3, h, w) float32
        The input.
    """
    planes = pixels.transpose(2, 0, 1)[order].astype(np.float32)
    return np.ascontiguousarray(planes * gain[:, None, None] + bias[:, None, None])


def resize_lattice(photo: _Pixels, offsets: npt.NDArray[np.int8], units: int, resampler: Resampler) -> _Float32:
    """Resize ``photo + offsets / units`` without rounding, and normalise it.

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The start photo.
    offsets : (H, W, 3) int8
        Changes of the photo, in units.
    units : int
        Units to a grey level, 1 or 2.
    resampler : Resampler
        From (H, W) to (h, w).

    Returns
    -------
    (3, h, w) float32
        The network's input.
    """
    rows, columns = exact_matrices(resampler)
    exact = photo + offsets / float(units)
    small = np.einsum("yh,hwc,xw->cyx", rows, exact, columns, optimize=True)
    gain, bias = resampler.gain[:, None, None], resampler.bias[:, None, None]
    return np.ascontiguousarray(small[resampler.order] * gain + bias, dtype=np.float32)


def resize_adjoint(gradient: _Float32, resampler: Resampler, out: _Float32) -> None:
    """Add a network's gradient, brought back to each pixel of the photo, to ``out``.

    This is the transpose of ``resize_lattice``'s linear part.

    Parameters
    ----------
    gradient : (3, h, w) float32
        The gradient at the network's input.
    resampler : Resampler
        From (H, W) to (h, w).
    out : (H, W, 3) float32
        Receives the sum, per grey level.
    """
    rows, columns = exact_matrices(resampler)
    by_colour = np.zeros(gradient.shape)
    by_colour[resampler.order] = gradient * resampler.gain[:, None, None].astype(np.float64)
    out += np.einsum("yh,cyx,xw->hwc", rows, by_colour, columns, optimize=True).astype(np.float32)


def photo_adjoint(gradient: _Float32, resampler: Resampler) -> _Float32:
    """Bring a gradient by the pixels of a resampled photo back to those of the photo: the transpose of the resampling.

    Parameters
    ----------
    gradient : (h, w, 3) float32
        The gradient at the resampled photo.
    resampler : Resampler
        From (H, W) to (h, w); its channels are not used.

    Returns
    -------
    (H, W, 3) float32
        The gradient at the photo.
    """
    rows, columns = exact_matrices(resampler)
    pulled: _Float32 = np.einsum("yh,yxc,xw->hwc", rows, gradient, columns, optimize=True).astype(np.float32)
    return np.ascontiguousarray(pulled)
