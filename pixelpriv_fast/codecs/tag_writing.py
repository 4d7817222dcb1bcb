"""Tag directories as TIFF 6.0 lays them out, written."""

from __future__ import annotations

import struct

from .tag_directories import LONG, SHORT, TagValue, Tree


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
