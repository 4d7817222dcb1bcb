"""The boxes around AVIF and HEIC pictures (ISO/IEC 14496-12 and 23008-12): size, depth, colour, metadata items.

Only what decides whether to decode at all, and what is carried past the decoder, is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .contract import Damaged, Refused

_MAX_BOXES = 100_000
_MAX_ITEM_BYTES = 16 * 1024 * 1024
#: Items that are pictures: coded ones, and those put together of others.
_PICTURES = frozenset({b"hvc1", b"av01", b"grid", b"iovl", b"iden"})
#: ITU-T H.273 colour primaries and transfers that 8-bit pixels may have without a profile: BT.709/sRGB and its kin.
_PLAIN_PRIMARIES, _PLAIN_TRANSFERS = frozenset({0, 1, 2, 5, 6, 7}), frozenset({0, 1, 2, 6, 7, 13, 14, 15})
#: EXIF orientation by mirror axis (or none) and quarter turns against the clock, which come first.
_ORIENTATIONS: dict[int | None, tuple[int, int, int, int]] = {None: (1, 8, 3, 6), 0: (4, 5, 2, 7), 1: (2, 7, 4, 5)}


@dataclass(frozen=True, slots=True)
class Container:
    """What the boxes say of the picture.

    Attributes
    ----------
    width, height : int
        Size in pixels, of the largest item.
    frames : int
        Number of pictures that stand for themselves.
    depth : int
        Bits a channel.
    clean : (int, int)
        (width, height) after the crop that HEIC asks for: coded sizes are even.
    orientation : int
        EXIF's number, 1..8, for what the rotation and mirror boxes ask for.
    exif : bytes or None
        The EXIF block.
    exif_type_at : int or None
        Where the EXIF item's type stands, so that a decoder can be kept from parsing it.
    """

    width: int
    height: int
    frames: int
    depth: int
    clean: tuple[int, int]
    orientation: int
    exif: bytes | None
    exif_type_at: int | None


def brands(data: bytes) -> frozenset[bytes]:
    """Return the major and compatible brands; none for another kind of file."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), len(data), 1024)
    return frozenset(data[at : at + 4] for at in (8, *range(16, end - 3, 4)))


def read_container(data: bytes) -> Container:
    """Read what the boxes say of the picture.

    Raises
    ------
    Damaged
        If boxes are missing or broken.
    Refused
        If the colours are beyond sRGB and there is no profile.
    """
    meta = _one(data, 0, len(data), b"meta")
    children = {kind: (start, end) for kind, start, end in _boxes(data, meta[0] + 4, meta[1])}
    for needed in (b"iprp", b"iinf", b"iloc"):
        if needed not in children:
            raise Damaged(f"box {needed.decode('ascii')} is missing")
    properties = _properties(data, *_one(data, *children[b"iprp"], b"ipco"))
    items = _items(data, *children[b"iinf"])
    exif_item = next((item for item in items if item.kind == b"Exif"), None)
    exif = _item_content(data, *children[b"iloc"], exif_item.number) if exif_item else None
    moving = any(kind == b"moov" for kind, _, _ in _boxes(data, 0, len(data)))
    return Container(
        *properties.size,
        frames=max(2 if moving else 1, _pictures(data, children, items)),
        depth=properties.depth,
        clean=properties.clean or properties.size,
        orientation=_ORIENTATIONS[properties.mirror][properties.turn],
        exif=_exif_block(exif),
        exif_type_at=exif_item.type_at if exif_item else None,
    )


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) of each box's content."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            raise Damaged(f"box {kind!r} of {size:,} bytes runs past the end of its parent")
        yield kind, start + head, start + size
        start += size


def _one(data: bytes, start: int, end: int, wanted: bytes) -> tuple[int, int]:
    for kind, inner_start, inner_end in _boxes(data, start, end):
        if kind == wanted:
            return inner_start, inner_end
    raise Damaged(f"box {wanted.decode('ascii')} is missing")


@dataclass(slots=True)
class _Properties:
    """What the property boxes say of all items together: the largest size bounds what is decoded."""

    size: tuple[int, int] = (0, 0)
    clean: tuple[int, int] | None = None
    depth: int = 8
    turn: int = 0  #: quarter turns against the clock
    mirror: int | None = None
    profile: bool = False
    plain: bool = True


