"""Tag directories as TIFF 6.0 lays them out, written."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from .tag_directories import LONG, SHORT, Directory, TagValue, Tree

Piece = tuple[int, bytes]  #: where bytes stand in a block, and the bytes


def shorts(order: str, *values: int) -> TagValue:
    """Make a value of 16-bit numbers.

    Parameters
    ----------
    order : str
        "<" or ">".
    *values : int
        The numbers, 0..65535.

    Returns
    -------
    TagValue
        The value.
    """
    return TagValue(SHORT, struct.pack(f"{order}{len(values)}H", *values))


def longs(order: str, *values: int) -> TagValue:
    """Make a value of 32-bit numbers.

    Parameters
    ----------
    order : str
        "<" or ">".
    *values : int
        The numbers, 0..2**32 - 1.

    Returns
    -------
    TagValue
        The value.
    """
    return TagValue(LONG, struct.pack(f"{order}{len(values)}I", *values))


def file_header(order: str, first: int) -> bytes:
    """Return the eight bytes that every TIFF structure starts with.

    Parameters
    ----------
    order : str
        "<" or ">".
    first : int
        Offset of the first directory.

    Returns
    -------
    bytes
        The header.
    """
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", first)


def directory_bytes(tree: Tree, order: str, at: int) -> bytes:
    """Return ``tree`` as it stands in a file, its values and inner directories after it.

    Parameters
    ----------
    tree : Tree
        Tag numbers with their values or inner directories.
    order : str
        "<" or ">".
    at : int
        The even offset at which it will stand.

    Returns
    -------
    bytes
        The directory.
    """
    tail_at = at + 2 + 12 * len(tree) + 4
    rows, tail = bytearray(struct.pack(order + "H", len(tree))), bytearray()
    for tag in sorted(tree):
        node = tree[tag]
        if not isinstance(node, TagValue):
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
    """Return a whole structure: header and directories.

    Parameters
    ----------
    tree : Tree
        The first directory.
    order : str
        "<" or ">".

    Returns
    -------
    bytes
        The structure, as an EXIF block holds it.
    """
    return file_header(order, 8) + directory_bytes(tree, order, 8)


def in_place(directory: Directory, at: int, base: int = 0) -> list[Piece]:
    """Return a directory's rows and values where they were read, as the last one of its chain.

    Parameters
    ----------
    directory : Directory
        What to write; values of more than four bytes were read, not made.
    at : int
        Where it stood in the block.
    base : int
        Where in the block its offsets count from.

    Returns
    -------
    list of (int, bytes)
        Offsets in the block, and the bytes there.
    """
    order = directory.order
    rows, values = bytearray(struct.pack(order + "H", len(directory.entries))), list[Piece]()
    for tag, entry in directory.entries.items():
        rows += struct.pack(order + "HHI", tag, entry.type, entry.count)
        if len(entry.value) <= 4:
            rows += entry.value.ljust(4, b"\0")
        else:
            rows += struct.pack(order + "I", entry.offset)
            values.append((base + entry.offset, entry.value))
    return [(at, bytes(rows) + bytes(4)), *values]


def assembled(pieces: Iterable[Piece]) -> bytes:
    """Put pieces where they belong, zeros between them; of pieces that overlap, the later one counts.

    Parameters
    ----------
    pieces : iterable of (int, bytes)
        Offsets, and the bytes there.

    Returns
    -------
    bytes
        From offset 0 to the end of the last piece.
    """
    out = bytearray()
    for at, content in pieces:
        out.extend(bytes(max(0, at + len(content) - len(out))))
        out[at : at + len(content)] = content
    return bytes(out)
