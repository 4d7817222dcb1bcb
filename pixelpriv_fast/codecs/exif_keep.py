"""The EXIF block under the ``keep`` policy: everything but what would be wrong or show the unprotected photo.

Directories, and values that cannot show a picture, are copied to a new block; bytes that no kept tag names do not get there.
Where a maker note is kept, everything stays at its own offset, because notes hold offsets of their own into the block.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from . import iptc, maker_notes, xmp
from .contract import Damaged
from .exif import EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE, Directories, private, read, upright
from .pictures import may_show_picture, starts_picture
from .tag_directories import IFD, Directory, TagValue, byte_order
from .tag_writing import Piece, assembled, block, in_place

_POINTERS = frozenset({EXIF_IFD, GPS_IFD, INTEROP_IFD})
#: Tags that say where pixels or more directories lie, or that hold parts of pictures: strips, tiles, thumbnails, JPEG's
#: tables and free bytes; Kodak's, Leaf's and profiles' directories; Photoshop's resources and layers; a raw file's private
#: data and the raw file itself.
_PARTS_OF_PICTURES = frozenset(
    {
        0x0111,
        0x0117,
        0x0120,
        0x0121,
        0x0144,
        0x0145,
        0x014A,
        0x015B,
        0x0190,
        0x0200,
        0x0201,
        0x0202,
        0x0207,
        0x0208,
        0x0209,
    }
    | {0x8290, 0x888A, 0xC6F5, 0xFE00, 0x8649, 0x935C, 0xC634, 0xC68C}
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
        found = read(exif)
    except Damaged:
        return None
    parts = (_without_pictures(part, width, height) for part in (found.first, found.exif, found.interop, found.gps))
    found = Directories(*parts)
    note = found.exif.entries.get(MAKER_NOTE)
    pinned = _with_note(exif, upright(found, width, height), note) if note else None
    if pinned is not None and len(pinned) <= _MAX_BYTES and not starts_picture(pinned):
        return pinned
    plain = {tag: entry for tag, entry in found.exif.entries.items() if tag != MAKER_NOTE}
    tree = upright(replace(found, exif=replace(found.exif, entries=plain)), width, height).tree()
    rebuilt = block(tree, found.first.order) if tree else None
    return private(exif, width, height) if rebuilt and starts_picture(rebuilt) else rebuilt


def _without_pictures(directory: Directory, width: int, height: int) -> Directory:
    """Return the directory's tags that may stand beside protected pixels; a maker note is judged apart."""
    kept: dict[int, TagValue] = {}
    for tag, entry in directory.entries.items():
        if tag in _POINTERS or tag == MAKER_NOTE:
            kept[tag] = entry
        elif tag in (_XMP, _IPTC):
            value = xmp.keep(entry.value, width, height) if tag == _XMP else iptc.keep(entry.value)
            if value is not None and entry.width == 1:
                kept[tag] = replace(entry, value=value)
        elif tag not in _PARTS_OF_PICTURES and entry.type != IFD and not may_show_picture(entry.value):
            kept[tag] = entry
    return replace(directory, entries=kept)


def _with_note(exif: bytes, found: Directories, note: TagValue) -> bytes | None:
    """Copy directories and maker note to a block where each stands at its own offset; None if the note is to go."""
    limit = note.offset + len(note.value)
    from_note = maker_notes.pieces(exif[:_MAX_BYTES], note) if limit <= _MAX_BYTES else []
    end = max((at + len(content) for at, content in from_note if at + len(content) <= limit), default=0)
    if end <= note.offset + 4:  # nothing, or what a row would hold itself
        return None
    value = assembled(from_note)[note.offset : end]
    inner = found.exif.changed({MAKER_NOTE: replace(note, value=value)})
    (first_at,) = struct.unpack_from(byte_order(exif) + "I", exif, 4)
    placed: list[Piece] = [(0, exif[:8]), *from_note]
    for at, directory in (
        (first_at, found.first),
        (found.first.number(EXIF_IFD), inner),
        (found.exif.number(INTEROP_IFD), found.interop),
        (found.first.number(GPS_IFD), found.gps),
    ):
        placed += in_place(directory, at) if at else ()
    return assembled(placed)
