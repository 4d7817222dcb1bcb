"""EXIF blocks: reading them, and the allow-list of what the ``private`` policy keeps.

A new block is written from allowed tags, so a tag that nobody thought of cannot leak. (``exif_keep`` is the other way.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .contract import Damaged
from .tiff_structure import (
    Directory,
    Entry,
    Tree,
    block,
    byte_order,
    first_directory,
    longs,
    number,
    read_directory,
    shorts,
)

ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE = 0x0112, 0x8769, 0x8825, 0xA005, 0x927C
WIDTH, HEIGHT = 0xA002, 0xA003

#: Camera and capture time: Make, Model, resolution, DateTime, white point, primaries, YCbCr description.
PRIVATE_IFD0 = frozenset({0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0132, 0x013E, 0x013F, 0x0211, 0x0213, 0x0214})

#: Exposure data, capture times, lens make and model, colour space.
#: Choice: out are not only GPS, serial numbers, names and free text (UserComment, ImageUniqueID, titles, Software) but
#: also the time zone (OffsetTime*: it narrows the place), SubjectArea, and SceneCaptureType ("landscape", "night": it
#: says what the photo is protected against).
PRIVATE_EXIF = frozenset(
    {0x829A, 0x829D, 0x8822, 0x8824, 0x8827, 0x8828, 0x8830, 0x8831, 0x8832, 0x8833}  # exposure time .. ISO speed
    | {0x9000, 0x9003, 0x9004, 0x9101, 0x9102}  # version, original and digitised time, components
    | {0x9201, 0x9202, 0x9203, 0x9204, 0x9205, 0x9206, 0x9207, 0x9208, 0x9209, 0x920A}  # shutter .. focal length
    | {0x9290, 0x9291, 0x9292, 0xA000, 0xA001, WIDTH, HEIGHT}  # fractions of a second, FlashPix, colour space, size
    | {0xA20E, 0xA20F, 0xA210, 0xA215, 0xA217, 0xA300, 0xA301, 0xA302}  # focal plane, index, sensor, source, filter
    | {0xA401, 0xA402, 0xA403, 0xA404, 0xA405, 0xA407, 0xA408, 0xA409, 0xA40A, 0xA40C}  # rendering .. distance range
    | {0xA432, 0xA433, 0xA434, 0xA500}  # lens range, make, model; gamma
)
_INTEROP = frozenset({0x0001, 0x0002})  # "R98" or "R03": which colour space an untagged photo is in

#: A camera's name is short. A longer value of an allowed tag is somebody's hiding place, and is left out.
_LONGEST_ALLOWED = 1024


@dataclass(frozen=True, slots=True)
class Directories:
    """The tag directories of a block; those that are absent or damaged are empty."""

    order: str
    first: Mapping[int, Entry]
    exif: Mapping[int, Entry]
    interop: Mapping[int, Entry]
    gps: Mapping[int, Entry]

    def tree(self) -> Tree:
        """The directories nested for writing, pointers where there is something to point to."""
        pointers = {EXIF_IFD, GPS_IFD, INTEROP_IFD}
        inner: dict[int, Entry | Tree] = {tag: entry for tag, entry in self.exif.items() if tag not in pointers}
        if self.interop:
            inner[INTEROP_IFD] = self.interop
        tree: dict[int, Entry | Tree] = {tag: entry for tag, entry in self.first.items() if tag not in pointers}
        if inner:
            tree[EXIF_IFD] = inner
        if self.gps:
            tree[GPS_IFD] = self.gps
        return tree


def read(exif: bytes) -> Directories:
    """The directories of a block (without JPEG's "Exif" prefix). Raises ``Damaged`` when even the first is broken."""
    return read_below(exif, first_directory(exif))


def read_below(exif: bytes, directory: Directory) -> Directories:
    """The directories of a block whose first one was read before. Raises ``Damaged``."""
    order, first = byte_order(exif), directory.entries

    def child(parent: Mapping[int, Entry], tag: int) -> Mapping[int, Entry]:
        try:
            return read_directory(exif, number(parent.get(tag), order, 0), order).entries
        except Damaged:
            return {}

    inner = child(first, EXIF_IFD)
    return Directories(order, first, inner, child(inner, INTEROP_IFD), child(first, GPS_IFD))


def without_prefix(exif: bytes | None) -> bytes | None:
    """The TIFF structure of an EXIF block that may carry JPEG's prefix; None when it holds nothing."""
    return (exif or b"").removeprefix(b"Exif\0\0") or None


def read_orientation(exif: bytes | None) -> int:
    """EXIF's orientation, 1..8; 1 where there is none or it is damaged."""
    if not exif:
        return 1
    try:
        return orientation_of(first_directory(exif).entries, byte_order(exif))
    except Damaged:
        return 1


def orientation_of(tags: Mapping[int, Entry], order: str) -> int:
    """The orientation, 1..8, that a first directory states; 1 where it states none."""
    found = number(tags.get(ORIENTATION), order, 1)
    return found if 1 <= found <= 8 else 1


def private(exif: bytes, width: int, height: int) -> bytes | None:
    """A new block of the allowed tags alone, upright, of the given size; None when none is left or it is damaged."""
    try:
        found = read(exif)
    except Damaged:
        return None
    inner = _allowed(found.exif, PRIVATE_EXIF)
    first = _allowed(found.first, PRIVATE_IFD0)
    if not first and not inner:
        return None
    return upright_block(Directories(found.order, first, inner, _allowed(found.interop, _INTEROP), {}), width, height)


def _allowed(entries: Mapping[int, Entry], tags: frozenset[int]) -> dict[int, Entry]:
    return {tag: entry for tag, entry in entries.items() if tag in tags and len(entry.value) <= _LONGEST_ALLOWED}


def upright_block(found: Directories, width: int, height: int) -> bytes:
    """``found`` written anew, with orientation 1 and, where it states a size, the given one."""
    sizes = {WIDTH: longs(found.order, width), HEIGHT: longs(found.order, height)}
    inner = {**found.exif, **{tag: entry for tag, entry in sizes.items() if tag in found.exif}}
    first = {**found.first, ORIENTATION: shorts(found.order, 1)}
    return block(Directories(found.order, first, inner, found.interop, found.gps).tree(), found.order)
