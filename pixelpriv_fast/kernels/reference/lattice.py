"""Attack iterates on the 8-bit lattice: the definition.

An iterate is the uint8 start photo and int8 offsets in units of 1 or 1/2 grey level (``units`` = 1 or 2 to a level).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .resize import resize_adjoint, resize_lattice

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Offsets: TypeAlias = npt.NDArray[np.int8]
_Float32: TypeAlias = npt.NDArray[np.float32]
_Int32: TypeAlias = npt.NDArray[np.int32]


def lattice_photo(photo: _Pixels, offsets: _Offsets, units: int) -> _Pixels:
    """The 8-bit photo of an iterate: half levels are rounded towards the start. All (H, W, 3)."""
    whole = np.sign(offsets) * (np.abs(offsets.astype(np.int16)) // units)
    rounded: _Pixels = np.clip(photo + whole, 0, 255).astype(np.uint8)
    return rounded


def largest_change(photo: _Pixels, other: _Pixels) -> int:
    """The largest absolute difference in grey levels of two photos (H, W, 3)."""
    return int(np.abs(photo.astype(np.int16) - other).max())


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
    """Moves ``offsets`` (H, W, 3), in place, by ``step`` units along the sign of the photo's gradient.

    The photo's gradient is the adjoint of the resize applied to ``gradient`` (3, h, w), plus ``extra`` (H, W, 3) where
    given; sign(0) = 0. A negative step descends. Offsets lie within ``bound`` units, and photo + offsets / units
    within 0..255, before and after. ``planes`` (3, h, w), where given, receive what ``resize_lattice`` makes of the
    moved photo: the network's next input.
    """
    tables = row_starts, row_weights, column_starts, column_weights
    full = np.zeros(photo.shape, np.float32) if extra is None else extra.copy()
    resize_adjoint(gradient, *tables, order, gain, full)
    start = photo.astype(np.int16)
    moved = offsets + step * np.sign(full).astype(np.int16)
    low = np.maximum(-bound, -start * units)
    high = np.minimum(bound, (255 - start) * units)
    offsets[...] = np.clip(moved, low, high)
    if planes is not None:
        planes[...] = resize_lattice(photo, offsets, units, *tables, order, gain, bias)
