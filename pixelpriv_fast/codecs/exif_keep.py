"""The ``keep`` policy's EXIF: everything but what would be wrong or show the unprotected photo.

The block is changed in place, so that maker notes, which hold offsets of their own, stay readable.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from .contract import Damaged
from .exif import HEIGHT, MAKER_NOTE, ORIENTATION, WIDTH, private, read, upright_block
from .tiff_structure import Entry, byte_order, integers, read_directory

#: Where a directory says that a picture lies: (offsets, byte counts), for JPEG thumbnails and for plain strips.
_PICTURES = ((0x0201, 0x0202), (0x0111, 0x0117))
_JPEG_START = b"\xff\xd8\xff"
_LONGEST_CHAIN = 8  # EXIF has two directories in its chain; a hostile chain may loop


def keep(exif: bytes, width: int, height: int) -> bytes | None:
    """The block upright, of the given size, without thumbnails; None when it is damaged.

    Maker notes may hold a preview of their own. Where one is found, the block is rebuilt without them, from the tags
    that are known to be pointed to.
    """
    try:
        found = read(exif)
        data = _without_thumbnails(exif)
    except Damaged:
        return None
    _patch(data, found.first.get(ORIENTATION), found.order, 1)
    _patch(data, found.exif.get(WIDTH), found.order, width)
    _patch(data, found.exif.get(HEIGHT), found.order, height)
    if _JPEG_START not in data:
        return bytes(data)
    plain = {tag: entry for tag, entry in found.exif.items() if tag != MAKER_NOTE}
    rebuilt = upright_block(replace(found, exif=plain), width, height)
    return private(exif, width, height) if _JPEG_START in rebuilt else rebuilt


def _patch(data: bytearray, entry: Entry | None, order: str, value: int) -> None:
    """Writes a lone SHORT or LONG where it stands; a value that does not fit its type becomes 0 (unknown)."""
    code = {3: "H", 4: "I"}.get(entry.type if entry else 0)
    if entry is None or code is None or entry.count != 1 or entry.offset + len(entry.value) > len(data):
        return
    struct.pack_into(order + code, data, entry.offset, value if code == "I" or value < 65536 else 0)


def _without_thumbnails(exif: bytes) -> bytearray:
    """A copy whose directory chain ends after the first, the pictures of the others overwritten with zeros."""
    data, order = bytearray(exif), byte_order(exif)
    (start,) = struct.unpack_from(order + "I", exif, 4)
    following = read_directory(exif, start, order).next
    end = start + 2 + 12 * struct.unpack_from(order + "H", exif, start)[0]
    data[end : end + 4] = bytes(len(data[end : end + 4]))
    for _ in range(_LONGEST_CHAIN):
        if not following:
            break
        try:
            directory = read_directory(exif, following, order)
        except Damaged:
            break
        for at, size in _PICTURES:
            starts, sizes = integers(directory.entries.get(at), order), integers(directory.entries.get(size), order)
            for begin, length in list(zip(starts, sizes, strict=False))[:64]:
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
