"""The sequence header that an AV1 picture starts with (AV1 specification, section 5.5): its real size, and its colours.

The boxes around a picture may state another size than a decoder then makes memory for, and may leave colours to it.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Bytes in which the header is looked for; it has a few dozen, and stands first or behind an empty unit.
LONGEST = 512
_SEQUENCE_HEADER = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    """What the header says.

    Attributes
    ----------
    width, height : int
        The largest size of a frame, in pixels.
    code_points : (int, int) or None
        Colour primaries and transfer by ITU-T H.273's numbers; None where they are not said.
    """

    width: int
    height: int
    code_points: tuple[int, int] | None


def read_sequence(data: bytes) -> Sequence | None:
    """Read the header of a coded picture.

    Parameters
    ----------
    data : bytes
        The picture's first bytes, ``LONGEST`` at least where there are as many.

    Returns
    -------
    Sequence or None
        What it says; None where it is not found or cut off.
    """
    at = 0
    while at < min(len(data), LONGEST):
        kind, extended, sized = data[at] >> 3 & 15, data[at] >> 2 & 1, data[at] >> 1 & 1
        at += 1 + extended
        length, at = _length(data, at) if sized else (len(data) - at, at)
        if kind == _SEQUENCE_HEADER:
            bits = _Bits(data[at : at + min(length, LONGEST)])
            found = _sequence(bits)
            return None if bits.over else found
        at += length
    return None


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, the lowest first; return it and where the next byte is."""
    value = 0
    for place, byte in enumerate(data[at : at + 8]):
        value |= (byte & 127) << 7 * place
        if not byte & 128:
            return value, at + place + 1
    return len(data), at


class _Bits:
    """Reads numbers of a few bits; past the end it gives zeros and sets ``over``."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)
        self.over = False

    def take(self, count: int) -> int:
        self._left -= count
        self.over = self.over or self._left < 0
        return 0 if self.over else self._value >> self._left & ((1 << count) - 1)

    def skip_number(self) -> None:
        """Pass over a number that starts with as many zeros as bits follow its first one."""
        zeros = 0
        while not self.take(1) and not self.over:
            zeros += 1
        self.take(zeros)


def _sequence(bits: _Bits) -> Sequence:
    profile = bits.take(3)
    bits.take(1)
    reduced = bits.take(1)  # a still picture, without what films need
    if reduced:
        bits.take(5)
    else:
        _skip_operating_points(bits)
    wide, high = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(wide) + 1, bits.take(high) + 1
    if not reduced and bits.take(1):
        bits.take(7)
    bits.take(3)
    if not reduced:
        _skip_tools(bits)
    bits.take(3)
    return Sequence(width, height, _code_points(bits, profile))


def _skip_operating_points(bits: _Bits) -> None:
    delay = 0
    if bits.take(1):  # timing
        bits.take(64)
        if bits.take(1):
            bits.skip_number()
        if bits.take(1):  # a model of the decoder
            delay = bits.take(5) + 1
            bits.take(42)
    display = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay and bits.take(1):
            bits.take(2 * delay + 1)
        if display and bits.take(1):
            bits.take(4)


def _skip_tools(bits: _Bits) -> None:
    bits.take(4)
    ordered = bits.take(1)
    if ordered:
        bits.take(2)
    screen = 2 if bits.take(1) else bits.take(1)
    if screen and not bits.take(1):
        bits.take(1)
    if ordered:
        bits.take(3)


def _code_points(bits: _Bits, profile: int) -> tuple[int, int] | None:
    deep = bits.take(1)
    if profile == 2 and deep:
        bits.take(1)
    if profile != 1:
        bits.take(1)
    if not bits.take(1):
        return None
    return bits.take(8), bits.take(8)
