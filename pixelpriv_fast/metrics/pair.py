"""What metrics ask of the photos that they are given."""

from __future__ import annotations

import numpy as np

from ..errors import UsageError
from ..types import Pixels


def require_photo(metric: str, name: str, photo: Pixels) -> None:
    """Raises ``UsageError`` unless ``photo``, called ``name``, is uint8 of shape (h, w, 3) and not empty."""
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        raise UsageError(
            f"{metric}: {name} is {photo.dtype} of shape {photo.shape}, expected uint8 of shape (height, width, 3)"
        )


def require_pair(metric: str, result: Pixels, original: Pixels) -> None:
    """Raises ``UsageError`` unless both are uint8 photos, (h, w, 3), of one shape."""
    require_photo(metric, "result", result)
    require_photo(metric, "original", original)
    if result.shape != original.shape:
        raise UsageError(
            f"{metric}: result has shape {result.shape}, original {original.shape}: they must be the same size"
        )
