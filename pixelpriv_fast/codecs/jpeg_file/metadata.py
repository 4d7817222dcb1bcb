"""Metadata segments of a freshly encoded JPEG, written by hand."""

from __future__ import annotations

import struct

from ...types import Metadata
from ..contract import Damaged
from ..metadata import exif, xmp
from ..metadata.photoshop import with_iptc
from .markers import APP0, APP1, APP2, APP13, COM
from .segments import ICC, JFIF, PHOTOSHOP
from .stream import segment

_MAX_SEGMENT_BYTES = 65533  # bytes that a segment holds beside its length


def with_metadata(jpeg: bytes, metadata: Metadata) -> bytes:
    """Set the density of a freshly encoded JFIF file and add metadata segments in the usual order.

    Choice: EXIF too long for one segment goes on in further ones, as exiftool writes it, and exiftool and Pillow
    read it; readers that look at the first one alone find the camera and the time there. XMP, IPTC and comments too long
    for the one segment that readers look for are left out.

    Parameters
    ----------
    jpeg : bytes
        The encoder's file.
    metadata : Metadata
        What to add.

    Returns
    -------
    bytes
        The whole file.
    """
    if jpeg[2:4] != b"\xff\xe0" or jpeg[6:11] != JFIF:
        raise Damaged("the encoder wrote no JFIF header")
    rest = 4 + int.from_bytes(jpeg[4:6], "big")
    x, y = (min(65535, max(1, round(value))) for value in metadata.dpi or (1, 1))
    density = struct.pack(">BHH", 1 if metadata.dpi else 0, x, y)
    parts = [jpeg[:2], segment(APP0, JFIF + b"\x01\x01" + density + b"\0\0")]
    block, room = metadata.exif or b"", _MAX_SEGMENT_BYTES - len(exif.PREFIX)
    parts += [segment(APP1, exif.PREFIX + block[at : at + room]) for at in range(0, len(block), room)]
    if metadata.xmp:
        parts.append(_fitting(APP1, xmp.PREFIX + metadata.xmp))
    parts += _icc_segments(metadata.icc or b"")
    if metadata.iptc:
        parts.append(_fitting(APP13, PHOTOSHOP + with_iptc(metadata.iptc)))
    parts += [_fitting(COM, text.encode()) for keyword, text in metadata.text if keyword == "Comment"]
    return b"".join([*parts, memoryview(jpeg)[rest:]])


def _fitting(marker: int, content: bytes) -> bytes:
    return segment(marker, content) if len(content) <= _MAX_SEGMENT_BYTES else b""


def _icc_segments(icc: bytes) -> list[bytes]:
    room = _MAX_SEGMENT_BYTES - len(ICC) - 2
    parts = [icc[at : at + room] for at in range(0, len(icc), room)]
    if len(parts) > 255:
        return []
    return [segment(APP2, ICC + bytes((i + 1, len(parts))) + part) for i, part in enumerate(parts)]
