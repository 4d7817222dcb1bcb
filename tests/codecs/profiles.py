"""Colour profiles (ICC.1:2001) written byte by byte, for kinds that littleCMS's binding cannot make."""

from __future__ import annotations

import itertools
import struct
from functools import cache

import numpy as np
from PIL import Image, ImageCms

from pixelpriv_fast.types import Pixels

_D50 = struct.pack(">3i", 63190, 65536, 54061)  # in 1/65536
_DESCRIPTION = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78)
_COPYRIGHT = b"text\0\0\0\0none\0"


@cache  # the profile holds the second in which it was made
def srgb_icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def big_rgb_icc(size: int) -> bytes:
    """A valid RGB profile padded beyond what one JPEG segment holds."""
    icc = bytearray(srgb_icc().ljust(size, b"\7"))
    icc[:4] = len(icc).to_bytes(4, "big")
    return bytes(icc)


def grey_icc(gamma: float) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def cmyk_icc() -> bytes:
    """Inks as plain multiplied-out RGB, given as a table of the 16 full-ink colours in Lab."""
    corners: Pixels = np.array(
        [
            [255 * (1 - c) * (1 - k), 255 * (1 - m) * (1 - k), 255 * (1 - y) * (1 - k)]
            for c, m, y, k in itertools.product((0, 1), repeat=4)
        ],
        np.uint8,
    )[None]
    lab = ImageCms.profileToProfile(
        Image.fromarray(corners), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    nodes = np.asarray(lab).astype(np.uint8)
    nodes = nodes if nodes[0, 0, 1] > 100 else nodes ^ np.array([0, 128, 128], np.uint8)
    line = bytes(range(256))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + line * 4 + nodes.tobytes() + line * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": _DESCRIPTION, b"cprt": _COPYRIGHT, b"wtpt": b"XYZ \0\0\0\0" + _D50, **tags}
    at = 128 + 4 + 12 * len(tags)
    table, content = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", at + len(content), len(value))
        content += padded
    header = struct.pack(">I4sI", at + len(content), b"lcms", 0x02400000) + kind + space + connection + bytes(12)
    header += b"acsp" + bytes(4 + 4 + 4 + 4 + 8 + 4) + _D50 + b"test"
    return header.ljust(128, b"\0") + table + content
