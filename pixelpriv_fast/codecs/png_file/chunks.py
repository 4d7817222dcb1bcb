"""PNG's chunks (ISO/IEC 15948): read with their checksums, and written by hand.

The pixel decoder gets the pixel chunks alone; text, profiles and the rest are read here, within bounds. Choice: not by
Pillow, which refuses the whole photo for a text or profile that is damaged or unpacks to too much.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterator

from ...types import Metadata
from ..colours.colour import COLOUR_CHUNKS
from ..contract import Damaged
from ..metadata.exif import without_prefix
from .profiles import RAW_PROFILE, read_raw_profile, write_raw_iptc

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_XMP_KEY = "XML:com.adobe.xmp"
_PROFILE_ROOM, _TEXT_ROOM = 4 * 1024 * 1024, 1024 * 1024  # unpacked bytes, all together; a bomb stops here
_MAX_CHUNKS = 1_000_000
_METRES_AN_INCH = 0.0254


class Chunks:
    """The chunks of a file, found once; iterating yields (type, start, end) of every chunk's content up to IEND.

    Only the starts are kept, eight bytes each: a hostile file may hold a million chunks. A file that is cut off behind
    its pixels is read up to there; whether all rows are there is for the decoder to say.

    Parameters
    ----------
    data : bytes
        The whole file.

    Raises
    ------
    Damaged
        If the file is cut off before the end of its pixel chunks, or there are too many.

    Attributes
    ----------
    closed : bool
        Whether the last one (IEND) is there.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts = array("Q")
        self.closed = False
        at, with_pixels = len(SIGNATURE), False
        for _ in range(_MAX_CHUNKS):
            if at + 12 > len(data):
                if with_pixels:
                    return
                raise Damaged("the file ends before its pixels")
            size, kind = struct.unpack_from(">I4s", data, at)
            if at + 12 + size > len(data):
                if with_pixels and kind not in _PIXELS:
                    return
                raise Damaged(f"chunk {kind!r} of {size:,} bytes runs past the end of the file")
            self._starts.append(at + 8)
            with_pixels = with_pixels or kind == b"IDAT"
            if kind == b"IEND":
                self.closed = True
                return
            at += 12 + size
        raise Damaged(f"more than {_MAX_CHUNKS:,} chunks")

    def __iter__(self) -> Iterator[tuple[bytes, int, int]]:
        """Yield (type, start, end) of every chunk's content."""
        for start in self._starts:
            size, kind = struct.unpack_from(">I4s", self._data, start - 8)
            yield kind, start, start + size


def _intact(data: bytes, start: int, end: int) -> bool:
    return zlib.crc32(memoryview(data)[start - 4 : end]) == int.from_bytes(data[end : end + 4], "big")


def pixels_only(data: bytes, found: Chunks) -> bytes:
    """Reduce a file to what the pixels need.

    Parameters
    ----------
    data : bytes
        The whole file.
    found : Chunks
        Its chunks.

    Returns
    -------
    bytes
        A PNG for the decoder.

    Raises
    ------
    Damaged
        If a checksum of these chunks is wrong.
    """
    parts: list[bytes | memoryview] = [SIGNATURE]
    view = memoryview(data)
    for kind, start, end in found:
        if kind in _PIXELS:
            if not _intact(data, start, end):
                raise Damaged(f"the checksum of chunk {kind.decode('ascii')} is wrong")
            parts.append(view[start - 8 : end + 4])
    return b"".join([*parts, chunk(b"IEND", b"")])


def read_exif(data: bytes, found: Chunks) -> bytes | None:
    """Read EXIF from wherever it may be: the chunk "eXIf", else the text of a raw profile. Damaged chunks do not count.

    Parameters
    ----------
    data : bytes
        The whole file.
    found : Chunks
        Its chunks.

    Returns
    -------
    bytes or None
        The first block, as a TIFF structure.
    """
    unpack, raw = _Unpacker(_TEXT_ROOM), None
    for kind, start, end in found:
        if kind == b"eXIf" and _intact(data, start, end) and (exif := without_prefix(data[start:end])):
            return exif
        if (
            kind in _TEXT
            and raw is None
            and data.startswith(RAW_PROFILE.encode(), start, end)
            and _intact(data, start, end)
        ):
            raw = read_raw_profile(*_read_text(kind, data[start:end], unpack)).exif
    return raw


