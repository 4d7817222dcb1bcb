"""The length of what Huffman codes of a JPEG say, block by block (ITU-T T.81, annexes F.2 and G.2), without values.

Choice: plain Python, slower than libjpeg by far. It runs only for files that libjpeg warns about or that simplejpeg does
not take; for these it decides, to the bit, whether the data of every block is there.
"""

from __future__ import annotations

from array import array
from functools import lru_cache

import numpy as np

from ..contract import Damaged

_CHUNK = 1 << 13  # bytes whose bit positions are looked at together
_MARGIN = 1 << 9  # bytes behind them: more than a block can take
_BEHIND = 6  # zero bytes behind the data's end, so that its last codes are looked up like the others
_SKIP16, _END = 0xF0, 64  # the symbol for 16 zeros; a step that ends a block

#: What is said of bits that no code begins with.
NO_CODE = "the pixels hold bits that are not a Huffman code"


class Bits:
    """Entropy-coded data without stuffed bytes; the 16 bits that follow each bit position, as whole numbers.

    Parameters
    ----------
    data : bytes
        The data between two restart markers.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = 8 * len(data)
        self._windows: list[int] = []
        self._base = self._room = 0

    def at(self, position: int) -> tuple[list[int], int]:
        """Return windows and the bit position of the first, so that a block from ``position`` lies inside.

        A block that the data does not hold to its end runs out of the windows: an ``IndexError``.
        """
        offset = position - self._base
        if not 0 <= offset < self._room:
            self._base = position & ~7
            start = self._base >> 3
            chunk = self.data[start : start + _CHUNK + _MARGIN]
            self._room = 8 * max(1, min(_CHUNK, len(chunk)))
            chunk += bytes(_BEHIND)
            values = np.frombuffer(chunk, np.uint8).astype(np.uint32)
            three = (values[:-2] << 16) | (values[1:-1] << 8) | values[2:]
            self._windows = (((three[:, None] >> np.arange(8, 0, -1, dtype=np.uint32)) & 0xFFFF).ravel()).tolist()
        return self._windows, self._base


@lru_cache(maxsize=8)
def dc_steps(table: bytes) -> list[int]:
    """Return, for each 16 bits that may follow, the number of bits of a DC code with its value; 0 for no code."""
    return [length + (symbol & 15) if length else 0 for length, symbol in _codes(table)]


@lru_cache(maxsize=8)
def ac_steps(table: bytes) -> list[int]:
    """Return, for each 16 bits, bits of an AC code with its value + 256 x coefficients passed over; 0 for no code."""
    return [_ac_step(length, symbol) for length, symbol in _codes(table)]


def _ac_step(length: int, symbol: int) -> int:
    if symbol & 15 == 0 and symbol != _SKIP16:
        return length + 256 * 2 * _END if length else 0  # the end of the block; beyond what a run can reach
    return length + (symbol & 15) + 256 * ((symbol >> 4) + 1) if length else 0


@lru_cache(maxsize=8)
def symbols(table: bytes) -> list[tuple[int, int]]:
    """Return, for each 16 bits, (length of the code, symbol); length 0 for no code."""
    return _codes(table)


def _codes(table: bytes) -> list[tuple[int, int]]:
    lengths, names = table[:16], table[16:]
    found: list[tuple[int, int]] = []
    number = 0
    for length, count in enumerate(lengths, 1):
        if number + count > len(names) or len(found) + (count << (16 - length)) > 1 << 16:
            raise Damaged("a Huffman table is cut off or has too many codes")
        for symbol in names[number : number + count]:
            found += [(length, symbol)] * (1 << (16 - length))
        number += count
    return found + [(0, 0)] * ((1 << 16) - len(found))


def sequential_block(bits: Bits, at: int, dc: list[int], ac: list[int]) -> int:
    """Return where a block of DC and AC values that begins at bit ``at`` ends.

    Parameters
    ----------
    bits : Bits
        The data.
    at : int
        A bit position.
    dc, ac : list of int
        The steps of its two tables.

    Returns
    -------
    int
        A bit position; beyond the data's end where the block is cut off.

    Raises
    ------
    Damaged
        For bits that are not a code, and for more than 64 values.
    """
    windows, base = bits.at(at)
    position = at - base
    step = dc[windows[position]]
    position += step
    done = 1
    while done < _END and step:
        step = ac[windows[position]]
        position += step & 255
        done += step >> 8
    if not step or _END < done < 2 * _END:
        raise Damaged(NO_CODE)
    return base + position


class Refining:
    """The state of one channel's AC values through the scans of a progressive picture.

    Parameters
    ----------
    blocks : int
        Number of the channel's blocks.
    """

    def __init__(self, blocks: int) -> None:
        self._known = array("Q", bytes(8 * blocks))  # a bit for each value that is not zero so far
        self.to_come = 0  # blocks that the last code ended together

    def first(self, bits: Bits, at: int, block: int, ac: list[tuple[int, int]], band: tuple[int, int]) -> int:
        """Return where a block's values in their first scan end.

        Parameters
        ----------
        bits : Bits
            The data.
        at : int
            A bit position.
        block : int
            The block's number; -1 for one behind the last.
        ac : list of (int, int)
            The table's ``symbols``.
        band : (int, int)
            The first and last coefficient.

        Returns
        -------
        int
            A bit position.

        Raises
        ------
        Damaged
            For bits that are not a code, and for too many values.
        """
        if self.to_come:
            self.to_come -= 1
            return at
        windows, base = bits.at(at)
        position, k, known = at - base, band[0], 0
        while k <= band[1]:
            length, symbol = ac[windows[position]]
            position += length
            run, size = symbol >> 4, symbol & 15
            if length and size == 0 and run < 15:
                self.to_come = (1 << run) - 1 + (windows[position] >> (16 - run))
                position += run
                break
            k += run
            if not length or k > band[1]:
                raise Damaged(NO_CODE)
            known |= bool(size) << k
            position += size
            k += 1
        if block >= 0:
            self._known[block] |= known
        return base + position

    def refined(self, bits: Bits, at: int, block: int, ac: list[tuple[int, int]], band: tuple[int, int]) -> int:
        """Return where a block's values in a later scan end; parameters as for ``first``.

        Parameters
        ----------
        bits : Bits
            The data.
        at : int
            A bit position.
        block : int
            The block's number; -1 for one behind the last.
        ac : list of (int, int)
            The table's ``symbols``.
        band : (int, int)
            The first and last coefficient.

        Returns
        -------
        int
            A bit position.

        Raises
        ------
        Damaged
            For bits that are not a code, and for too many values.
        """
        known = self._known[block] if block >= 0 else 0
        k, last = band
        if self.to_come:
            self.to_come -= 1
            return at + (known >> k & (1 << (last + 1 - k)) - 1).bit_count()
        windows, base = bits.at(at)
        position, new = at - base, 0
        while k <= last:
            length, symbol = ac[windows[position]]
            position += length
            run, size = symbol >> 4, symbol & 15
            if not length or size > 1:
                raise Damaged(NO_CODE)
            if size == 0 and run < 15:
                self.to_come = (1 << run) - 1 + (windows[position] >> (16 - run))
                position += run + (known >> k & (1 << (last + 1 - k)) - 1).bit_count()
                break
            position += size
            while k <= last and (known >> k & 1 or run):  # each known value takes a bit, each zero one of the run
                position += known >> k & 1
                run -= not known >> k & 1
                k += 1
            if k > last and size:
                raise Damaged(NO_CODE)
            new |= size << k
            k += 1
        if block >= 0:
            self._known[block] |= new
        return base + position
