"""The boxes that AVIF and HEIC files consist of (ISO/IEC 14496-12), walked within bounds: the bytes are not trusted."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..contract import Damaged

#: Bound of boxes, items, references and properties alike. The finest grid of 100 million pixels that writers make
#: (tiles of 256 x 256) has 1,526 tiles.
MAX_ENTRIES = 20_000


def brands(data: bytes) -> frozenset[bytes]:
    """Return the major and compatible brands; none for another kind of file."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), len(data), 1024)
    return frozenset(data[at : at + 4] for at in (8, *range(16, end - 3, 4)))


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) of each box's content.

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where the boxes stand.

    Yields
    ------
    (bytes, int, int)
        One box's type and place.

    Raises
    ------
    Damaged
        If a box runs past ``end``, or there are too many.
    """
    for _ in range(MAX_ENTRIES):
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
    raise Damaged(f"more than {MAX_ENTRIES:,} boxes stand in one box")


def first_boxes(data: bytes, start: int, end: int) -> dict[bytes, tuple[int, int]]:
    """Return (start, end) of the first box of each type.

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where the boxes stand.

    Returns
    -------
    dict
        Type -> where the content stands.
    """
    found: dict[bytes, tuple[int, int]] = {}
    for kind, inner_start, inner_end in boxes(data, start, end):
        found.setdefault(kind, (inner_start, inner_end))
    return found


class Reader:
    """Reads big-endian numbers one after another; past the end it gives zeros and sets ``over``.

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where to read.
    """

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data, self._at, self._end = data, start, end
        self.over = False

    @property
    def left(self) -> int:
        """Number of bytes that were not read yet."""
        return max(0, self._end - self._at)

    def take(self, size: int) -> int:
        """Read an unsigned number of ``size`` bytes."""
        self.over = self.over or self._at + size > self._end
        value = 0 if self.over else int.from_bytes(self._data[self._at : self._at + size], "big")
        self._at += size
        return value

    def take_several(self, count: int, size: int) -> tuple[int, ...]:
        """Read numbers of one size; a count that promises more than there is gives those that there are.

        Parameters
        ----------
        count : int
            How many are promised.
        size : int
            Bytes of each, 1 or more.

        Returns
        -------
        tuple of int
            The numbers.
        """
        return tuple(self.take(size) for _ in range(min(count, self.left // size)))

    def version(self) -> tuple[int, int]:
        """Read what a full box starts with.

        Returns
        -------
        (int, int)
            The version and the flags.
        """
        return self.take(1), self.take(3)
