"""A caller's PIL image as a Photo."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import PhotoError
from ..types import Metadata, Photo

_EIGHT_BIT = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}


def from_pil(image: Any) -> Photo:
    """The upright photo in a PIL image; the image itself is not changed. Written as PNG unless told otherwise.

    Raises ``PhotoError`` for modes that would lose depth (16 bit, float)."""
    from PIL import ImageOps

    if image.mode not in _EIGHT_BIT:
        raise PhotoError(f"PIL image of mode {image.mode!r} would be cut to 8 bits; convert it to RGB first")
    upright = ImageOps.exif_transpose(image)
    transparent = "A" in upright.mode or "transparency" in upright.info
    alpha = np.array(upright.convert("RGBA").getchannel("A")) if transparent else None
    return Photo(
        np.array(upright.convert("RGB")),
        format="png",
        alpha=alpha,
        metadata=Metadata(icc=image.info.get("icc_profile")),
        lossless=True,
        grey=upright.mode in ("1", "L", "LA"),
    )
