"""JPEG's metadata segments (JFIF, EXIF, ICC.1 annex B, MPF) and frame header: read up to the pixels, and written by hand."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ...types import Metadata
from ..contract import Damaged, left_out
from ..metadata import exif, xmp
from ..metadata.photoshop import iptc_of
from ..metadata.tag_directories import TIFF_STARTS, first_directory
from .markers import APP0, APP1, APP2, APP13, APP15, COM, DNL, DQT, FRAMES, SOS, end_of_scan, segments

ICC, PHOTOSHOP, JFIF = b"ICC_PROFILE\0", b"Photoshop 3.0\0", b"JFIF\0"  #: how the segments begin
_MPF, _GAIN_MAP = b"MPF\0", b"urn:iso:std:iso:ts:21496:-1\0"
_MAX_EXIF_BYTES = 4 * 1024 * 1024  # of all its segments; a maker note of a megabyte is long
_MPF_INDEX = 0xB002  # the tag that lists the pictures
_PRIMARY = 0x030000
_VIEWS = {
    0x020001: "a panorama of several photos",
    0x020002: "a stereo photo of two views",
    0x020003: "views from several angles",
}
#: What XMP promises behind the photo.
_PROMISES = (
    (re.compile(rb"hdrgm:Version"), "HDR gain map"),
    (re.compile(rb"(?:MotionPhoto|MicroVideo)(?:\s*=\s*[\"']|>)\s*1"), "film"),
    (re.compile(rb"GDepth:"), "depth map"),
)
#: How parts behind the photo show that no segment promises: words too long to come about in pixels by chance.
#: Choice: a search for each takes less than half a millisecond a megabyte, so a film is told by its kind alone.
_BEHIND = (
    (re.compile(rb"HDRGainMap:HDRGainMapVersion"), "HDR gain map"),
    (re.compile(rb"ftyp(?:isom|mp4[12]|qt  )"), "film"),
)


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
    exif_block : bytearray
        The first EXIF block, as far as its segments were read.
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
    views : dict
        Kind -> number of pictures of equal rank (stereo, panorama); previews and gain maps do not count.
    gain_map : bool
        Whether a segment promises an HDR gain map (ISO 21496-1).
    """

    frame: Frame = _NO_FRAME
    tables: dict[int, npt.NDArray[np.int64]] = field(default_factory=dict)
    exif_block: bytearray = field(default_factory=bytearray)
    xmp: bytes | None = None
    icc_parts: dict[int, bytes] = field(default_factory=dict)
    photoshop: list[bytes] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    dpi: tuple[float, float] | None = None
    views: dict[int, int] = field(default_factory=dict)
    gain_map: bool = False

    @property
    def exif(self) -> bytes | None:
        """The EXIF block, as a TIFF structure."""
        return bytes(self.exif_block) or None

    @property
    def icc(self) -> bytes | None:
        """The profile; None where a part is missing, since what it says of colours is not known then."""
        icc = b"".join(self.icc_parts[number] for number in sorted(self.icc_parts))
        size = int.from_bytes(icc[:4], "big")
        return icc[:size] if size <= len(icc) and icc[36:40] == b"acsp" else None

    def metadata(self) -> Metadata:
        """Return the metadata as raw blocks."""
        text = tuple(("Comment", _text(comment)) for comment in self.comments)
        return Metadata(self.icc, self.exif, self.xmp, iptc_of(b"".join(self.photoshop)), self.dpi, text)

    def pictures(self) -> tuple[int, str]:
        """Return the number of pictures of equal rank, and what they are to each other."""
        kinds = [kind for kind in self.views if kind in _VIEWS]
        if not kinds:
            return 1, "a photo"
        return max(1, sum(self.views.values())), _VIEWS[kinds[0]]

    def left_out(self, data: bytes) -> tuple[str, ...]:
        """Return a note for each part behind the photo that a result does not have.

        Parameters
        ----------
        data : bytes
            The whole file.

        Returns
        -------
        tuple of str
            The notes.
        """
        found = dict.fromkeys(what for word, what in _PROMISES if self.xmp and word.search(self.xmp))
        if self.gain_map:
            found["HDR gain map"] = None
        found |= dict.fromkeys(what for word, what in _BEHIND if word.search(data))
        return left_out(found)


def _text(comment: bytes) -> str:
    try:
        return comment.decode("utf-8")
    except UnicodeDecodeError:
        return comment.decode("latin-1")


def read_segments(data: bytes) -> Segments:
    """Read everything before the first scan. Raises ``Damaged`` where a segment is cut off or no frame header is found."""
    found = Segments()
    for at in segments(data):
        marker, content = at.marker, data[at.start : at.end]
        if marker == DQT:
            _read_tables(content, found.tables)
        elif marker in FRAMES and found.frame is _NO_FRAME:
            found.frame = _read_frame(marker, content)
        elif marker == COM:
            found.comments.append(content.rstrip(b"\0"))
        elif APP0 <= marker <= APP15:
            _read_application(marker, content, found)
        elif marker == SOS:
            if found.frame is _NO_FRAME:
                raise Damaged("no frame header before the pixels")
            if found.frame.height == 0:
                found.frame = replace(found.frame, height=_height_behind(data, at.end))
            return found
    raise Damaged("the file ends before the pixels")


def _height_behind(data: bytes, at: int) -> int:
    """Return the height that stands behind the first scan (DNL), where the frame header leaves it open; else 0."""
    end = end_of_scan(data, at)
    return int.from_bytes(data[end + 4 : end + 6], "big") if data[end : end + 4] == bytes((0xFF, DNL, 0, 4)) else 0


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
    if marker == APP0 and content.startswith(JFIF) and len(content) >= 12:
        unit, x, y = struct.unpack_from(">BHH", content, 7)
        scale = {1: 1.0, 2: 2.54}.get(unit)
        found.dpi = (x * scale, y * scale) if scale and x and y else found.dpi
    elif marker == APP1 and content.startswith(exif.PREFIX):
        _read_exif_part(content[len(exif.PREFIX) :], found.exif_block)
    elif marker == APP1 and content.startswith(xmp.PREFIX):
        found.xmp = found.xmp or content[len(xmp.PREFIX) :]
    elif marker == APP2 and content.startswith(ICC) and len(content) > 14:
        found.icc_parts.setdefault(content[12], content[14:])
    elif marker == APP2 and content.startswith(_MPF):
        found.views = _count_views(content[len(_MPF) :])
    elif marker == APP2 and content.startswith(_GAIN_MAP):
        found.gain_map = True
    elif marker == APP13 and content.startswith(PHOTOSHOP):
        found.photoshop.append(content[len(PHOTOSHOP) :])


def _read_exif_part(part: bytes, block: bytearray) -> None:
    """Take the first block, and what goes on in further segments: they begin without a TIFF header of their own."""
    if part.startswith(TIFF_STARTS) != bool(block) and len(block) + len(part) <= _MAX_EXIF_BYTES:
        block += part


def _count_views(mpf: bytes) -> dict[int, int]:
    """Count pictures by kind in a multi-picture file (CIPA DC-007): views of equal rank, and the one that is shown."""
    try:
        first = first_directory(mpf, (_MPF_INDEX,))
    except Damaged:
        return {}
    index = first.entries.get(_MPF_INDEX)
    if index is None:
        return {}
    size = len(index.value) // 16 * 16
    kinds = [kind & 0xFFFFFF for kind in struct.unpack(f"{first.order}{size // 4}I", index.value[:size])[::4]]
    return {kind: kinds.count(kind) for kind in (*_VIEWS, _PRIMARY) if kind in kinds}
