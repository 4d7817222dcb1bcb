"""Resampling along both axes as a channel applies it: the kernels' 8-bit resize, and its exact transpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import kernels
from ..types import Pixels
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
    return Applied(kernels.resize_u8(photo, resampler), lambda gradient: kernels.photo_adjoint(gradient, resampler))
