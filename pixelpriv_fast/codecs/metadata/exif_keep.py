"""The EXIF block under the ``keep`` policy: everything but what would be wrong or show the unprotected photo.

Directories, and values that cannot show a picture, are copied to a new block; bytes that no kept tag names do not get there.
Where a maker note is kept, everything stays at its own offset, because notes hold offsets of their own into the block.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace

from ..contract import Damaged
from . import iptc, maker_notes, xmp
from .exif import EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE, Directories, private, read, upright
from .pictures import may_show_picture, starts_picture
from .tag_directories import IFD, Directory, TagValue, byte_order
from .tag_writing import Piece, assembled, block, in_place, longs

#: Tags that say where pixels or more directories lie, or that hold parts of pictures: strips, tiles, thumbnails, JPEG's
#: tables and free bytes; Kodak's, Leaf's and profiles' directories; Photoshop's resources and layers; a raw file's private
#: data and the raw file itself. Pointers and the maker note are written again.
_NOT_KEPT = (
    frozenset({0x0111, 0x0117, 0x0120, 0x0121, 0x0144, 0x0145, 0x014A, 0x015B, 0x0190})
    | frozenset({0x0200, 0x0201, 0x0202, 0x0207, 0x0208, 0x0209})
    | frozenset({0x8290, 0x8649, 0x888A, 0x935C, 0xC634, 0xC68C, 0xC6F5, 0xFE00})
    | frozenset({EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE})
)
_XMP, _IPTC = 0x02BC, 0x83BB
#: What one segment of a JPEG holds. Choice: a block without its maker note is better than one that may not be written.
_MAX_BYTES = 65_527


def keep(exif: bytes, width: int, height: int) -> bytes | None:
    """Make a block upright, of the given size, without thumbnails, previews and other pictures.

    Parameters
    ----------
    exif : bytes
        The source's block.
    width, height : int
        Size of the upright photo, in pixels.

    Returns
    -------
    bytes or None
        The block; None if it is damaged or nothing is left.
    """
    try:
        source = read(exif)
    except Damaged:
        return None
    parts = (source.first, source.exif, source.interop, source.gps)
    found = upright(Directories(*(_without_pictures(part, width, height) for part in parts)), width, height)
    pinned = _with_note(exif, source, found)
    if pinned is not None and len(pinned) <= _MAX_BYTES and not starts_picture(pinned):
        return pinned
    tree = found.tree()
    rebuilt = block(tree, found.first.order) if tree else None
    return private(exif, width, height) if rebuilt and starts_picture(rebuilt) else rebuilt


def _without_pictures(directory: Directory, width: int, height: int) -> Directory:
    """Return the directory's tags that may stand beside protected pixels; pointers and maker notes are not among them."""
    kept: dict[int, TagValue] = {}
    for tag, entry in directory.entries.items():
        if tag in (_XMP, _IPTC):
            value = xmp.keep(entry.value, width, height) if tag == _XMP else iptc.keep(entry.value)
            if value is not None and entry.width == 1:
                kept[tag] = replace(entry, value=value)
        elif tag not in _NOT_KEPT and entry.type != IFD and not may_show_picture(entry.value):
            kept[tag] = entry
    return replace(directory, entries=kept)


def _with_note(exif: bytes, source: Directories, found: Directories) -> bytes | None:
    """Copy what was found and the source's maker note to a block, each to its own offset; None if there is no note to keep."""
    note = source.exif.entries.get(MAKER_NOTE)
    limit = note.offset + len(note.value) if note else _MAX_BYTES
    if note is None or limit >= _MAX_BYTES:
        return None
    from_note = maker_notes.pieces(exif[:_MAX_BYTES], note)
    end = max((at + len(content) for at, content in from_note if at + len(content) <= limit), default=0)
    if end <= note.offset + 4:  # nothing, or what a row would hold itself
        return None
    cut = replace(note, value=assembled(from_note)[note.offset : end])
    (first_at,) = struct.unpack_from(byte_order(exif) + "I", exif, 4)
    exif_at, gps_at = source.first.number(EXIF_IFD), source.first.number(GPS_IFD)
    interop_at = source.exif.number(INTEROP_IFD)
    inner = _pointing(found.exif.changed({MAKER_NOTE: cut}), {INTEROP_IFD: (interop_at, found.interop)})
    first = _pointing(found.first, {EXIF_IFD: (exif_at, inner), GPS_IFD: (gps_at, found.gps)})
    placed: list[Piece] = [(0, exif[:8]), *from_note]
    for at, directory in ((first_at, first), (exif_at, inner), (interop_at, found.interop), (gps_at, found.gps)):
        placed += in_place(directory, at) if directory.entries else ()
    return assembled(placed)


def _pointing(directory: Directory, children: Mapping[int, tuple[int, Directory]]) -> Directory:
    """Return a directory with pointers to those of its children that hold something, all in the order of their tags."""
    pointers = {tag: longs(directory.order, at) for tag, (at, child) in children.items() if child.entries}
    return replace(directory, entries=dict(sorted({**directory.entries, **pointers}.items())))
