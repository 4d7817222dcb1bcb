"""A TIFF's strips or tiles, unpacked: what remains for Pillow is a file of plain values and pixel tags.

Choice: the file is cut here. libtiff, which Pillow calls for packed files, writes its complaints about damaged ones to the
terminal; tifffile logs there too, interprets every vendor's tags, and reads strips whose stated sizes are wrong.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..contract import Damaged, Refused, library
from ..metadata.tag_directories import Directory, TagValue, Tree
from ..metadata.tag_writing import directory_bytes, file_header, longs, shorts
from .tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    HEIGHT,
    LISTS,
    NUMBERS,
    PLANAR,
    PREDICTOR,
    ROWS,
    STRIP_BYTES,
    STRIPS,
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TILES,
    WIDTH,
)

PLAIN = 1
_MAX_CHANNELS = 8  # a hostile file may promise 65,535, and their bytes from one strip that all rows share


def _plain(packed: memoryview, size: int) -> memoryview:
    return packed[:size]


def _inflated(packed: memoryview, size: int) -> bytes:
    return zlib.decompressobj().decompress(packed, size)


def _lzw(packed: memoryview, size: int) -> bytes:
    plain: bytes = library("imagecodecs", "a TIFF packed with LZW", "tiff").lzw_decode(packed, out=size)
    return plain


def _run_lengths(packed: memoryview, size: int) -> bytes:
    """Apple's PackBits: n < 128 means n + 1 bytes as they stand, n > 128 one byte 257 - n times, 128 nothing.

    imagecodecs has it too, but refuses strips that a writer padded.
    """
    out, at = bytearray(), 0
    while len(out) < size and at < len(packed):
        count = packed[at]
        if count < 128:
            out += packed[at + 1 : at + 2 + count]
            at += 2 + count
        else:
            out += bytes(packed[at + 1 : at + 2]) * (257 - count if count > 128 else 0)
            at += 2 if count > 128 else 1
    return bytes(out[:size])


#: Compression tag -> function of (packed bytes, size) that returns at most the first ``size`` bytes of plain values.
UNPACKERS: dict[int, Callable[[memoryview, int], bytes | memoryview]] = {
    PLAIN: _plain,
    5: _lzw,
    8: _inflated,
    32946: _inflated,
    32773: _run_lengths,
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the picture is cut: pieces of ``rows`` rows, ``row_bytes`` bytes a row and ``channels`` values a pixel."""

    row_bytes: int
    rows: int
    height: int
    channels: int
    pieces: int
    planes: int
    tiled: bool

    def rows_of(self, piece: int) -> int:
        """Return a piece's rows: the last strip of a plane may be short; tiles never are."""
        if self.tiled:
            return self.rows
        return min(self.rows, self.height - piece % (self.pieces // self.planes) * self.rows)


def unpacked(data: bytes, first: Directory) -> bytes:
    """Rewrite a file: one directory that names the pixels alone, the values unpacked.

    Parameters
    ----------
    data : bytes
        The whole file.
    first : Directory
        Its first directory; the size that it states has passed the limits.

    Returns
    -------
    bytes
        A TIFF for Pillow.

    Raises
    ------
    Damaged
        If a piece is missing, lies outside the file or does not unpack to its size.
    Refused
        If there are too many channels, or the library that unpacks it is not installed.
    """
    layout = _layout(first)
    offsets = first.integers(TILES if layout.tiled else STRIPS)
    sizes = first.integers(TILE_BYTES if layout.tiled else STRIP_BYTES)
    if len(offsets) < layout.pieces or len(sizes) < layout.pieces:
        raise Damaged(f"{layout.pieces} pieces are needed, {min(len(offsets), len(sizes))} are listed")
    coding, predictor = first.number(COMPRESSION, PLAIN), first.number(PREDICTOR, 1)
    view = memoryview(data)
    pieces: list[bytes | memoryview] = []
    for piece in range(layout.pieces):
        start, end = offsets[piece], offsets[piece] + sizes[piece]  # an end beyond the file's is a wrong size at worst
        if start < 8 or start >= len(data):
            raise Damaged(f"piece {piece} lies outside the file (bytes {start:,} to {end:,} of {len(data):,})")
        plain = _unpack(view[start:end], coding, layout.row_bytes * layout.rows_of(piece))
        pieces.append(_undo_differences(plain, layout) if predictor == 2 and coding != PLAIN else plain)
    if layout.planes > 1:  # of 8-bit values: fewer bits are read of one channel alone
        pieces = _interleaved(pieces, layout.planes)
    return _plain_file(first, layout, pieces)


def _layout(first: Directory) -> _Layout:
    width, height = first.number(WIDTH), first.number(HEIGHT)
    channels = first.number(CHANNELS, 1)
    if channels > _MAX_CHANNELS:
        raise Refused(f"pixels of {channels:,} channels", "convert the photo to 8-bit RGB first")
    planes = channels if first.number(PLANAR, 1) == 2 else 1
    bits = max(first.integers(BITS), default=1)
    tile_width, tile_height = first.number(TILE_WIDTH), first.number(TILE_HEIGHT)
    tiled = TILE_WIDTH in first.entries
    if tiled and (not tile_width or not tile_height):
        raise Damaged(f"tiles of {tile_width}x{tile_height}")
    rows = tile_height if tiled else max(1, min(height, first.number(ROWS, height)))
    row_bytes = ((tile_width if tiled else width) * (channels // planes) * bits + 7) // 8
    across = -(-width // tile_width) if tiled else 1
    return _Layout(row_bytes, rows, height, channels // planes, across * -(-height // rows) * planes, planes, tiled)


def _unpack(packed: memoryview, coding: int, size: int) -> bytes | memoryview:
    """Return ``size`` bytes of plain values; what a writer padded behind them is cut off."""
    plain = UNPACKERS[coding](packed, size) if size else b""
    if len(plain) < size:
        raise Damaged(f"a piece of {size:,} bytes has {len(plain):,} only")
    return plain


def _undo_differences(plain: bytes | memoryview, layout: _Layout) -> bytes:
    """Undo predictor 2: every value is stored less the one to its left (8-bit values; others were refused)."""
    rows = np.frombuffer(plain, np.uint8).reshape(-1, layout.row_bytes // layout.channels, layout.channels)
    return np.cumsum(rows, axis=1, dtype=np.uint8).tobytes()


def _interleaved(pieces: list[bytes | memoryview], planes: int) -> list[bytes | memoryview]:
    """Put the channels of each pixel side by side: Pillow reads only some kinds channel by channel."""
    count = len(pieces) // planes
    together = ([np.frombuffer(piece, np.uint8) for piece in pieces[at::count]] for at in range(count))
    return [np.stack(channels, axis=1).tobytes() for channels in together]


def _plain_file(first: Directory, layout: _Layout, pieces: list[bytes | memoryview]) -> bytes:
    order = first.order
    ends = np.cumsum([8, *(len(piece) for piece in pieces)]).tolist()
    tree: dict[int, TagValue | Tree] = dict(first.only(LISTS).entries)
    tree |= {tag: longs(order, first.number(tag)) for tag in first.only(NUMBERS).entries}
    tree[COMPRESSION], tree[PLANAR] = shorts(order, PLAIN), shorts(order, 1)
    tree[TILES if layout.tiled else STRIPS] = longs(order, *ends[:-1])
    tree[TILE_BYTES if layout.tiled else STRIP_BYTES] = longs(order, *(len(piece) for piece in pieces))
    at = ends[-1] + ends[-1] % 2
    return b"".join([file_header(order, at), *pieces, bytes(at - ends[-1]), directory_bytes(tree, order, at)])
