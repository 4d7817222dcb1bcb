"""Whether a metadata value may show a picture: told by its content, whatever its tag, name or type says.

A picture file is told by how it starts, also in the middle of a value and when written in base64, hexadecimal or decimal
digits. Plain pixels have no start to be told by, so a value that is long and does not read as text counts as a picture too.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator

from ..contract import Damaged
from .tag_directories import byte_order, read_directory

#: Bytes above which a value that is not text is not carried.
#: Choice: 4 KiB. That is a grey picture of 64x64 without compression, hardly more than an icon, while lens, focus and
#: firmware data of cameras are shorter. Longer are a few tables of colours and faults of a sensor, of no use to a photo.
MAX_OPAQUE_BYTES = 4096
_SHORTEST = 24  # a smaller picture file than any

#: How picture, film and page files start.
_STARTS = re.compile(
    rb"\xff\xd8\xff[\xc0-\xfe]"  # JPEG
    rb"|\xff\xdb\0[\x43\x84\xc5]"  # JPEG's tables and frame: some cameras change the first bytes of a preview
    rb"|\xff[\xc0-\xc2]\0[\x0b\x11\x14]\x08.{4}[\x01\x03\x04]"
    rb"|[\x89\x8a\x8b][PMJ]NG\r\n\x1a\n"
    rb"|RIFF.{4}(?:WEBP|AVI )"
    rb"|\0\0..ftyp[\w ]{4}"  # HEIF, AVIF, MP4, QuickTime
    rb"|GIF8[79]a"
    rb"|BM.{4}\0{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0{3}"
    rb"|\x28\0{3}.{8}\x01\0[\x01\x04\x08\x10\x18\x20]\0"  # BMP without its file header, as in icons
    rb"|\xff\x4f\xff\x51\0|jP  \r\n\x87\n|JXL \r\n\x87\n|\A\xff\x0a(?=.{60})"  # JPEG 2000, JPEG XL
    rb"|II\xbc\x01.{4}|\x76\x2f\x31\x01\x02\0{3}|qoif\0\0"  # JPEG XR, OpenEXR, QOI
    rb"|8BPS\0[\x01\x02]|Adobe Photoshop Document Data|%PDF-\d|TRUEVISION-XFILE"
    rb"|P[2356]\s+\d{1,5}\s+\d{1,5}\s+\d{1,5}\s",
    re.DOTALL,
)
_TIFF_START = re.compile(rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]")
_TIFF_PICTURES = (0x0111, 0x0144, 0x0201, 0x014A)  # strips, tiles, a JPEG, further directories
_MAX_TIFF_STARTS, _MAX_CHAIN = 64, 8

#: A run of long "words": base64, base85 and their kin, also over several lines. Prose and JSON have short words in between.
_RUN = re.compile(rb"[!#-~]{16,}(?:[\s\"]{1,8}[!#-~]{16,})*")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{32,}")
_BETWEEN_DIGITS = re.compile(rb"0x|\\x|[\s,:;%-]")
_HEX = re.compile(rb"[0-9A-Fa-f]{64,}")
_DECIMAL = re.compile(rb"(?:\d{1,3}[\s,;]{1,4}){32,}")


def may_show_picture(value: bytes) -> bool:
    """Return whether a value holds a picture file, or may hold plain pixels.

    Parameters
    ----------
    value : bytes
        A metadata value; text in UTF-8.

    Returns
    -------
    bool
        True if the value is not to stand beside protected pixels.
    """
    if len(value) < _SHORTEST:
        return False
    wide = 3 * value.count(0) > len(value)  # perhaps letters of two bytes
    codings = ("utf-8", "utf-16-le", "utf-16-be") if wide else ("utf-8",)
    if len(value) > MAX_OPAQUE_BYTES and not any(_is_text(value, coding) for coding in codings):
        return True
    for view in (value, value[::2], value[1::2]) if wide else (value,):
        if starts_picture(view) or _holds_tiff(view):
            return True
        for found in _encoded(view):
            if len(found) > MAX_OPAQUE_BYTES or starts_picture(found) or _holds_tiff(found):
                return True
    return False


def starts_picture(data: bytes) -> bool:
    """Return whether a picture file starts anywhere in ``data``; TIFF, which EXIF itself is, does not count."""
    return _STARTS.search(data) is not None


def _holds_tiff(data: bytes) -> bool:
    """Tell TIFF by a directory with a picture in it: maker notes have TIFF's header for their own."""
    for count, found in enumerate(_TIFF_START.finditer(data)):
        if count >= _MAX_TIFF_STARTS or found[0][2:4].strip(b"\0") == b"+":
            return True
        start = data[found.start() :]
        try:
            order = byte_order(start)
            (following,) = struct.unpack_from(order + "I", start, 4)
            for _ in range(_MAX_CHAIN):
                directory = read_directory(start, following, order, _TIFF_PICTURES)
                if directory.entries:
                    return True
                following = directory.next
        except Damaged:
            continue
    return False


def _is_text(value: bytes, coding: str) -> bool:
    """Return whether a value reads as text without control characters; zeros end or part texts."""
    try:
        text = value[: len(value) // 2 * 2].decode(coding) if coding != "utf-8" else value.decode()
    except UnicodeDecodeError:
        return False
    return re.search(r"[\1-\x08\x0e-\x1f\x7f-\x9f]", text) is None


def _encoded(text: bytes) -> Iterator[bytes]:
    """Yield what digits and letters in ``text`` may stand for, and runs of them that stand for something unknown."""
    for run in _RUN.findall(text):
        yield run
        for letters in _BASE64.findall(re.sub(rb"\s", b"", run).translate(bytes.maketrans(b"-_", b"+/"))):
            for skipped in range(4):  # a word may stand right before it
                yield base64.b64decode(letters[skipped:][: (len(letters) - skipped) // 4 * 4])
    for digits in _HEX.findall(_BETWEEN_DIGITS.sub(b"", text)):
        for skipped in range(2):
            yield bytes.fromhex(digits[skipped:][: (len(digits) - skipped) // 2 * 2].decode())
    for row in _DECIMAL.findall(text):
        yield bytes(min(int(number), 255) for number in re.findall(rb"\d+", row))
