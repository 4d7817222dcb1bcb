"""Tag directories as TIFF 6.0 lays them out, read defensively. EXIF, MPF and TIFF files share them.

Values stay raw bytes in the block's own byte order, so what is kept is kept bit for bit, and nothing of a damaged or
hostile block is interpreted beyond the few numbers that are requested.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TypeAlias, Union

from ..contract import Damaged

#: Bytes of one value by type number: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, SSHORT, SLONG, SRATIONAL,
#: FLOAT, DOUBLE, IFD.
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_UNSIGNED = {1: "B", 3: "H", 4: "I", 13: "I"}
SHORT, LONG, RATIONAL, UNDEFINED, IFD = 3, 4, 5, 7, 13
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
TIFF_STARTS = tuple(_ORDERS)  #: how a block of tags begins


@dataclass(frozen=True, slots=True)
class TagValue:
    """One tag's value.

    Attributes
    ----------
    type : int
        TIFF's type number, 1..13.
    value : bytes
        The raw values, in the block's byte order.
    offset : int
        Where it was read; 0 if it was made here.
    """

    type: int
    value: bytes
    offset: int = 0

    @property
    def count(self) -> int:
        """Number of values."""
        return len(self.value) // self.width

    @property
    def width(self) -> int:
        """Bytes of one value."""
        return _VALUE_BYTES[self.type]


Tree: TypeAlias = Mapping[int, Union[TagValue, "Tree"]]  #: tag -> value, or the directory that the tag points to


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory of a block.

    Attributes
    ----------
    entries : mapping
        Tag number -> value.
    order : str
        The block's byte order, "<" or ">".
    next : int
        Offset of the next directory in the chain; 0 at its end.
    """

    entries: Mapping[int, TagValue]
    order: str
    next: int = 0

    def integers(self, tag: int) -> tuple[int, ...]:
        """Return a tag's unsigned whole numbers; none where it is absent or of another type."""
        entry = self.entries.get(tag)
        if entry is None or entry.type not in _UNSIGNED:
            return ()
        return struct.unpack(f"{self.order}{entry.count}{_UNSIGNED[entry.type]}", entry.value)

    def number(self, tag: int, default: int = 0) -> int:
        """Return a tag's first whole number.

        Parameters
        ----------
        tag : int
            The tag's number.
        default : int
            What is returned where there is none.

        Returns
        -------
        int
            The number.
        """
        values = self.integers(tag)
        return values[0] if values else default

    def rational(self, tag: int) -> float:
        """Return a tag's first unsigned fraction; 0.0 where there is none or its denominator is 0."""
        entry = self.entries.get(tag)
        if entry is None or entry.type != RATIONAL:
            return 0.0
        above, below = struct.unpack_from(self.order + "II", entry.value)
        return above / below if below else 0.0

    def only(self, tags: Container[int], longest: int | None = None) -> Directory:
        """Return a directory of some of the tags.

        Parameters
        ----------
        tags : container of int
            The tags to keep.
        longest : int or None
            Number of bytes above which a value is left out.

        Returns
        -------
        Directory
            A lone one: nothing follows it in a chain.
        """
        kept = {tag: entry for tag, entry in self.entries.items() if tag in tags}
        if longest is not None:
            kept = {tag: entry for tag, entry in kept.items() if len(entry.value) <= longest}
        return Directory(kept, self.order)

    def changed(self, entries: Mapping[int, TagValue]) -> Directory:
        """Return the directory with some values replaced or added."""
        return Directory({**self.entries, **entries}, self.order, self.next)


def byte_order(data: bytes) -> str:
    """Return "<" or ">", as a TIFF header says. Raises ``Damaged`` for another header."""
    order = _ORDERS.get(data[:4])
    if order is None or len(data) < 8:
        raise Damaged("the tag block does not start with a TIFF header")
    return order


def first_directory(data: bytes, only: Container[int] | None = None) -> Directory:
    """Read the directory that the header points to.

    Parameters
    ----------
    data : bytes
        The whole block.
    only : container of int or None
        The tags to read; None for all.

    Returns
    -------
    Directory
        Its entries, and where the next directory is.

    Raises
    ------
    Damaged
        See ``byte_order`` and ``read_directory``.
    """
    order = byte_order(data)
    return read_directory(data, struct.unpack_from(order + "I", data, 4)[0], order, only)


def read_directory(data: bytes, offset: int, order: str, only: Container[int] | None = None) -> Directory:
    """Read the directory at ``offset``; entries of unknown type or with values outside ``data`` are left out.

    Work is bounded by the 65,535 entries that a directory has, and memory by the block's own length: values that
    overlap could be many times as long together, and are left out from there on.

    Parameters
    ----------
    data : bytes
        The whole block.
    offset : int
        Where the directory starts, in bytes.
    order : str
        "<" or ">".
    only : container of int or None
        The tags to read; None for all.

    Returns
    -------
    Directory
        Its entries, and where the next directory is.

    Raises
    ------
    Damaged
        If the directory itself does not fit into the block.
    """
    if offset < 8 or offset + 2 > len(data):
        raise Damaged(f"a tag directory lies outside the file (offset {offset} of {len(data)})")
    (count,) = struct.unpack_from(order + "H", data, offset)
    end = offset + 2 + 12 * count
    if end > len(data):
        raise Damaged(f"a tag directory of {count} entries runs past the end of the file")
    entries: dict[int, TagValue] = {}
    room = len(data)
    for at in range(offset + 2, end, 12):
        tag, kind, number_of_values = struct.unpack_from(order + "HHI", data, at)
        size = _VALUE_BYTES.get(kind, 0) * number_of_values
        start = at + 8 if size <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
        if only is not None and tag not in only:
            continue
        if 0 < size <= room and start >= 8 and start + size <= len(data):
            entries[tag] = TagValue(kind, bytes(data[start : start + size]), start)
            room -= size
    following = struct.unpack_from(order + "I", data, end)[0] if end + 4 <= len(data) else 0
    return Directory(entries, order, following)
