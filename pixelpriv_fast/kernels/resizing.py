"""A whole photo at another size, with Pillow's antialiasing."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import kernels
from .filters import axis_filter

if TYPE_CHECKING:
    from ._native import Resampler

#: Channel order, gain and bias that leave grey levels as they are.
PLAIN = np.arange(3, dtype=np.int32), np.ones(3, np.float32), np.zeros(3, np.float32)


def resized(photo: npt.NDArray[np.uint8], shape: tuple[int, int], name: str) -> npt.NDArray[np.uint8]:
    """Resize a photo.

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The photo.
    shape : (int, int)
        The height h and width w to resize to.
    name : {"bilinear", "bicubic", "box", "lanczos"}
        The filter.

    Returns
    -------
    (h, w, 3) uint8
        The resized photo; ``photo`` itself if it has that size.
    """
    if photo.shape[:2] == shape:
        return photo
    return kernels.resize_u8(np.ascontiguousarray(photo), whole(photo.shape[:2], shape, name))


@lru_cache(maxsize=16)
def whole(size: tuple[int, ...], shape: tuple[int, ...], name: str) -> Resampler:
    """Return the resampler of a whole photo that leaves grey levels as they are.

    Parameters
    ----------
    size : (int, int)
        The photo's height and width.
    shape : (int, int)
        The height and width to resize to.
    name : {"bilinear", "bicubic", "box", "lanczos"}
        The filter.

    Returns
    -------
    Resampler
        From ``size`` to ``shape``.
    """
    rows, columns = (axis_filter(full, to, 0, to, name) for full, to in zip(size, shape, strict=True))
    return kernels.Resampler(rows, columns, *PLAIN)
