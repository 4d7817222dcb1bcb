"""What of a maker note may be kept: all of a short one, else its directories and those of their values that show no picture.

Makers lay notes out in ways of their own, but nearly all as tag directories behind a short header. So the directory is
searched for, instead of listing makers. What no directory names, a preview among it, is not kept.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ..contract import Damaged
from .pictures import MAX_OPAQUE_BYTES, may_show_picture
from .tag_directories import IFD, Directory, TagValue, read_directory
from .tag_writing import Piece, in_place

_LONGEST_HEADER = 34
_MAX_ENTRIES, _MAX_NESTED = 512, 16


class _Place(NamedTuple):
    """Where a directory stands in the block, and from where its offsets count."""

    at: int
    base: int
    order: str


def pieces(block: bytes, note: TagValue) -> list[Piece]:
    """Return what may be kept of a maker note, each piece at its own place, so that the maker's offsets stay true.

    Parameters
    ----------
    block : bytes
        The whole EXIF block.
    note : TagValue
        The note, as it was read from the block.

    Returns
    -------
    list of (int, bytes)
        Offsets in the block and the bytes there; none if nothing may be kept.
    """
    if not may_show_picture(note.value):
        return [(note.offset, note.value)]
    place = _find(block, note)
    if place is None:
        return []
    header = block[note.offset : place.at]
    found = list(_directory(block, place, set()))
    return [] if may_show_picture(header) else [(note.offset, header), *found]


def _find(block: bytes, note: TagValue) -> _Place | None:
    """Find the directory that a note starts with, and its base: that which explains the note best."""
    end = note.offset + len(note.value)
    starts = re.finditer(rb"II\x2a\0|MM\0\x2a", note.value[:_LONGEST_HEADER])
    bases = 0, note.offset, *(note.offset + found.start() for found in starts)
    best, place = (0, -end), None
    for at in range(note.offset, min(note.offset + _LONGEST_HEADER, end - 2)):
        for order in "<>":
            for base in bases if _plausible(block[at:end], order) else ():
                tried = _Place(at, base, order)
                explained = _explained(block, tried, note.offset, end)
                if explained > best:
                    best, place = explained, tried
    return place


def _plausible(data: bytes, order: str) -> bool:
    """Return whether ``data`` starts with a directory: nearly all rows of it are of types that TIFF has."""
    count: int = struct.unpack_from(order + "H", data)[0]
    if not 0 < count <= _MAX_ENTRIES or 2 + 12 * count > len(data):
        return False
    known = sum(struct.unpack_from(order + "H", data, 4 + 12 * row)[0] in range(1, 14) for row in range(count))
    return 4 * known >= 3 * count


def _explained(block: bytes, place: _Place, start: int, end: int) -> tuple[int, int]:
    """Return how many values lie inside the note, and, less than 0, how far the first one is from the rows' end."""
    found = _read(block, place)
    (count,) = struct.unpack_from(place.order + "H", block, place.at)
    rows_end = place.at + 2 + 12 * count + 4
    inside, distances = 0, [end]
    for tag, entry in found.entries.items():
        at = place.base + (found.number(tag) if entry.type == IFD else entry.offset)
        if start <= at and at + len(entry.value) <= end:
            inside += 1
            distances += [abs(at - rows_end)] if len(entry.value) > 4 or entry.type == IFD else []
    return inside, -min(distances)


def _read(block: bytes, place: _Place) -> Directory:
    try:
        return read_directory(block[place.base :], place.at - place.base, place.order)
    except Damaged:
        return Directory({}, place.order)


def _directory(block: bytes, place: _Place, seen: set[int]) -> Iterator[Piece]:
    """Yield the pieces of a directory and of those inside it; values that may show a picture are left out."""
    if place.at in seen or len(seen) >= _MAX_NESTED:
        return
    seen.add(place.at)
    found = _read(block, place)
    if not found.entries:
        return
    short = found.only(found.entries, MAX_OPAQUE_BYTES)
    kept = {tag: entry for tag, entry in short.entries.items() if not may_show_picture(entry.value)}
    yield from in_place(replace(found, entries=kept), place.at, place.base)
    for tag, entry in kept.items():
        if entry.type == IFD:
            yield from _directory(block, place._replace(at=place.base + found.number(tag)), seen)
