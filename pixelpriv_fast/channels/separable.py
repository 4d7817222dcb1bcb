"""Resampling along both axes as a channel applies it: the kernels' 8-bit resize, and its exact transpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import kernels
from ..types import Floats, Pixels
from .contract import Applied

if TYPE_CHECKING:
    from ..kernels import Resampler


def resampled(photo: Pixels, resampler: Resampler) -> Applied:
    """Resample a photo.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo.
    resampler : Resampler
        From the photo's size, leaving grey levels as they are.

    Returns
    -------
    Applied
        The resampled photo, rounded after each axis, and the transpose of the resampling.
    """
    shape = photo.shape

    def back(gradient: Floats) -> Floats:
        out = np.zeros(shape, np.float32)
        kernels.resize_adjoint(np.ascontiguousarray(gradient.transpose(2, 0, 1)), resampler, out)
        return out

    return Applied(kernels.resize_u8(photo, resampler), back)
