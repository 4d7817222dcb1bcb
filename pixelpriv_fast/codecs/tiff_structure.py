"""Tag directories as TIFF 6.0 lays them out: read defensively, written anew. EXIF, MPF and TIFF files share them.

Values stay raw bytes in the block's own byte order, so what is kept is kept bit for bit, and nothing of a damaged or
hostile block is interpreted beyond the few numbers that are asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, Union

from .contract import Damaged

#: Bytes of one value by type number: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, SSHORT, SLONG, SRATIONAL,
#: FLOAT, DOUBLE, IFD.
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_UNSIGNED = {1: "B", 3: "H", 4: "I", 13: "I"}
SHORT, LONG, RATIONAL, UNDEFINED = 3, 4, 5, 7


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag's value. ``offset`` is where it was read (0 for made ones)."""

    type: int
    value: bytes
    offset: int = 0

    @property
    def count(self) -> int:
        return len(self.value) // _VALUE_BYTES[self.type]


Tree: TypeAlias = Mapping[int, Union[Entry, "Tree"]]  #: tag -> value, or the directory that the tag points to


@dataclass(frozen=True, slots=True)
class Directory:
    entries: dict[int, Entry]
    next: int  #: offset of the next directory in the chain, 0 at its end


def byte_order(data: bytes) -> str:
    """ "<" or ">" of a TIFF header. Raises ``Damaged``."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        raise Damaged("the tag block does not start with a TIFF header")
    return order


def first_directory(data: bytes) -> Directory:
    """The directory that the header points to. Raises ``Damaged``."""
    order = byte_order(data)
    return read_directory(data, struct.unpack_from(order + "I", data, 4)[0], order)


def read_directory(data: bytes, offset: int, order: str) -> Directory:
    """The directory at ``offset``; entries of unknown type or with values outside ``data`` are left out.

    Raises ``Damaged`` when the directory itself does not fit. Work is bounded by the 65,535 entries a directory has.
    """
    if offset < 8 or offset + 2 > len(data):
        raise Damaged(f"a tag directory lies outside the file (offset {offset} of {len(data)})")
    (count,) = struct.unpack_from(order + "H", data, offset)
    end = offset + 2 + 12 * count
    if end > len(data):
        raise Damaged(f"a tag directory of {count} entries runs past the end of the file")
    entries: dict[int, Entry] = {}
    for at in range(offset + 2, end, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, at)
        size = _VALUE_BYTES.get(kind, 0) * number
        start = at + 8 if size <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
        if size and start >= 8 and start + size <= len(data):
            entries[tag] = Entry(kind, bytes(data[start : start + size]), start)
    following = struct.unpack_from(order + "I", data, end)[0] if end + 4 <= len(data) else 0
    return Directory(entries, following)


def integers(entry: Entry | None, order: str) -> tuple[int, ...]:
    """The unsigned whole numbers of an entry; () for none, or for another type."""
    if entry is None or entry.type not in _UNSIGNED:
        return ()
    return struct.unpack(f"{order}{entry.count}{_UNSIGNED[entry.type]}", entry.value)


def number(entry: Entry | None, order: str, default: int) -> int:
    """The first whole number of an entry, or ``default``."""
    values = integers(entry, order)
    return values[0] if values else default


def rational(entry: Entry | None, order: str) -> float:
    """The first unsigned fraction of an entry, or 0.0."""
    if entry is None or entry.type != RATIONAL:
        return 0.0
    above, below = struct.unpack_from(order + "II", entry.value)
    return above / below if below else 0.0


def shorts(order: str, *values: int) -> Entry:
    return Entry(SHORT, struct.pack(f"{order}{len(values)}H", *values))


def longs(order: str, *values: int) -> Entry:
    return Entry(LONG, struct.pack(f"{order}{len(values)}I", *values))


def file_header(order: str, first: int) -> bytes:
    """The eight bytes that every TIFF structure starts with."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", first)


def directory_bytes(tree: Tree, order: str, at: int) -> bytes:
    """``tree`` as it stands in a file from the even offset ``at`` on, its values and inner directories after it."""
    tail_at = at + 2 + 12 * len(tree) + 4
    rows, tail = bytearray(struct.pack(order + "H", len(tree))), bytearray()
    for tag in sorted(tree):
        node = tree[tag]
        if not isinstance(node, Entry):
            rows += struct.pack(order + "HHII", tag, LONG, 1, tail_at + len(tail))
            tail += directory_bytes(node, order, tail_at + len(tail))
            continue
        rows += struct.pack(order + "HHI", tag, node.type, node.count)
        if len(node.value) <= 4:
            rows += node.value.ljust(4, b"\0")
        else:
            rows += struct.pack(order + "I", tail_at + len(tail))
            tail += node.value + b"\0" * (len(node.value) % 2)
    return bytes(rows) + b"\0\0\0\0" + bytes(tail)


def block(tree: Tree, order: str) -> bytes:
    """A whole structure: header and directories."""
    return file_header(order, 8) + directory_bytes(tree, order, 8)
