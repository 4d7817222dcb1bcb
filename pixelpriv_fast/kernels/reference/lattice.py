"""Attack iterates on the 8-bit lattice: the definition.

An iterate is the uint8 start photo and int8 offsets in units of 1 or 1/2 grey level (``units`` = 1 or 2 to a level).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .resampler import Resampler
from .resize import resize_adjoint, resize_lattice

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Offsets: TypeAlias = npt.NDArray[np.int8]
_Float32: TypeAlias = npt.NDArray[np.float32]


def lattice_photo(photo: _Pixels, offsets: _Offsets, units: int) -> _Pixels:
    """Return the 8-bit photo of an iterate: half levels are rounded towards the start.

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The start photo.
    offsets : (H, W, 3) int8
        The iterate's changes, in units.
    units : int
        Units to a grey level, 1 or 2.

    Returns
    -------
    (H, W, 3) uint8
        The photo.
    """
    whole = np.sign(offsets) * (np.abs(offsets.astype(np.int16)) // units)
    rounded: _Pixels = np.clip(photo + whole, 0, 255).astype(np.uint8)
    return rounded


def largest_change(photo: _Pixels, other: _Pixels) -> int:
    """Return the largest absolute difference of two photos.

    Parameters
    ----------
    photo, other : (H, W, 3) uint8
        The photos.

    Returns
    -------
    int
        The difference in grey levels.
    """
    return int(np.abs(photo.astype(np.int16) - other).max())


def lattice_step(
    photo: _Pixels,
    offsets: _Offsets,
    gradient: _Float32,
    resampler: Resampler,
    units: int,
    step: int,
    bound: int,
    extra: _Float32 | None = None,
    planes: _Float32 | None = None,
) -> None:
    """Move ``offsets``, in place, by ``step`` units along the sign of the photo's gradient; sign(0) = 0.

    The photo's gradient is the adjoint of the resize applied to ``gradient``, plus ``extra``.

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The start photo.
    offsets : (H, W, 3) int8
        The iterate's changes, in units. They lie within ``bound``, and photo + offsets / units within 0..255, before
        and after.
    gradient : (3, h, w) float32
        The gradient at the network's input.
    resampler : Resampler
        From (H, W) to (h, w).
    units : int
        Units to a grey level, 1 or 2.
    step : int
        Units to move by; negative to descend.
    bound : int
        Largest offset, in units.
    extra : (H, W, 3) float32, optional
        Added to the photo's gradient.
    planes : (3, h, w) float32, optional
        Receives what ``resize_lattice`` makes of the moved photo: the network's next input.
    """
    full = np.zeros(photo.shape, np.float32) if extra is None else extra.copy()
    resize_adjoint(gradient, resampler, full)
    start = photo.astype(np.int16)
    moved = offsets + step * np.sign(full).astype(np.int16)
    low = np.maximum(-bound, -start * units)
    high = np.minimum(bound, (255 - start) * units)
    offsets[...] = np.clip(moved, low, high)
    if planes is not None:
        planes[...] = resize_lattice(photo, offsets, units, resampler)
