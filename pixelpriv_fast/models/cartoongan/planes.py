"""Between photos and a generator's planes."""

from __future__ import annotations

import numpy as np

from ... import kernels
from ...kernels.resizing import PLAIN
from ...types import Floats, Pixels


def planar(photo: Pixels) -> Floats:
    """uint8 (h, w, 3) -> float32 (1, 3, h, w), grey levels as they are."""
    return kernels.normalise(np.ascontiguousarray(photo), *PLAIN)[None]


def rounded_photo(planes: Floats) -> Pixels:
    """float32 (1, 3, h, w) in 0..1 -> uint8 (h, w, 3): ``floor(255 x + 0.5)``, halves upwards."""
    scaled = planes[0] * np.float32(255)
    scaled += np.float32(0.5)
    return np.ascontiguousarray(scaled.astype(np.uint8).transpose(1, 2, 0))
