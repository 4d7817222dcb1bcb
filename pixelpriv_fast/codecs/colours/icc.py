"""ICC profiles (ICC.1) read defensively and written again without names, serial numbers, dates and hiding places.

A profile of a known colour space becomes the standard one of ``rgb_space``. Any other is put together again from the
tags that decide colours, each written from its numbers: what stood in other tags, in gaps, or behind a tag's numbers is
gone. The photo's colours stay what they were.
Choice: tags of floating-point elements (D2B*, B2D*) are left out. The standard demands the plain ones beside them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..contract import Damaged
from .icc_tables import curve_light, rewritten_curve, rewritten_table
from .rgb_space import COLORANTS, CURVES, KNOWN, LARGEST, SRGB_CURVE, Numbers, RgbSpace, fixed, profile, profile_bytes

_MAX_TAGS = 100  # LittleCMS's own limit
_MAX_BYTES = 16 * 1024 * 1024  # the largest tables in use take two; hostile tags may overlap, and each is written
_CACHED_BYTES = 64 * 1024
_CLASSES = frozenset({b"mntr", b"scnr", b"prtr", b"spac"})
_SPARE = frozenset({b"wtpt", b"chad", b"cicp", b"B2A0", b"B2A1", b"B2A2"})
_TABLES = (b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2")
#: Every grey level, and 17 values of each channel with each other.
_GRID = np.concatenate(
    [
        np.tile(np.linspace(0.0, 1.0, 256), (3, 1)),
        np.stack(np.meshgrid(*[np.linspace(0.0, 1.0, 17)] * 3, indexing="ij")).reshape(3, -1),
    ],
    axis=1,
)
#: Grey levels by which a profile may differ from a standard one that takes its place: the colours that a viewer shows
#: then differ by one at most, once rounded.
_TOLERANCE = 0.5


@dataclass(frozen=True, slots=True)
class Profile:
    """What is used of a profile.

    Attributes
    ----------
    content : bytes
        The profile to write.
    space : RgbSpace or None
        The known space that it describes.
    transfer : int
        ITU-T H.273's transfer characteristic that it states besides; 2 where it states none.
    """

    content: bytes
    space: RgbSpace | None
    transfer: int


def icc_space(icc: bytes | None) -> str | None:
    """Return the colour space that a profile is for: "RGB", "GRAY", "CMYK" ...; None for no or a damaged profile."""
    if icc is None or len(icc) < 132 or icc[36:40] != b"acsp":
        return None
    return icc[16:20].decode("ascii", "replace").strip()


def cleaned(icc: bytes | None) -> Profile | None:
    """Reduce an RGB profile to what decides colours.

    Parameters
    ----------
    icc : bytes or None
        The profile; it is not trusted.

    Returns
    -------
    Profile or None
        The reduced one; None if there is none, it is damaged, or it is not for RGB values.
    """
    if icc is None or icc_space(icc) != "RGB" or len(icc) > _MAX_BYTES:
        return None
    return _cached(icc) if len(icc) <= _CACHED_BYTES else _cleaned(icc)


def _cleaned(icc: bytes) -> Profile | None:
    try:
        tags = _colour_tags(icc)
    except (Damaged, struct.error):
        return None
    kind, connection, major = icc[12:16], icc[20:24], icc[8]
    shaper = all(tag in tags for tag in (*COLORANTS, *CURVES)) and connection == b"XYZ "
    tables = [tag for tag in _TABLES if tag in tags]
    if kind not in _CLASSES or connection not in (b"XYZ ", b"Lab ") or not 2 <= major <= 4:
        return None
    if not shaper and not any(tag.startswith(b"A2B") for tag in tables):
        return None
    transfer = tags[b"cicp"][9] if b"cicp" in tags else 2
    space = None if tables or b"cicp" in tags else _known(tags)
    if space is not None:
        return Profile(profile(space), space, transfer)
    intent = int.from_bytes(icc[64:68], "big") & 3
    return Profile(profile_bytes((major, icc[9]), kind, connection, intent, "RGB", tags), None, transfer)


_cached = lru_cache(maxsize=64)(_cleaned)  # many photos have the same profile


def _colour_tags(icc: bytes) -> dict[bytes, bytes]:
    """Return the tags that decide colours, written again. Raises ``Damaged`` or ``struct.error``.

    Those that a viewer can do without are left out where they are damaged.
    """
    (count,) = struct.unpack_from(">I", icc, 128)
    if count > _MAX_TAGS:
        raise Damaged(f"{count:,} tags in a profile")
    found: dict[bytes, bytes] = {}
    for number in range(count):
        name, start, size = struct.unpack_from(">4sII", icc, 132 + 12 * number)
        if name in _WRITERS and name not in found and start >= 128 and start + size <= len(icc):
            try:
                found[name] = _WRITERS[name](icc[start : start + size])
            except (Damaged, struct.error):
                if name not in _SPARE:
                    raise
    return {name: found[name] for name in _WRITERS if name in found}


def _numbers(kind: bytes, count: int) -> Callable[[bytes], bytes]:
    """Return a writer of a tag of some numbers, none of which is implausibly large."""

    def write(tag: bytes) -> bytes:
        values = np.array(struct.unpack_from(f">{count}i", tag, 8)) / 65536
        if tag[:4] != kind or np.abs(values).max() > LARGEST:
            raise Damaged(f"a tag {tag[:4]!r} of implausible numbers")
        return kind + bytes(4) + fixed(*values)

    return write


def _curve_alone(tag: bytes) -> bytes:
    return rewritten_curve(tag, 0)


def _code_points(tag: bytes) -> bytes:
    if tag[:4] != b"cicp" or len(tag) < 12:
        raise Damaged("a damaged cicp tag")
    return b"cicp" + bytes(4) + tag[8:12]


_WRITERS: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"wtpt": _numbers(b"XYZ ", 3),
    b"chad": _numbers(b"sf32", 9),
    **dict.fromkeys(COLORANTS, _numbers(b"XYZ ", 3)),
    **dict.fromkeys(CURVES, _curve_alone),
    **dict.fromkeys(_TABLES, rewritten_table),
    b"cicp": _code_points,
}


def _known(tags: Mapping[bytes, bytes]) -> RgbSpace | None:
    """Return the known space whose colours, over a grid of values, are these; None for any other."""
    columns = np.array([struct.unpack(">3i", tags[tag][8:20]) for tag in COLORANTS]).T / 65536
    light = None
    for space in KNOWN:
        if np.abs(columns - space.colorants()).max() > 0.02:
            continue
        if light is None:
            light = np.stack([curve_light(tags[tag], row) for tag, row in zip(CURVES, _GRID, strict=True)])
        if _differ(columns @ light, space.colorants() @ space.curve.light(_GRID), space) <= _TOLERANCE:
            return space
    return None


def _differ(one: Numbers, other: Numbers, space: RgbSpace) -> float:
    """Return the largest difference of two sets of XYZ colours, in grey levels of sRGB's curve.

    It is taken for the space's own primaries, where nothing is out of gamut, and for those of sRGB, as on a screen.
    """
    largest = 0.0
    for shown in (space, KNOWN[0]):
        to_light = np.linalg.inv(shown.colorants())
        levels = [255 * _encoded(to_light @ colours) for colours in (one, other)]
        largest = max(largest, float(np.abs(levels[0] - levels[1]).max()))
    return largest


def _encoded(light: Numbers) -> Numbers:
    curve, clipped = SRGB_CURVE, np.clip(light, 0.0, 1.0)
    return np.where(
        clipped < curve.edge * curve.slope,
        clipped / curve.slope,
        (clipped ** (1 / curve.gamma) - curve.b) / curve.a,
    )
