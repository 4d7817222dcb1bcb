"""Photos that the caller already opened with Pillow."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import PhotoError
from ..registry import CODECS
from ..types import Metadata, Photo
from .contract import Refused
from .metadata.exif import read_orientation, without_prefix
from .pillow_image import split

if TYPE_CHECKING:
    from PIL import Image

_FORMATS = {"MPO": "jpeg"}  # Pillow's name for a JPEG with further pictures behind it
_MPF_INDEX = 0xB002


def from_pil(image: Image.Image) -> Photo:
    """Return the photo in a Pillow image, upright; the image itself stays as it is.

    Its format is the file's that it was opened from, else "png". What Pillow cut or skipped while opening (16-bit
    colours, an AVIF's crop, damage) cannot be seen here: hand over the path or the bytes where that matters. Raises
    ``PhotoError``.
    """
    name = f"<{type(image).__name__}>"
    frames, format_name = _frames(image), _FORMATS.get(image.format or "png", (image.format or "png").lower())
    if frames > 1:
        raise PhotoError(f"{name}: {frames} frames; only single pictures are protected: pass one frame's copy()")
    icc, xmp = image.info.get("icc_profile"), image.info.get("xmp")
    exif = without_prefix(image.info.get("exif"))
    try:
        image.load()
        planes = split(image, read_orientation(exif), icc)  # a TIFF is turned while it loads, and brings no block
        packet = xmp if isinstance(xmp, bytes) else None
        metadata = planes.stated(Metadata(icc, exif, packet, colour_chunks=_colour_chunks(image.info)))
    except Refused as refused:
        raise PhotoError(f"{name}: {refused}") from None
    except Exception as error:  # a lazily opened file is decoded only now, and its bytes are not trusted
        raise PhotoError(f"{name}: cannot be decoded ({error or type(error).__name__})") from error
    known = format_name if format_name in CODECS else "png"
    return Photo(planes.pixels, known, planes.alpha, metadata, lossless=known in ("png", "tiff"), grey=planes.grey)


def _frames(image: Image.Image) -> int:
    """Return the number of pictures that stand for themselves; a JPEG's previews and gain maps do not."""
    frames = int(getattr(image, "n_frames", 1))
    entries = (getattr(image, "mpinfo", None) or {}).get(_MPF_INDEX)
    if image.format != "MPO" or not entries:
        return frames
    views = [entry["Attribute"]["MPType"].startswith("Multi-Frame") for entry in entries]
    return frames if any(views) else 1


def _colour_chunks(info: Mapping[Any, Any]) -> tuple[tuple[bytes, bytes], ...]:
    """Return what Pillow read of a PNG's colour chunks as those chunks again. It reads no cICP."""
    found: list[tuple[bytes, bytes]] = []
    if "srgb" in info:
        found.append((b"sRGB", struct.pack(">B", info["srgb"])))
    if "gamma" in info:
        found.append((b"gAMA", struct.pack(">I", round(info["gamma"] * 100_000))))
    if "chromaticity" in info:
        found.append((b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in info["chromaticity"]))))
    return tuple(found)
