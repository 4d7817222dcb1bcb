"""Colour profiles (ICC.1:2001) written byte by byte, for kinds that littleCMS's binding cannot make."""

from __future__ import annotations

import itertools
import struct
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from pixelpriv_fast.codecs.colours import icc as icc_module
from pixelpriv_fast.codecs.colours.rgb_space import SRGB, profile
from pixelpriv_fast.types import Pixels

Curve = bytes
SRGB_POINTS = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3_POINTS = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
#: PNG's cHRM chunk for Display P3: white, red, green, blue.
P3_CHUNK = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = struct.pack(">3i", 63190, 65536, 54061)  # in 1/65536
_DESCRIPTION = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78)
_COPYRIGHT = b"text\0\0\0\0none\0"


@cache  # the profile holds the second in which it was made
def srgb_icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def standard() -> bytes:
    """What a profile of sRGB becomes."""
    return profile(SRGB)


def cleaned(icc: bytes) -> bytes:
    """What another RGB profile becomes."""
    found = icc_module.cleaned(icc)
    assert found is not None
    return found.content


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


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def gamma(value: float) -> Curve:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def parametric(kind: int, *numbers: float) -> Curve:
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(*numbers)


def sampled(entries: int, power: float | None = None) -> Curve:
    """A table of sRGB's curve, or of a power."""
    x = np.linspace(0, 1, entries)
    light = x**power if power else srgb_light(x)
    return b"curv\0\0\0\0" + struct.pack(">I", entries) + np.round(light * 65535).astype(">u2").tobytes()


def srgb_light(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


#: sRGB's curve by all parametric types that can say it; type 0 cannot.
SRGB_CURVE = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
SRGB_CURVE_4 = parametric(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0, 0)


def shaper_icc(
    points: tuple[float, ...], curve: Curve | tuple[Curve, Curve, Curve], version: int = 2, **more: bytes
) -> bytes:
    """A display profile of primaries (x and y of red, green, blue under D65) and curves; ``more`` are further tags."""
    xyz = [np.array([x / y, 1, (1 - x - y) / y]) for x, y in zip(points[::2], points[1::2], strict=True)]
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    d50 = np.array([0.9642, 1, 0.8249])
    adapt = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ d50) / (_BRADFORD @ white)) @ _BRADFORD
    columns = adapt @ np.stack(xyz, 1) * np.linalg.solve(np.stack(xyz, 1), white)
    curves = curve if isinstance(curve, tuple) else (curve,) * 3
    tags = {b"rgb"[i : i + 1] + b"XYZ": b"XYZ \0\0\0\0" + _fixed(*columns[:, i]) for i in range(3)}
    tags |= {b"rgb"[i : i + 1] + b"TRC": curves[i] for i in range(3)}
    tags |= {b"chad": b"sf32\0\0\0\0" + _fixed(*adapt.ravel())} | {k.encode(): v for k, v in more.items()}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags, version)


def table_icc(kind: bytes, grid: int = 9, gap: bytes = b"") -> bytes:
    """An RGB profile with a lookup table to Lab: sRGB's colours with red and green exchanged, so that no matrix says it.

    ``kind`` is "mft1", "mft2" or "mAB "; ``gap`` stands between an mAB's elements and behind every kind's numbers.
    """
    levels = np.linspace(0, 255, grid).round().astype(np.uint8)
    nodes = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(1, -1, 3)
    lab = ImageCms.profileToProfile(
        Image.fromarray(np.ascontiguousarray(nodes[:, :, [1, 0, 2]])),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert lab is not None
    eight = np.asarray(lab).astype(np.uint8)
    eight = (eight if eight[0, 0, 1] > 100 else eight ^ np.array([0, 128, 128], np.uint8)).reshape(-1, 3)
    identity, line = _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1), bytes(range(256))
    head = kind + bytes(4) + bytes((3, 3, grid if kind != b"mAB " else 0, 0))
    if kind == b"mft1":
        table = head + identity + line * 3 + eight.tobytes() + line * 3 + gap
    elif kind == b"mft2":  # version 2's 16-bit Lab ends at 0xFF00
        straight = struct.pack(">2H", 0, 65535) * 3
        table = head + identity + struct.pack(">HH", 2, 2) + straight
        table += (eight.astype(">u2") * 256).tobytes() + straight + gap
    else:
        straight = (b"curv" + bytes(8)) * 3
        clut = bytes((grid,) * 3).ljust(16, b"\0") + bytes((1, 0, 0, 0)) + eight.tobytes()
        clut += bytes(-len(clut) % 4)
        gap += bytes(-len(gap) % 4)
        b_at = 32 + len(gap)
        clut_at = b_at + len(straight) + len(gap)
        a_at = clut_at + len(clut) + len(gap)
        table = head + struct.pack(">5I", b_at, 0, 0, clut_at, a_at)
        table += gap + straight + gap + clut + gap + straight + gap
    return _profile(b"scnr", b"RGB ", b"Lab ", {b"A2B0": table}, 4 if kind == b"mAB " else 2)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes], version: int = 2) -> bytes:
    tags = {b"desc": _DESCRIPTION, b"cprt": _COPYRIGHT, b"wtpt": b"XYZ \0\0\0\0" + _D50, **tags}
    at = 128 + 4 + 12 * len(tags)
    table, content = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", at + len(content), len(value))
        content += padded
    header = (
        struct.pack(">I4sI", at + len(content), b"lcms", version << 24 | 0x400000)
        + kind
        + space
        + connection
        + bytes(12)
    )
    header += b"acsp" + bytes(4 + 4 + 4 + 4 + 8 + 4) + _D50 + b"test"
    return header.ljust(128, b"\0") + table + content
