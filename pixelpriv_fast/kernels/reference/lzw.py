"""TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, most significant first, growing one code early."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_CLEAR, _END, _FIRST, _LIMIT = 256, 257, 258, 4096


def unpack_lzw(packed: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """The first ``size`` bytes that ``packed`` (n,) stands for. Raises ``ValueError`` when damaged or too short."""
    data, out = packed.tobytes(), bytearray()
    table: list[bytes] = []
    previous = b""
    width, position = 9, 0
    while len(out) < size:
        if position + width > 8 * len(data):
            raise ValueError(f"LZW data ends after {len(out)} of {size} bytes")
        window = int.from_bytes(data[position // 8 : position // 8 + 3].ljust(3, b"\0"), "big")
        code = window >> (24 - width - position % 8) & ((1 << width) - 1)
        position += width
        if code == _END:
            raise ValueError(f"LZW data ends after {len(out)} of {size} bytes")
        if code == _CLEAR:
            table, previous, width = [bytes((value,)) for value in range(256)] + [b"", b""], b"", 9
            continue
        if not table or code > len(table) or (code == len(table) and not previous):
            raise ValueError(f"LZW code {code} stands for nothing")
        if not previous and code > _END:
            raise ValueError(f"LZW code {code} stands for nothing")
        word = table[code] if code < len(table) else previous + previous[:1]
        if previous and len(table) < _LIMIT:
            table.append(previous + word[:1])
        out += word
        previous = word
        width = min(12, max(9, (len(table) + 1).bit_length()))
    return np.frombuffer(bytes(out[:size]), np.uint8)