def read_metadata(data: bytes, found: Chunks) -> Metadata:
    """Read what the other chunks say; damaged ones are left out. EXIF is ``read_exif``'s.

    Parameters
    ----------
    data : bytes
        The whole file.
    found : Chunks
        Its chunks.

    Returns
    -------
    Metadata
        Raw blocks, unpacked within bounds.
    """
    icc = xmp = iptc = dpi = None
    unpack_profile, unpack_text = _Unpacker(_PROFILE_ROOM), _Unpacker(_TEXT_ROOM)
    text: list[tuple[str, str]] = []
    colour: list[tuple[bytes, bytes]] = []
    for kind, start, end in found:
        if kind in _PIXELS or not _intact(data, start, end):
            continue
        content = data[start:end]
        if kind == b"iCCP":
            icc = icc or unpack_profile(content.partition(b"\0")[2][1:])
        elif kind == b"pHYs" and len(content) == 9 and content[8] == 1:
            x, y = struct.unpack_from(">II", content)
            dpi = (x * _METRES_AN_INCH, y * _METRES_AN_INCH) if x and y else None
        elif kind in COLOUR_CHUNKS:
            colour.append((kind, content))
        elif kind in _TEXT:
            keyword, value = _read_text(kind, content, unpack_text)
            if keyword == _XMP_KEY:
                xmp = xmp or value.encode() or None
            elif keyword.startswith(RAW_PROFILE):
                raw = read_raw_profile(keyword, value)
                xmp, iptc = xmp or raw.xmp, iptc or raw.iptc
            elif value:
                text.append((keyword, value))
    return Metadata(icc, None, xmp, iptc, dpi, tuple(text), tuple(colour))


def _read_text(kind: bytes, content: bytes, unpack: _Unpacker) -> tuple[str, str]:
    key, _, rest = content.partition(b"\0")
    keyword = key.decode("latin-1")
    if kind == b"tEXt":
        return keyword, rest.decode("latin-1")
    if kind == b"zTXt":
        return keyword, (unpack(rest[1:]) or b"").decode("latin-1")
    packed = rest[:1] == b"\x01"
    value = rest[2:].split(b"\0", 2)[-1]
    return keyword, ((unpack(value) or b"") if packed else value).decode("utf-8", "replace")


class _Unpacker:
    """Inflate one block after another until their room is used up; then, as for damaged ones, return None."""

    def __init__(self, room: int) -> None:
        self._room = room

    def __call__(self, packed: bytes) -> bytes | None:
        if self._room <= 0:
            return None
        engine = zlib.decompressobj()
        try:
            found = engine.decompress(packed, self._room)
        except zlib.error:
            return None
        self._room -= len(found)
        return found if engine.eof else None


def chunk(kind: bytes, content: bytes) -> bytes:
    """Write one chunk.

    Parameters
    ----------
    kind : bytes
        Its type, four letters.
    content : bytes
        What it holds.

    Returns
    -------
    bytes
        The chunk with its length and checksum.
    """
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return b"".join([len(content).to_bytes(4, "big"), kind, content, checksum.to_bytes(4, "big")])


def metadata_chunks(metadata: Metadata) -> bytes:
    """Return the chunks between IHDR and the pixels, colour first as the standard demands."""
    parts = [chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc))] if metadata.icc else []
    parts += [chunk(kind, content) for kind, content in metadata.colour_chunks]
    if metadata.dpi:
        x, y = (max(1, round(value / _METRES_AN_INCH)) for value in metadata.dpi)
        parts.append(chunk(b"pHYs", struct.pack(">IIB", x, y, 1)))
    if metadata.exif:
        parts.append(chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        parts.append(chunk(b"iTXt", _XMP_KEY.encode() + b"\0\0\0\0\0" + metadata.xmp))
    if metadata.iptc:
        parts.append(chunk(b"zTXt", write_raw_iptc(metadata.iptc)))
    for keyword, value in metadata.text:
        parts.append(chunk(b"iTXt", keyword.encode("latin-1", "replace")[:79] + b"\0\0\0\0\0" + value.encode()))
    return b"".join(parts)
