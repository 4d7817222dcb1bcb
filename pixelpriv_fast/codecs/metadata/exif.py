"""EXIF blocks: reading them, and the allow-list of what the ``private`` policy keeps.

A new block is written from allowed tags, so a tag that was not thought of cannot leak. (``exif_keep`` does the opposite.)
Choice: Pillow's ``Image.Exif`` does not write it: it guesses types (byte strings become BYTE, LONG becomes SHORT), reduces
fractions, and warns on the terminal about damaged blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..contract import Damaged
from .pictures import may_show_picture
from .tag_directories import Directory, TagValue, Tree, first_directory, read_directory
from .tag_writing import block, longs, shorts

PREFIX = b"Exif\0\0"  #: stands before the block in JPEG, and in other containers by mistake
ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE = 0x0112, 0x8769, 0x8825, 0xA005, 0x927C
WIDTH, HEIGHT = 0xA002, 0xA003
#: Tags that state the photo's size: the exposure data's, the picture's own, and interoperability's.
_WIDTHS, _HEIGHTS = (WIDTH, 0x0100, 0x1001), (HEIGHT, 0x0101, 0x1002)

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
_MAX_ALLOWED_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Directories:
    """The tag directories of a block; those that are absent or damaged are empty.

    Attributes
    ----------
    first : Directory
        Camera, time and pointers.
    exif : Directory
        Exposure data.
    interop : Directory
        Which colour space an untagged photo is in.
    gps : Directory
        Where the photo was taken.
    """

    first: Directory
    exif: Directory
    interop: Directory
    gps: Directory

    def tree(self) -> Tree:
        """Nest the directories for writing, pointers where there is something to point to."""
        pointers = {EXIF_IFD, GPS_IFD, INTEROP_IFD}
        inner: dict[int, TagValue | Tree] = {tag: e for tag, e in self.exif.entries.items() if tag not in pointers}
        if self.interop.entries:
            inner[INTEROP_IFD] = self.interop.entries
        tree: dict[int, TagValue | Tree] = {tag: e for tag, e in self.first.entries.items() if tag not in pointers}
        if inner:
            tree[EXIF_IFD] = inner
        if self.gps.entries:
            tree[GPS_IFD] = self.gps.entries
        return tree


def read(exif: bytes) -> Directories:
    """Read the directories of a block without JPEG's "Exif" prefix. Raises ``Damaged`` if even the first is broken."""
    return read_below(exif, first_directory(exif))


def read_below(exif: bytes, first: Directory) -> Directories:
    """Read the directories that a block's first one points to.

    Parameters
    ----------
    exif : bytes
        The whole block.
    first : Directory
        Its first directory, read before.

    Returns
    -------
    Directories
        All of them.
    """

    def child(parent: Directory, tag: int) -> Directory:
        try:
            return read_directory(exif, parent.number(tag), first.order)
        except Damaged:
            return Directory({}, first.order)

    inner = child(first, EXIF_IFD)
    return Directories(first, inner, child(inner, INTEROP_IFD), child(first, GPS_IFD))


def without_prefix(exif: bytes | None) -> bytes | None:
    """Return the TIFF structure of an EXIF block that may carry JPEG's prefix; None if it holds nothing."""
    return (exif or b"").removeprefix(PREFIX) or None


def read_orientation(exif: bytes | None) -> int:
    """Return EXIF's orientation, 1..8; 1 where there is none or it is damaged."""
    if not exif:
        return 1
    try:
        return orientation_of(first_directory(exif, (ORIENTATION,)))
    except Damaged:
        return 1


def orientation_of(first: Directory) -> int:
    """Return the orientation, 1..8, that a first directory states; 1 where it states none."""
    found = first.number(ORIENTATION, 1)
    return found if 1 <= found <= 8 else 1


def private(exif: bytes, width: int, height: int) -> bytes | None:
    """Write a new block of the allowed tags alone.

    Parameters
    ----------
    exif : bytes
        The source's block.
    width, height : int
        Size of the upright photo, in pixels.

    Returns
    -------
    bytes or None
        The block, upright; None if it is damaged or no tag is left.
    """
    try:
        found = read(exif)
    except Damaged:
        return None
    first, inner = _allowed(found.first, PRIVATE_IFD0), _allowed(found.exif, PRIVATE_EXIF)
    if not first.entries and not inner.entries:
        return None
    interop, gps = _allowed(found.interop, _INTEROP), found.gps.only(())
    return upright_block(Directories(first, inner, interop, gps), width, height)


def _allowed(directory: Directory, tags: frozenset[int]) -> Directory:
    """Return the allowed tags, less those whose value is too long for one, or a picture."""
    found = directory.only(tags, _MAX_ALLOWED_BYTES)
    return found.only([tag for tag, entry in found.entries.items() if not may_show_picture(entry.value)])


def upright(found: Directories, width: int, height: int) -> Directories:
    """Set orientation and size to what holds for upright pixels, where the directories state them.

    Parameters
    ----------
    found : Directories
        What a source says.
    width, height : int
        Size of the upright photo, in pixels.

    Returns
    -------
    Directories
        The same tags.
    """
    order = found.first.order
    wide, high = longs(order, width), longs(order, height)
    true = {ORIENTATION: shorts(order, 1), **dict.fromkeys(_WIDTHS, wide), **dict.fromkeys(_HEIGHTS, high)}

    def with_true(directory: Directory) -> Directory:
        return directory.changed({tag: value for tag, value in true.items() if tag in directory.entries})

    return Directories(with_true(found.first), with_true(found.exif), with_true(found.interop), found.gps)


def upright_block(found: Directories, width: int, height: int) -> bytes:
    """Write directories as a new block, with orientation 1 and, where they state a size, the given one.

    Parameters
    ----------
    found : Directories
        What to write.
    width, height : int
        Size of the upright photo, in pixels.

    Returns
    -------
    bytes
        The block.
    """
    order = found.first.order
    first = found.first.changed({ORIENTATION: shorts(order, 1)})
    return block(upright(replace(found, first=first), width, height).tree(), order)
