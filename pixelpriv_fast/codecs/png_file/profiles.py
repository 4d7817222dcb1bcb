"""Metadata that programs write into PNG as hexadecimal text: "Raw profile type exif" and its kin.

ImageMagick began it, and exiv2 (thus digiKam, darktable and others) writes nothing else; exiftool and Pillow read it.
"""

from __future__ import annotations

import binascii
import zlib
from dataclasses import dataclass

from ..metadata import exif, iptc, xmp
from ..metadata.photoshop import iptc_of, with_iptc
from ..metadata.tag_directories import TIFF_STARTS

RAW_PROFILE = "Raw profile type "  #: how the keyword of such a text begins; the kind follows
_DIGITS_A_LINE = 72


@dataclass(frozen=True, slots=True)
class RawProfile:
    """What one such text holds; at most one of the blocks is there.

    Attributes
    ----------
    exif : bytes or None
        EXIF as a TIFF structure.
    xmp : bytes or None
        The XMP packet.
    iptc : bytes or None
        IPTC-IIM records.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None


def read_raw_profile(keyword: str, text: str) -> RawProfile:
    """Read a text by what it holds; "APP1" is used for EXIF and XMP alike.

    Parameters
    ----------
    keyword : str
        The chunk's keyword, which names the kind.
    text : str
        A line of the kind's name, a line of the number of bytes, then lines of hexadecimal digits.

    Returns
    -------
    RawProfile
        The block; an empty one for other kinds (colour profiles are not applied from text) and for damaged texts.
    """
    block = _bytes_of(text)
    kind = keyword.removeprefix(RAW_PROFILE).lower()
    if kind in ("exif", "app1") and block.removeprefix(exif.PREFIX).startswith(TIFF_STARTS):
        return RawProfile(exif=block.removeprefix(exif.PREFIX))
    if kind in ("xmp", "app1") and (block.startswith(xmp.PREFIX) or b"<" in block[:64]):
        return RawProfile(xmp=block.removeprefix(xmp.PREFIX))
    if kind in ("iptc", "8bim"):
        return RawProfile(iptc=block if block.startswith(iptc.MARK) else iptc_of(block))
    return RawProfile()


def write_raw_iptc(records: bytes) -> bytes:
    """Write IPTC as compressed text, as ImageMagick does: PNG has no other place for it.

    Parameters
    ----------
    records : bytes
        IPTC-IIM.

    Returns
    -------
    bytes
        The content of a zTXt chunk.
    """
    block = with_iptc(records)
    digits = block.hex()
    lines = [digits[at : at + _DIGITS_A_LINE] for at in range(0, len(digits), _DIGITS_A_LINE)]
    text = "\n".join(["", "iptc", f"{len(block):8d}", *lines, ""])
    return f"{RAW_PROFILE}iptc".encode() + b"\0\0" + zlib.compress(text.encode())


def _bytes_of(text: str) -> bytes:
    """Return the block; empty where the digits are damaged or fewer than announced."""
    lines = text.strip().split("\n", 2)
    try:
        size = int(lines[1])
        block = binascii.unhexlify("".join(lines[2].split()).encode("ascii"))
    except (IndexError, ValueError):  # binascii.Error and UnicodeEncodeError are ValueErrors
        return b""
    return block if len(block) == size else b""
