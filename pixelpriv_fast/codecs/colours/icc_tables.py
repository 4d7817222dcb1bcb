"""The curves and lookup tables of ICC profiles (ICC.1:2010, section 10), written again from their numbers alone.

Nothing of a tag's padding, reserved bytes or gaps is carried.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import numpy as np

from ..contract import Damaged
from .rgb_space import LARGEST, Curve, Numbers, fixed

_PARAMETERS = (1, 3, 4, 5, 7)  # numbers of a parametric curve, by its type
_CHANNELS = 3  # of RGB values, and of what they are connected to


def rewritten_curve(data: bytes, at: int) -> bytes:
    """Write a curve again.

    Parameters
    ----------
    data : bytes
        The tag.
    at : int
        Where the curve starts in it.

    Returns
    -------
    bytes
        The curve, as long as it was.

    Raises
    ------
    Damaged, struct.error
        If it is cut off or of unknown kind.
    """
    kind, number, _ = struct.unpack_from(">4s4xHH", data, at)
    if kind == b"para" and number < len(_PARAMETERS):
        size = 4 * _PARAMETERS[number]
        head = kind + bytes(4) + struct.pack(">HH", number, 0)
    elif kind == b"curv":
        (count,) = struct.unpack_from(">I", data, at + 8)
        size = 2 * count
        head = kind + bytes(4) + struct.pack(">I", count)
    else:
        raise Damaged(f"a curve of kind {kind!r}")
    content: bytes = head + _exactly(data, at + 12, size)
    return content


def _exactly(data: bytes, at: int, size: int) -> bytes:
    """Return bytes of a tag. Raises ``Damaged`` where it is cut off."""
    if at + size > len(data):
        raise Damaged("a profile's tag is cut off")
    return data[at : at + size]


def rewritten_table(tag: bytes) -> bytes:
    """Write a lookup table again.

    Parameters
    ----------
    tag : bytes
        The tag: "mft1", "mft2", "mAB " or "mBA ".

    Returns
    -------
    bytes
        The tag without what its numbers do not need.

    Raises
    ------
    Damaged, struct.error
        If it is cut off, of unknown kind, or not from three channels to three.
    """
    write = _KINDS.get(tag[:4])
    if write is None or tuple(tag[8:10]) != (_CHANNELS, _CHANNELS):
        raise Damaged(f"a lookup table of kind {tag[:4]!r} and channels {tuple(tag[8:10])}")
    return write(tag)


def _one_block(tag: bytes) -> bytes:
    """Write "mft1" or "mft2" again: a matrix, curves, a grid and curves, all of known sizes."""
    wide = 2 if tag[:4] == b"mft2" else 1
    grid, entries, outputs = tag[10], 256, 256
    if wide == 2:
        entries, outputs = struct.unpack_from(">HH", tag, 48)
    if grid < 2 or not 2 <= entries <= 4096 or not 2 <= outputs <= 4096:
        raise Damaged("a lookup table without entries")
    counts = b"" if wide == 1 else struct.pack(">HH", entries, outputs)
    start = 48 + len(counts)
    values = wide * (_CHANNELS * (entries + outputs) + _CHANNELS * grid**_CHANNELS)
    head = tag[:4] + bytes(4) + bytes((_CHANNELS, _CHANNELS, grid, 0)) + _coefficients(tag, 12, 9)
    return head + counts + _exactly(tag, start, values)


def _coefficients(tag: bytes, at: int, count: int) -> bytes:
    values = np.array(struct.unpack_from(f">{count}i", tag, at)) / 65536
    if np.abs(values).max() > LARGEST:
        raise Damaged("a matrix of implausible numbers")
    return fixed(*values)


def _elements(tag: bytes) -> bytes:
    """Write "mAB " or "mBA " again: up to five elements, each at an offset of its own."""
    places = struct.unpack_from(">5I", tag, 12)
    if not places[0]:
        raise Damaged("a lookup table without its first curves")
    head, content = tag[:4] + bytes(4) + bytes((_CHANNELS, _CHANNELS, 0, 0)), b""
    for place, element in zip(places, (_curves, _matrix, _curves, _grid, _curves), strict=True):
        head += struct.pack(">I", 32 + len(content) if place else 0)
        content += element(tag, place) if place else b""
    return head + content


def _curves(tag: bytes, at: int) -> bytes:
    found = b""
    for _ in range(_CHANNELS):
        curve = rewritten_curve(tag, at + len(found))
        found += curve + bytes(-len(curve) % 4)
    return found


def _matrix(tag: bytes, at: int) -> bytes:
    return _coefficients(tag, at, 12)


def _grid(tag: bytes, at: int) -> bytes:
    sizes, wide = _exactly(tag, at, _CHANNELS), _exactly(tag, at + 16, 1)[0]
    if wide not in (1, 2) or min(sizes) < 2:
        raise Damaged("a lookup table without a grid")
    values = _exactly(tag, at + 20, wide * _CHANNELS * sizes[0] * sizes[1] * sizes[2])
    return sizes.ljust(16, b"\0") + bytes((wide, 0, 0, 0)) + values + bytes(-len(values) % 4)


_KINDS: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"mft1": _one_block,
    b"mft2": _one_block,
    b"mAB ": _elements,
    b"mBA ": _elements,
}


def curve_light(curve: bytes, values: Numbers) -> Numbers:
    """Return what a curve makes of values.

    Parameters
    ----------
    curve : bytes
        The curve, as ``rewritten_curve`` returns it.
    values : array
        0 to 1.

    Returns
    -------
    array
        0 to 1, of the same shape.
    """
    if curve[:4] == b"para":
        return _parametric(curve, values)
    entries = np.frombuffer(curve, ">u2", offset=12)
    if entries.size <= 1:  # none: a straight line; one: a lone power, in 1/256
        return Curve(entries[0] / 256 if entries.size else 1.0).light(values)
    return np.interp(values, np.linspace(0.0, 1.0, entries.size), entries / 65535.0)


def _parametric(curve: bytes, values: Numbers) -> Numbers:
    """Evaluate ICC's parametric types 0 to 4, all written as the last: (a x + b) ** g + e above d, c x + f below."""
    kind = curve[9]
    g, a, b, c, d, e, f = np.pad(np.frombuffer(curve, ">i4", offset=12) / 65536, (0, 6))[:7]
    if kind == 0:
        a = 1.0
    elif kind in (1, 2):  # the third number is what is added; the edge is where the power's base becomes positive
        c, d, e, f = 0.0, -b / a if a else 0.0, c, c
    with np.errstate(all="ignore"):  # a damaged curve's numbers may be anything
        power = np.maximum(a * values + b, 0.0) ** g + e
    light: Numbers = np.clip(np.where(values >= d, power, c * values + f), 0.0, 1.0)
    return light
