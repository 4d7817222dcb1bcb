"""Pictures to plant in metadata, and the search for any trace of them in a finished file."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import EncodeOptions
from pixelpriv_fast.types import Metadata, Photo

from .samples import picture

_WINDOW = 24  # bytes that are searched for, in the middle of a picture


def pixels(width: int = 64, height: int = 48) -> bytes:
    """Plain RGB values: no file, no start to be told by."""
    return picture(width, height, seed=11).tobytes()


def file_of(kind: str) -> bytes:
    """A small picture file, of less than what may stand in metadata unrecognised."""
    out = io.BytesIO()
    Image.fromarray(picture(40, 30, seed=12)).save(out, kind)
    return out.getvalue()


PICTURES: dict[str, bytes] = {
    **{kind: file_of(kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM", "JPEG2000", "ICO")},
    "pixels": pixels(),
}
SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "bytes": bytes,
    "base64": base64.b64encode,
    "base64 for addresses": base64.urlsafe_b64encode,
    "base64 in lines": base64.encodebytes,
    "data address": lambda data: b"data:image/jpeg;base64," + base64.b64encode(data),
    "word before base64": lambda data: b"preview" + base64.b64encode(data),
    "hexadecimal": lambda data: data.hex().encode(),
    "hexadecimal in lines": lambda data: data.hex("\n", -36).upper().encode(),
    "bytes in hexadecimal": lambda data: data.hex(" ").encode(),
    "numbers": lambda data: ", ".join(map(str, data)).encode(),
    "base85": base64.b85encode,
}
#: Letters alone, for places that hold text.
TEXTS = [spelling for spelling in SPELLINGS if spelling != "bytes"]


def traces(data: bytes) -> list[bytes]:
    """What betrays a picture in a file: bytes behind its middle (before stand tables that many pictures share), in each way to
    write them."""
    part = data[len(data) // 6 * 5 :]
    letters = [base64.b64encode(part[shift:][:_WINDOW]) for shift in range(3)]
    middle = part[:_WINDOW]
    numbers = ", ".join(map(str, middle)).encode()
    return [middle, *letters, middle.hex().encode(), middle.hex().upper().encode(), middle.hex(" ").encode(), numbers]


def unpacked(data: bytes) -> bytes:
    """The file, with what PNG packs behind it; the pixels, which are noise to a search, left out."""
    found = [data]
    for start in re.finditer(b"zTXt|iTXt|iCCP", data):
        for at in range(start.end(), min(start.end() + 120, len(data))):
            try:
                found.append(zlib.decompressobj().decompress(data[at:], 1 << 22))
                break
            except zlib.error:
                continue
    return b"".join(found)


def written(metadata: Metadata, target: str, policy: str = "keep") -> bytes:
    """A file of the format with what the policy lets through."""
    shown = picture(72, 40, seed=13)
    return codecs.encode(
        shown, like=Photo(shown, "jpeg", metadata=metadata), options=EncodeOptions(format=target, metadata=policy)
    )


Rows = dict[int, tuple[int, bytes]]  #: tag -> (type, value)
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 13: 4}


def tag_block(first: Rows, exif: Rows | None = None, gps: Rows | None = None, behind: bytes = b"", second: Rows | None = None,
              sub: Rows | None = None, order: str = "<") -> bytes:  # fmt: skip
    """EXIF, written here byte by byte. ``behind`` stands at the end; offsets of -1 become its place."""
    parts: list[Rows] = [dict(first), exif or {}, gps or {}, second or {}, sub or {}]
    for tag, part in ((0x8769, 1), (0x8825, 2), (0x014A, 4)):
        if parts[part]:
            parts[0][tag] = (4, bytes(4))
    sizes = [
        2 + 12 * len(rows) + 4 + sum(len(v) + len(v) % 2 for _, v in rows.values() if len(v) > 4) for rows in parts
    ]
    starts = [8 + sum(sizes[:number]) for number in range(6)]
    for tag, part in ((0x8769, 1), (0x8825, 2), (0x014A, 4)):
        if parts[part]:
            parts[0][tag] = (4, struct.pack(order + "I", starts[part]))
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8))
    for number, rows in enumerate(parts):
        values = bytearray()
        values_at = starts[number] + 2 + 12 * len(rows) + 4
        out += struct.pack(order + "H", len(rows))
        for tag in sorted(rows):
            kind, value = rows[tag]
            value = struct.pack(order + "I", starts[5]) if value == b"\xff\xff\xff\xff" else value
            out += struct.pack(order + "HHI", tag, kind, len(value) // _WIDTHS[kind])
            out += value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "I", values_at + len(values))
            values += value + bytes(len(value) % 2) if len(value) > 4 else b""
        out += struct.pack(order + "I", starts[3] if number == 0 and parts[3] else 0) + values
    return bytes(out) + behind


def number(value: int, order: str = "<") -> tuple[int, bytes]:
    """A row of one 32-bit number; -1 is the place of what stands behind a block."""
    return 4, struct.pack(order + "i", value)
