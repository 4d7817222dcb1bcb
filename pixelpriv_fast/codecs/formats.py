"""Which codec: of content by magic bytes and an allow-list, never by the file's name; of a name or suffix by the table."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath
from typing import Any, Final

from ..errors import UsageError
from ..registry import CODECS
from .contract import Codec, Refused

#: How files begin that a download left in place of what was to be downloaded.
LFS_POINTER: Final = b"version https://git-lfs"
WEB_PAGE: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)

_RAW: Final = ("a camera raw file", "develop it to JPEG or TIFF")
#: Formats that people do put into photo folders, so that they are refused by name: (offset, magic, name, what to do).
_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"GIF8", "a GIF", "convert it to PNG"),
    (0, b"BM", "a BMP", "convert it to PNG"),
    (0, b"8BPS", "a Photoshop file", "export it as PNG or TIFF"),
    (0, b"\x00\x00\x01\x00", "an icon", "convert it to PNG"),
    (0, b"\xff\x0a", "a JPEG XL file", "convert it to PNG or JPEG"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL file", "convert it to PNG or JPEG"),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 file", "convert it to PNG or JPEG"),
    (0, b"%PDF", "a PDF", "export its pictures"),
    (0, b"FUJIFILM", *_RAW),
    (0, b"IIU\0", *_RAW),  # Panasonic
    (0, b"IIRO", *_RAW),  # Olympus, in three spellings
    (0, b"IIRS", *_RAW),
    (0, b"MMOR", *_RAW),
    (0, b"\0MRM", *_RAW),  # Minolta
    (0, b"FOVb", *_RAW),  # Sigma
    (4, b"ftypcrx", *_RAW),
    (4, b"ftyp", "a video or an unknown ISO media file", "leave it out"),
    (0, b"PK\x03\x04", "a ZIP archive", "unpack it"),
    (0, LFS_POINTER, "a Git LFS pointer", "fetch the photo with: git lfs pull"),
    (0, b"\0\5\x16\7", "a macOS resource file", "leave it out"),
    (0, b"<", "text or SVG", "leave it out or export it as PNG"),
)

_JPEG_START, _LATEST_START = b"\xff\xd8\xff", 16


@cache
def codec(name: str) -> Codec[Any]:
    """Return the codec of a row's name or alias. Raises ``UsageError`` for an unknown name."""
    made: Codec[Any] = CODECS.load(name)()
    return made


def codec_of_content(data: bytes) -> Codec[Any]:
    """Return the codec whose magic bytes ``data`` starts with. Raises ``Refused`` naming what it is instead."""
    for name in CODECS:
        if codec(name).matches(data):
            return codec(name)
    if WEB_PAGE.match(data):
        raise Refused("the content is a web page", "download the photo itself, not the page about it")
    for offset, magic, kind, fix in _FOREIGN:
        if data.startswith(magic, offset):
            raise Refused(f"the content is {kind}, none of {', '.join(CODECS)}", fix)
    late = data.find(_JPEG_START, 0, _LATEST_START)
    if late > 0:  # no reader looks behind stray bytes, but the photo is there
        cut = f"cut them off, for example with: tail -c +{late + 1} OLD > NEW"
        raise Refused(f"{late} stray bytes ({data[:late]!r}) stand before a JPEG", cut)
    if data.count(0) == len(data):
        raise Refused("the file holds nothing but zero bytes", "restore it from a copy or leave it out")
    raise Refused(f"the content (first bytes {data[:8]!r}) is none of {', '.join(CODECS)}", "leave it out")


@cache
def _format_by_suffix() -> dict[str, str]:
    return {suffix: name for name in CODECS for suffix in codec(name).suffixes}


def known_suffixes() -> frozenset[str]:
    """Return every suffix a photo may have, lower case with the dot; it only selects files, their content decides."""
    return frozenset(_format_by_suffix())


def format_of_path(path: str | PurePath) -> str | None:
    """Return the codec name that the path's suffix promises, or None."""
    return _format_by_suffix().get(PurePath(path).suffix.lower())


def format_for(path: str | PurePath) -> str:
    """Return the codec name for a file to be written. Raises ``UsageError`` if its suffix promises no known format."""
    found = format_of_path(path)
    if found is None:
        seen = PurePath(path).suffix or "no suffix"
        raise UsageError(f"{path}: {seen} is not a known photo suffix; use one of {' '.join(sorted(known_suffixes()))}")
    return found


def suffix_for(name: str) -> str:
    """Return the suffix that files of a format are written with, such as ``.jpg``. Raises ``UsageError``."""
    return codec(name).suffixes[0]


def canonical(name: str | None, source: str) -> str:
    """Return the name of the format to write.

    Parameters
    ----------
    name : str or None
        A row's name or alias; None or "keep" for the source's.
    source : str
        The source's format.

    Returns
    -------
    str
        A row's name.

    Raises
    ------
    UsageError
        If there is no such format.
    """
    if name is None or name == "keep":
        return source
    if not isinstance(name, str):
        raise UsageError(f"format {name!r} is not text; use keep or one of {', '.join(CODECS)}")
    return CODECS.canonical(name)
