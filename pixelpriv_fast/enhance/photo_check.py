"""The one check of what an enhancement is given."""

from __future__ import annotations

import numpy as np

from ..errors import UsageError
from ..types import Pixels


def checked(image: Pixels) -> Pixels:
    """``image`` as a C-contiguous array. Raises ``UsageError`` unless it is uint8 (height, width, 3), not empty."""
    if not isinstance(image, np.ndarray):
        raise UsageError(f"an enhancement takes a numpy array of pixels, not {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise UsageError(
            f"an enhancement takes uint8 pixels of shape (height, width, 3) in RGB, not {image.dtype} of shape"
            f" {image.shape}; convert with PIL's Image.convert('RGB') or repeat a grey channel three times"
        )
    return np.ascontiguousarray(image)
