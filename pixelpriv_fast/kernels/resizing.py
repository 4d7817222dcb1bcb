"""A whole photo at another size, with Pillow's antialiasing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import kernels
from .filters import axis_filter


def resized(photo: npt.NDArray[np.uint8], shape: tuple[int, int], name: str) -> npt.NDArray[np.uint8]:
    """``photo`` (height, width, 3) at ``shape`` (height, width), by the filter ``name`` of ``filters.FILTERS``."""
    if photo.shape[:2] == shape:
        return photo
    rows = axis_filter(photo.shape[0], shape[0], 0, shape[0], name)
    columns = axis_filter(photo.shape[1], shape[1], 0, shape[1], name)
    return kernels.resize_u8(np.ascontiguousarray(photo), rows.starts, rows.fixed, columns.starts, columns.fixed)
