"""JPEG's marker segments (ITU-T T.81, JFIF, EXIF, ICC.1 annex B, MPF): read up to the pixels, and written by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..types import Metadata
from .contract import Damaged
from .exif import without_prefix
from .tag_directories import first_directory

SOI, EOI, SOS, DQT, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_PHOTOSHOP, _MPF, _JFIF = b"Photoshop 3.0\0", b"MPF\0", b"JFIF\0"
_MPF_INDEX = 0xB002  # the tag that lists the pictures
_MAX_SEGMENTS = 10_000  # a few dozen are usual; a hostile file could hold 100 million
_MAX_SEGMENT_BYTES = 65533  # bytes that a segment holds beside its length


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame header: how the pixels are coded.

    Attributes
    ----------
    marker : int
        The coding: 0xC0 is baseline, 0xC2 progressive.
    depth : int
        Bits a channel.
    height, width : int
        Size in pixels.
    samplings : tuple of (int, int)
        (horizontal, vertical) sampling of each channel.
    """

    marker: int
    depth: int
    height: int
    width: int
    samplings: tuple[tuple[int, int], ...]


_NO_FRAME = Frame(0, 8, 0, 0, ())


@dataclass(slots=True)
class Segments:
    """What stands before the pixels.

    Attributes
    ----------
    frame : Frame
        The frame header.
    tables : dict
        Number -> quantisation table, 64 values in zigzag order.
    exif : bytes or None
        The block with its prefix.
    xmp : bytes or None
        The packet.
    icc_parts : dict
        Number -> part of the profile.
    photoshop : list of bytes
        Parts of Photoshop's image resources.
    comments : list of bytes
        The comments.
    dpi : (float, float) or None
        Horizontal and vertical resolution, in dots an inch.
    views : int
        Pictures that belong together (stereo, panorama); previews and gain maps do not count.
    """

    frame: Frame = _NO_FRAME
    tables: dict[int, npt.NDArray[np.int64]] = field(default_factory=dict)
    exif: bytes | None = None
    xmp: bytes | None = None
    icc_parts: dict[int, bytes] = field(default_factory=dict)
    photoshop: list[bytes] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    dpi: tuple[float, float] | None = None
    views: int = 1

    def metadata(self) -> Metadata:
        """Return the metadata as raw blocks."""
        icc = b"".join(self.icc_parts[number] for number in sorted(self.icc_parts)) or None
        text = tuple(("Comment", _text(comment)) for comment in self.comments)
        return Metadata(icc, without_prefix(self.exif), self.xmp, _iptc_of(b"".join(self.photoshop)), self.dpi, text)


def _text(comment: bytes) -> str:
    try:
        return comment.decode("utf-8")
    except UnicodeDecodeError:
        return comment.decode("latin-1")


def read_segments(data: bytes) -> Segments:
    """Read everything before the first scan. Raises ``Damaged`` where a segment is cut off or no frame header is found."""
    found = Segments()
    for marker, content in _walk(data):
        if marker == DQT:
            _read_tables(content, found.tables)
        elif marker in _FRAMES and found.frame is _NO_FRAME:
            found.frame = _read_frame(marker, content)
        elif marker == COM:
            found.comments.append(content.rstrip(b"\0"))
        elif 0xE0 <= marker <= 0xEF:
            _read_application(marker, content, found)
    if found.frame is _NO_FRAME:
        raise Damaged("no frame header before the pixels")
    return found