def _properties(data: bytes, start: int, end: int) -> _Properties:
    found = _Properties()
    for kind, at, stop in _boxes(data, start, end):
        content = data[at:stop]
        if kind == b"ispe" and len(content) >= 12:
            width, height = struct.unpack_from(">II", content, 4)
            found.size = max(found.size, (width, height), key=lambda size: size[0] * size[1])
        elif kind == b"clap" and len(content) >= 16 and found.clean is None:
            width, wide_by, height, high_by = struct.unpack_from(">4I", content)
            found.clean = (width // wide_by, height // high_by) if wide_by and high_by else None
        elif kind == b"irot" and content:
            found.turn = content[0] & 3
        elif kind == b"imir" and content:
            found.mirror = content[0] & 1
        elif kind == b"colr":
            _read_colour(content, found)
        else:
            found.depth = max(found.depth, _depth_of(kind, content))
    if not found.plain and not found.profile:
        raise Refused("wide-gamut or HDR colours without a profile", "convert the photo to sRGB first")
    return found


def _read_colour(content: bytes, found: _Properties) -> None:
    if content[:4] in (b"prof", b"rICC"):
        found.profile = True
    elif content[:4] == b"nclx" and len(content) >= 8:
        primaries, transfer = struct.unpack_from(">HH", content, 4)
        found.plain = found.plain and primaries in _PLAIN_PRIMARIES and transfer in _PLAIN_TRANSFERS


def _depth_of(kind: bytes, content: bytes) -> int:
    """Return the bits a channel by the box that says so; 0 for other boxes."""
    if kind == b"pixi" and len(content) >= 5:
        return max(content[5 : 5 + content[4]], default=0)
    if kind == b"av1C" and len(content) >= 3:
        return 8 if not content[2] & 0x40 else 12 if content[2] & 0x20 else 10
    if kind == b"hvcC" and len(content) >= 19:
        return 8 + max(content[17] & 7, content[18] & 7)
    return 0


@dataclass(frozen=True, slots=True)
class _Item:
    number: int
    kind: bytes
    hidden: bool
    type_at: int  #: where its type stands


def _items(data: bytes, start: int, end: int) -> list[_Item]:
    found = []
    head = 6 if data[start : start + 1] == b"\0" else 8
    for kind, at, stop in _boxes(data, start + head, end):
        version = data[at] if at < stop else 0
        if kind != b"infe" or version < 2:
            continue
        wide = 4 if version > 2 else 2
        type_at = at + 4 + wide + 2
        if type_at + 4 <= stop:
            number = int.from_bytes(data[at + 4 : at + 4 + wide], "big")
            found.append(_Item(number, data[type_at : type_at + 4], bool(data[at + 3] & 1), type_at))
    return found


def _pictures(data: bytes, children: dict[bytes, tuple[int, int]], items: list[_Item]) -> int:
    """Count the pictures that stand for themselves.

    These are the primary one, and others that are neither hidden, nor a thumbnail or auxiliary (alpha, depth, gain)
    picture, nor a tile of another one.
    """
    start, end = children.get(b"pitm", (0, 0))
    parts = {int.from_bytes(data[start + 4 : end], "big")}
    if b"iref" in children:
        parts |= _parts(data, *children[b"iref"])
    others = (item for item in items if item.kind in _PICTURES and item.number not in parts)
    return 1 + sum(not item.hidden for item in others)


def _parts(data: bytes, start: int, end: int) -> set[int]:
    """Return the items that belong to other items, by the references between them."""
    parts: set[int] = set()
    wide = 2 if data[start : start + 1] == b"\0" else 4
    for kind, at, stop in _boxes(data, start + 4, end):
        reader = _Reader(data, at, stop)
        holder, count = reader.take(wide), reader.take(2)
        if kind in (b"thmb", b"auxl"):
            parts.add(holder)
        elif kind == b"dimg":
            parts.update(reader.take(wide) for _ in range(min(count, (stop - at) // wide)))
    return parts


def _item_content(data: bytes, start: int, end: int, wanted: int) -> bytes | None:
    """Return an item's bytes, for items stored by file offset; None otherwise or if damaged."""
    reader = _Reader(data, start, end)
    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    offset_size, length_size, base_size = sizes >> 12 & 15, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    for _ in range(reader.take(2 if version < 2 else 4)):
        number = reader.take(2 if version < 2 else 4)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        base = reader.take(base_size)
        extents = []
        for _ in range(reader.take(2)):
            reader.take(index_size)
            extents.append((base + reader.take(offset_size), reader.take(length_size)))
        if reader.over:
            return None
        if number == wanted and method == 0 and sum(length for _, length in extents) <= _MAX_ITEM_BYTES:
            return b"".join(data[at : at + length] for at, length in extents)
    return None


class _Reader:
    """Reads big-endian numbers one after another; past the end it gives zeros and sets ``over``."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data, self._at, self._end = data, start, end
        self.over = False

    def take(self, size: int) -> int:
        self.over = self.over or self._at + size > self._end
        value = 0 if self.over else int.from_bytes(self._data[self._at : self._at + size], "big")
        self._at += size
        return value


def _exif_block(item: bytes | None) -> bytes | None:
    """Return the TIFF structure of an EXIF item, which starts with the offset of that structure."""
    if item is None or len(item) < 4:
        return None
    return item[4 + int.from_bytes(item[:4], "big") :] or None
