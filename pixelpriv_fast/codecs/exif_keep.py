"""The EXIF block under the ``keep`` policy: everything but what would be wrong or show the unprotected photo.

The block is changed in place, so that maker notes, which hold offsets of their own, stay readable.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from .contract import Damaged
from .exif import HEIGHT, MAKER_NOTE, ORIENTATION, WIDTH, private, read, upright_block
from .tag_directories import Directory, byte_order, read_directory

#: Where a directory says that a picture lies: (offsets, byte counts), for JPEG thumbnails and for plain strips.
_PICTURES = ((0x0201, 0x0202), (0x0111, 0x0117))
_JPEG_START = b"\xff\xd8\xff"
_MAX_CHAIN = 8  # EXIF has two directories in its chain; a hostile chain may loop


def keep(exif: bytes, width: int, height: int) -> bytes | None:
    """Make a block upright, of the given size, without thumbnails.

    Maker notes may hold a preview of their own. Where one is found, the block is rebuilt without them, from the tags
    that are known to be pointed to.

    Parameters
    ----------
    exif : bytes
        The source's block.
    width, height : int
        Size of the upright photo, in pixels.

    Returns
    -------
    bytes or None
        The block; None if it is damaged.
    """
    try:
        found = read(exif)
        data = _without_thumbnails(exif, found.first)
    except Damaged:
        return None
    _patch(data, found.first, ORIENTATION, 1)
    _patch(data, found.exif, WIDTH, width)
    _patch(data, found.exif, HEIGHT, height)
    if _JPEG_START not in data:
        return bytes(data)
    plain = {tag: entry for tag, entry in found.exif.entries.items() if tag != MAKER_NOTE}
    rebuilt = upright_block(replace(found, exif=replace(found.exif, entries=plain)), width, height)
    return private(exif, width, height) if _JPEG_START in rebuilt else rebuilt


def _patch(data: bytearray, directory: Directory, tag: int, value: int) -> None:
    """Write a lone SHORT or LONG where it stands; a value that does not fit its type becomes 0 (unknown)."""
    entry = directory.entries.get(tag)
    code = {3: "H", 4: "I"}.get(entry.type if entry else 0)
    if entry is None or code is None or entry.count != 1 or entry.offset + len(entry.value) > len(data):
        return
    fitting = value if code == "I" or value < 65536 else 0
    struct.pack_into(directory.order + code, data, entry.offset, fitting)


def _without_thumbnails(exif: bytes, first: Directory) -> bytearray:
    """Copy a block; its directory chain ends after the first, and the pictures of the others are zeros."""
    data, order = bytearray(exif), byte_order(exif)
    (start,) = struct.unpack_from(order + "I", exif, 4)
    end = start + 2 + 12 * struct.unpack_from(order + "H", exif, start)[0]
    data[end : end + 4] = bytes(len(data[end : end + 4]))
    following = first.next
    for _ in range(_MAX_CHAIN):
        if not following:
            break
        try:
            directory = read_directory(exif, following, order)
        except Damaged:
            break
        for at, size in _PICTURES:
            for begin, length in list(zip(directory.integers(at), directory.integers(size), strict=False))[:64]:
                _erase(data, begin, length)
        following = directory.next
    return data


def _erase(data: bytearray, begin: int, length: int) -> None:
    if begin < 8 or begin >= len(data):
        return
    if begin + length >= len(data):
        del data[begin:]  # the usual place: nothing stands behind it
    else:
        data[begin : begin + length] = bytes(length)