def _walk(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at = data.find(b"\xff", at)
        while at >= 0 and data[at + 1 : at + 2] == b"\xff":
            at += 1
        if at < 0 or at + 4 > len(data):
            raise Damaged("the file ends before the pixels")
        marker = data[at + 1]
        if marker == SOS:
            return
        if marker == EOI:
            raise Damaged("the file ends before the pixels")
        if marker in _STANDALONE or marker in (0, SOI):
            at += 2
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 2 or at + 2 + size > len(data):
            raise Damaged(f"segment {marker:#04x} of {size} bytes runs past the end of the file")
        yield marker, data[at + 4 : at + 2 + size]
        at += 2 + size
    raise Damaged(f"more than {_MAX_SEGMENTS:,} segments before the pixels")


def _read_tables(content: bytes, tables: dict[int, npt.NDArray[np.int64]]) -> None:
    at = 0
    while at < len(content):
        wide, number = content[at] >> 4, content[at] & 15
        size = 128 if wide else 64
        values = np.frombuffer(content[at + 1 : at + 1 + size], ">u2" if wide else "u1")
        if values.size == 64:
            tables[number] = values.astype(np.int64)
        at += 1 + size


def _read_frame(marker: int, content: bytes) -> Frame:
    if len(content) < 6 or len(content) < 6 + 3 * content[5]:
        raise Damaged("the frame header is cut off")
    depth, height, width, components = struct.unpack_from(">BHHB", content)
    samplings = tuple((content[7 + 3 * i] >> 4, content[7 + 3 * i] & 15) for i in range(components))
    return Frame(marker, depth, height, width, samplings)


def _read_application(marker: int, content: bytes, found: Segments) -> None:
    """Read APP0 .. APP15. A second EXIF or XMP block is ignored, as every reader does."""
    if marker == 0xE0 and content.startswith(_JFIF) and len(content) >= 12:
        unit, x, y = struct.unpack_from(">BHH", content, 7)
        scale = {1: 1.0, 2: 2.54}.get(unit)
        found.dpi = (x * scale, y * scale) if scale and x and y else found.dpi
    elif marker == 0xE1 and content.startswith(_EXIF):
        found.exif = found.exif or content
    elif marker == 0xE1 and content.startswith(_XMP):
        found.xmp = found.xmp or content[len(_XMP) :]
    elif marker == 0xE2 and content.startswith(_ICC) and len(content) > 14:
        found.icc_parts.setdefault(content[12], content[14:])
    elif marker == 0xE2 and content.startswith(_MPF):
        found.views = _count_views(content[len(_MPF) :])
    elif marker == 0xED and content.startswith(_PHOTOSHOP):
        found.photoshop.append(content[len(_PHOTOSHOP) :])


def _count_views(mpf: bytes) -> int:
    """Count pictures of equal rank in a multi-picture file (CIPA DC-007): panorama, disparity and angle views."""
    try:
        first = first_directory(mpf, (_MPF_INDEX,))
    except Damaged:
        return 1
    index = first.entries.get(_MPF_INDEX)
    if index is None:
        return 1
    kinds = struct.unpack(f"{first.order}{len(index.value) // 16 * 4}I", index.value[: len(index.value) // 16 * 16])[
        ::4
    ]
    return max(1, sum(1 for kind in kinds if kind & 0x00FF0000 == 0x00020000))


def _iptc_of(photoshop: bytes) -> bytes | None:
    """Return the IPTC records among Photoshop's image resources (the rest, a thumbnail among them, is not carried)."""
    at = 0
    while photoshop[at : at + 4] == b"8BIM" and at + 12 <= len(photoshop):
        name = 1 + photoshop[at + 6]
        start = at + 6 + name + name % 2
        size = int.from_bytes(photoshop[start : start + 4], "big")
        if photoshop[at + 4 : at + 6] == b"\x04\x04":
            return photoshop[start + 4 : start + 4 + size] or None
        at = start + 4 + size + size % 2
    return None


def with_metadata(jpeg: bytes, metadata: Metadata) -> bytes:
    """Set the density of a freshly encoded JFIF file and add metadata segments in the usual order.

    Choice: EXIF, XMP or IPTC too long for the one segment that readers look for is left out.

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
    if jpeg[2:4] != b"\xff\xe0" or jpeg[6:11] != _JFIF:
        raise Damaged("the encoder wrote no JFIF header")
    rest = 4 + int.from_bytes(jpeg[4:6], "big")
    x, y = (min(65535, max(1, round(value))) for value in metadata.dpi or (1, 1))
    density = struct.pack(">BHH", 1 if metadata.dpi else 0, x, y)
    parts = [jpeg[:2], _segment(0xE0, _JFIF + b"\x01\x01" + density + b"\0\0")]
    if metadata.exif:
        parts.append(_segment(0xE1, _EXIF + metadata.exif))
    if metadata.xmp:
        parts.append(_segment(0xE1, _XMP + metadata.xmp))
    parts += _icc_segments(metadata.icc or b"")
    if metadata.iptc:
        padded = metadata.iptc + b"\0" * (len(metadata.iptc) % 2)
        head = b"8BIM\x04\x04\0\0" + len(metadata.iptc).to_bytes(4, "big")
        parts.append(_segment(0xED, _PHOTOSHOP + head + padded))
    parts += [_segment(COM, text.encode()) for keyword, text in metadata.text if keyword == "Comment"]
    return b"".join([*parts, memoryview(jpeg)[rest:]])


def _segment(marker: int, content: bytes) -> bytes:
    if len(content) > _MAX_SEGMENT_BYTES:
        return b""
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def _icc_segments(icc: bytes) -> list[bytes]:
    room = _MAX_SEGMENT_BYTES - len(_ICC) - 2
    parts = [icc[at : at + room] for at in range(0, len(icc), room)]
    if len(parts) > 255:
        return []
    return [_segment(0xE2, _ICC + bytes((i + 1, len(parts))) + part) for i, part in enumerate(parts)]
