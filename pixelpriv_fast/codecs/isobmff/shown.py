"""Which part of a stored picture is shown, and how it is turned: the boxes clap, irot and imir (ISO/IEC 23008-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from ..contract import Damaged

#: EXIF's orientation by (swapped axes, rows reversed, columns reversed), as ``pillow_image.upright`` applies them.
_ORIENTATIONS = {
    (False, False, False): 1,
    (False, False, True): 2,
    (False, True, True): 3,
    (False, True, False): 4,
    (True, False, False): 5,
    (True, False, True): 6,
    (True, True, True): 7,
    (True, True, False): 8,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of the stored picture, and how it is turned.

    Attributes
    ----------
    left, top, width, height : int
        The part, in stored pixels.
    swapped, rows_reversed, columns_reversed : bool
        What makes it upright: first the axes are swapped, then rows and columns reversed.
    """

    left: int
    top: int
    width: int
    height: int
    swapped: bool = False
    rows_reversed: bool = False
    columns_reversed: bool = False

    @property
    def orientation(self) -> int:
        """EXIF's number, 1..8."""
        return _ORIENTATIONS[self.swapped, self.rows_reversed, self.columns_reversed]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The part as (left, top, right, bottom)."""
        return self.left, self.top, self.left + self.width, self.top + self.height


def shown_part(width: int, height: int, steps: Iterable[tuple[bytes, memoryview]]) -> Shown:
    """Work out what a picture's crops, turns and mirrors show together.

    Parameters
    ----------
    width, height : int
        Size as stored, in pixels.
    steps : iterable of (bytes, memoryview)
        Type and content of the boxes, in the order that the picture names them: each works on what the one before
        gives. MIAF allows no other order than clap, irot, imir; outside it every order is valid.

    Returns
    -------
    Shown
        The part.

    Raises
    ------
    Damaged
        If a box is cut off, or a crop leaves nothing.
    """
    seen = Shown(0, 0, width, height)
    for kind, content in steps:
        seen = _STEPS[kind](seen, content)
    return seen


def is_step(kind: bytes) -> bool:
    """Return whether a property changes which pixels are shown where."""
    return kind in _STEPS


def _turned(seen: Shown, content: memoryview) -> Shown:
    """Turn by quarters against the clock."""
    for _ in range(_first(b"irot", content) & 3):
        seen = replace(
            seen,
            swapped=not seen.swapped,
            rows_reversed=not seen.columns_reversed,
            columns_reversed=seen.rows_reversed,
        )
    return seen


def _mirrored(seen: Shown, content: memoryview) -> Shown:
    """Swap top and bottom (0) or left and right (1)."""
    if _first(b"imir", content) & 1:
        return replace(seen, columns_reversed=not seen.columns_reversed)
    return replace(seen, rows_reversed=not seen.rows_reversed)


def _first(kind: bytes, content: memoryview) -> int:
    if not content:
        raise Damaged(f"box {kind.decode('ascii')} is empty")
    return content[0]


def _cropped(seen: Shown, content: memoryview) -> Shown:
    """Keep the clean aperture."""
    if len(content) < 32:
        raise Damaged(f"a crop (box clap) of {len(content)} bytes")
    numbers = struct.unpack_from(">IIIIiIiI", content)
    if not all(numbers[1::2]):
        raise Damaged("a crop (box clap) with a denominator of 0")
    wide, high, right, down = (Fraction(above, below) for above, below in zip(numbers[::2], numbers[1::2], strict=True))
    view = (seen.height, seen.width) if seen.swapped else (seen.width, seen.height)
    left, width = _span(view[0], wide, right, Fraction(0))
    top, height = _span(view[1], high, down, Fraction(1, 2))
    if seen.columns_reversed:
        left = view[0] - left - width
    if seen.rows_reversed:
        top = view[1] - top - height
    if seen.swapped:
        left, top, width, height = top, left, height, width
    return replace(seen, left=seen.left + left, top=seen.top + top, width=width, height=height)


def _span(size: int, wanted: Fraction, offset: Fraction, added: Fraction) -> tuple[int, int]:
    """Return (start, length) of ``wanted`` pixels, whose centre is ``offset`` beside the centre of ``size``.

    Choice: fractions of pixels are rounded as libheif does (the left border down, the upper one to the nearer row), and
    what lies outside the picture is left out. libavif takes whole pixels only, and leaves the rest to its callers.
    """
    first = int(offset + Fraction(size - 1, 2) - (wanted - 1) / 2 + added)  # towards zero
    last = int(wanted - 1 + first + Fraction(1, 2))
    first, last = max(0, first), min(last, size - 1)
    if first > last:
        raise Damaged(f"a crop (box clap) to {float(wanted):g} of {size} pixels leaves nothing")
    return first, last - first + 1


_STEPS = {b"clap": _cropped, b"irot": _turned, b"imir": _mirrored}
