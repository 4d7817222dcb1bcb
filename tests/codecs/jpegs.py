"""JPEG streams coded here, bit by bit: samplings that Pillow does not write, and streams to be damaged at known places."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from .samples import picture, save, segment

Factors = Sequence[tuple[int, int]]


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The segments before the first scan as (marker, content), and the rest from the scan's marker on."""
    at, found = 2, []
    while data[at + 1] != 0xDA:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((data[at + 1], data[at + 4 : at + 2 + size]))
        at += 2 + size
    return found, data[at:]


def joined(segments: Sequence[tuple[int, bytes]], rest: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segment(marker, content) for marker, content in segments) + rest


def with_segments(data: bytes, *extra: bytes) -> bytes:
    """With further bytes behind the first segment (JFIF)."""
    at = 4 + int.from_bytes(data[4:6], "big")
    return data[:at] + b"".join(extra) + data[at:]


def _codes(data: bytes) -> dict[tuple[int, int], dict[int, str]]:
    """(class, number) -> symbol -> its bits, of a file's Huffman tables."""
    found = {}
    for content in (content for marker, content in split(data)[0] if marker == 0xC4):
        at = 0
        while at < len(content):
            lengths, code, symbols = content[at + 1 : at + 17], 0, {}
            names = iter(content[at + 17 :])
            for length, count in enumerate(lengths, 1):
                for _ in range(count):
                    symbols[next(names)] = f"{code:0{length}b}"
                    code += 1
                code <<= 1
            found[content[at] >> 4, content[at] & 15] = symbols
            at += 17 + sum(lengths)
    return found


def _value(number: int) -> tuple[int, str]:
    """(size, bits) of a coefficient."""
    size = abs(number).bit_length()
    bits = number if number > 0 else number + (1 << size) - 1
    return size, f"{bits:0{size}b}" if size else ""


def coded(factors: Factors, width: int, height: int, *, restart: int = 0, seed: int = 0) -> bytes:
    """A baseline JPEG of three channels (or one) with sampling factors of any kind, of random smooth blocks."""
    source = save(picture(), "jpeg", quality=75)
    codes, rng = _codes(source), np.random.default_rng(seed)
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    units = -(-width // (8 * across)) * -(-height // (8 * down))
    data, bits, before = bytearray(), "", [0] * len(factors)
    for unit in range(units):
        if restart and unit and unit % restart == 0:
            data += _packed(bits) + bytes((0xFF, 0xD0 + (unit // restart - 1) % 8))
            bits, before = "", [0] * len(factors)
        for channel, (h, v) in enumerate(factors):
            dc, ac = codes[0, min(channel, 1)], codes[1, min(channel, 1)]
            for _ in range(h * v):
                level = int(rng.integers(-40, 41))
                size, extra = _value(level - before[channel])
                before[channel] = level
                bits += dc[size] + extra
                for _ in range(int(rng.integers(0, 4))):
                    size, extra = _value(int(rng.integers(1, 8)) * int(rng.choice([-1, 1])))
                    bits += ac[int(rng.integers(0, 3)) << 4 | size] + extra
                bits += ac[0]
    data += _packed(bits)
    frame = struct.pack(">BHHB", 8, height, width, len(factors))
    head = bytes((len(factors),))
    for channel, (h, v) in enumerate(factors):
        frame += bytes((channel + 1, h << 4 | v, min(channel, 1)))
        head += bytes((channel + 1, 0x11 * min(channel, 1)))
    segments = [(marker, content) for marker, content in split(source)[0] if marker in (0xE0, 0xDB, 0xC4)]
    segments.append((0xC0, frame))
    if restart:
        segments.append((0xDD, restart.to_bytes(2, "big")))
    return joined(segments, segment(0xDA, head + b"\0\x3f\0") + bytes(data) + b"\xff\xd9")


def _packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
