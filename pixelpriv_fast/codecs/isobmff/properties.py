"""What a file says of single items: boxes ipco (the properties) and ipma (whose they are)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ..contract import Damaged
from .boxes import MAX_ENTRIES, Reader, boxes, first_boxes

Property = tuple[bytes, memoryview]  #: type and content; a view, because hundreds of items may share a large one


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties of one file.

    Attributes
    ----------
    boxes : tuple of (bytes, memoryview)
        Type and content of each property.
    owned : dict
        Item's number -> indices of its properties, in its order.
    """

    boxes: tuple[Property, ...]
    owned: dict[int, tuple[int, ...]]

    def of(self, number: int) -> list[Property]:
        """Return type and content of an item's properties, in its order."""
        return [self.boxes[index] for index in self.owned.get(number, ()) if index < len(self.boxes)]

    def distinct(self, numbers: Iterable[int]) -> list[list[Property]]:
        """Return the properties of several items; items of the same ones, as tiles are, count once."""
        return [self.of(number) for number in {self.owned.get(number): number for number in numbers}.values()]


def read_properties(data: bytes, start: int, end: int) -> Properties:
    """Read the properties and whose they are.

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where the content of the box iprp stands.

    Returns
    -------
    Properties
        The properties.

    Raises
    ------
    Damaged
        If boxes are missing or broken, or there are too many.
    """
    place = first_boxes(data, start, end).get(b"ipco")
    if place is None:
        raise Damaged("box ipco is missing")
    view = memoryview(data)
    found = Properties(tuple((kind, view[at:stop]) for kind, at, stop in boxes(data, *place)), {})
    room = MAX_ENTRIES
    for kind, at, stop in boxes(data, start, end):
        if kind == b"ipma":
            room = _read_owners(Reader(data, at, stop), found.owned, room)
    return found


def _read_owners(reader: Reader, owned: dict[int, tuple[int, ...]], room: int) -> int:
    version, flags = reader.version()
    size = 2 if flags & 1 else 1
    largest = (1 << (8 * size - 1)) - 1  # the highest bit says whether a reader must know the property
    for _ in range(reader.take(4)):
        number, count = reader.take(2 if version < 1 else 4), reader.take(1)
        indices = reader.take_several(count, size)
        room -= count + 1
        if room < 0:
            raise Damaged(f"more than {MAX_ENTRIES:,} properties of items")
        if reader.over:
            break
        # Index 0 is none.
        owned.setdefault(number, tuple((index & largest) - 1 for index in indices if index & largest))
    return room


def size_of(properties: list[Property]) -> tuple[int, int] | None:
    """Return (width, height) as stored, in pixels; None where it is not said."""
    for kind, content in properties:
        if kind == b"ispe" and len(content) >= 12:
            width, height = struct.unpack_from(">II", content, 4)
            return width, height
    return None


def depth_of(properties: list[Property]) -> int:
    """Return the bits a channel; 0 where they are not said."""
    return max((_depth(kind, content) for kind, content in properties), default=0)


def _depth(kind: bytes, content: memoryview) -> int:
    if kind == b"pixi" and len(content) >= 5:
        return max(content[5 : 5 + content[4]], default=0)
    if kind == b"av1C" and len(content) >= 3:
        return 8 if not content[2] & 0x40 else 12 if content[2] & 0x20 else 10
    if kind == b"hvcC" and len(content) >= 19:
        return 8 + max(content[17] & 7, content[18] & 7)
    return 0


def profile_of(properties: list[Property]) -> bytes | None:
    """Return the ICC profile; None where there is none or it is empty."""
    for kind, content in properties:
        if kind == b"colr" and bytes(content[:4]) in (b"prof", b"rICC") and len(content) > 4:
            return bytes(content[4:])
    return None


def code_points_of(properties: list[Property]) -> tuple[int, int] | None:
    """Return primaries and transfer by ITU-T H.273's numbers; None where they are not said."""
    for kind, content in properties:
        if kind == b"colr" and bytes(content[:4]) == b"nclx" and len(content) >= 11:
            primaries, transfer = struct.unpack_from(">HH", content, 4)
            return primaries, transfer
    return None


def is_alpha(properties: list[Property]) -> bool:
    """Return whether an auxiliary picture holds transparency."""
    return any(kind == b"auxC" and bytes(content[4:64]).partition(b"\0")[0] in _ALPHA for kind, content in properties)


def auxiliary_kind(properties: list[Property]) -> str | None:
    """Name what an auxiliary picture shows; None for transparency, kinds that are not known, and other pictures."""
    words = next(
        (bytes(content[4:100]).partition(b"\0")[0].lower() for kind, content in properties if kind == b"auxC"), b""
    )
    return next((name for word, name in _AUXILIARY.items() if word in words), None)


#: Part of an auxiliary picture's type -> what messages call it.
_AUXILIARY = {b"gainmap": "HDR gain map", b"depth": "depth map", b"disparity": "depth map", b"matte": "mask"}
_ALPHA = frozenset(
    {
        b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
        b"urn:mpeg:hevc:2015:auxid:1",
        b"urn:mpeg:avc:2015:auxid:1",
    }
)
