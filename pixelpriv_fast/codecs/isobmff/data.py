"""Where an item's bytes stand (box iloc): in the file, in the box idat, or in other items."""

from __future__ import annotations

from dataclasses import dataclass

from ..contract import Damaged
from .boxes import MAX_ENTRIES, Reader
from .items import ItemReferences

#: Bound of what is read here: metadata, and nothing of the pixels.
MAX_ITEM_BYTES = 16 * 1024 * 1024
_MAX_INNER_ITEMS = 4
IN_FILE, IN_IDAT, IN_ITEMS = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Extent:
    """A part of an item.

    Attributes
    ----------
    index : int
        In which of several items it stands, from 1; 0 is the first too.
    start : int
        Where it starts.
    length : int
        Bytes; 0 for all that follow.
    """

    index: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Location:
    """Where an item stands.

    Attributes
    ----------
    method : int
        What offsets count from: 0 the file, 1 the box idat, 2 other items.
    extents : tuple of Extent
        Its parts, in order.
    """

    method: int
    extents: tuple[Extent, ...]


_NOWHERE = Location(-1, ())


def read_locations(data: bytes, start: int, end: int) -> dict[int, Location]:
    """Read where items stand.

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where the content of the box iloc stands.

    Returns
    -------
    dict
        Item's number -> location; of two, the first. A box that is cut off gives those before the cut.

    Raises
    ------
    Damaged
        If there are too many.
    """
    reader = Reader(data, start, end)
    version, _ = reader.version()
    sizes = reader.take(2)
    offset_size, length_size, base_size = sizes >> 12 & 15, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    number_size = 2 if version < 2 else 4
    found: dict[int, Location] = {}
    room = MAX_ENTRIES
    for _ in range(reader.take(number_size)):
        number = reader.take(number_size)
        method = reader.take(2) & 15 if version else IN_FILE
        reader.take(2)  # 0: this very file
        base, count = reader.take(base_size), reader.take(2)
        room -= count + 1
        if room < 0:
            raise Damaged(f"more than {MAX_ENTRIES:,} parts of items")
        extents = tuple(
            Extent(reader.take(index_size), base + reader.take(offset_size), reader.take(length_size))
            for _ in range(count)
        )
        if reader.over:
            break
        found.setdefault(number, Location(method, extents))
    return found


@dataclass(frozen=True, slots=True)
class ItemData:
    """What items hold.

    Attributes
    ----------
    data : bytes
        The whole file.
    idat : bytes
        The content of the box idat, where there is one.
    locations : dict
        See ``read_locations``.
    references : ItemReferences
        How items refer to one another: b"iloc" leads to the items that an item's parts stand in.
    """

    data: bytes
    idat: bytes
    locations: dict[int, Location]
    references: ItemReferences

    def content(self, number: int) -> bytes | None:
        """Return an item's bytes; None where they are not all there, or more than metadata has."""
        location = self.locations.get(number)
        if location is None:
            return None
        if location.method != IN_ITEMS:
            return self._joined(location, [self._plain(location)])
        # Items inside items inside items are not followed: no writer makes them, and each level multiplies the work.
        inner = self.references.targets(b"iloc", number)[:_MAX_INNER_ITEMS]
        places = [self.locations.get(one, _NOWHERE) for one in inner]
        return self._joined(location, [self._joined(place, [self._plain(place)]) for place in places])

    def _plain(self, location: Location) -> bytes | None:
        return {IN_FILE: self.data, IN_IDAT: self.idat}.get(location.method)

    def _joined(self, location: Location, sources: list[bytes | None]) -> bytes | None:
        """Join an item's parts; ``sources`` are what their offsets count in."""
        parts, room = [], MAX_ITEM_BYTES
        for extent in location.extents:
            place = max(1, extent.index) - 1 if location.method == IN_ITEMS else 0
            source = sources[place] if place < len(sources) else None
            stop = extent.start + extent.length if extent.length else len(source or b"")
            room -= max(0, stop - extent.start)
            if source is None or stop > len(source) or room < 0:
                return None
            parts.append(source[extent.start : stop])
        return b"".join(parts)

    def head(self, number: int, size: int) -> bytes:
        """Return an item's first bytes.

        Parameters
        ----------
        number : int
            The item's.
        size : int
            How many are wanted.

        Returns
        -------
        bytes
            Fewer where there are not as many, or the item stands in others.
        """
        location = self.locations.get(number, _NOWHERE)
        source, found = self._plain(location) or b"", b""
        for extent in location.extents[:size]:
            length = min(extent.length or size, size - len(found))
            found += source[extent.start : extent.start + length]
            if len(found) >= size:
                break
        return found

    def is_cut_off(self, number: int) -> bool:
        """Return whether bytes that an item lists lie behind the file's or the box's end."""
        location = self.locations.get(number)
        if location is None or location.method not in (IN_FILE, IN_IDAT):
            return False
        end = len(self.data if location.method == IN_FILE else self.idat)
        return any(extent.start + extent.length > end for extent in location.extents)
