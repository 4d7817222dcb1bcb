"""RGB colour spaces as numbers, and the ICC profiles (ICC.1:2010) that say the same.

Every profile is written here byte by byte: no date, name or copyright of another program rides along, and the same
space always gives the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.float64]
Point: TypeAlias = tuple[float, float]  #: CIE x and y

D50 = (63190, 65536, 54061)  #: XYZ of the profiles' own white, in 1/65536
LARGEST = 4.0  #: no tristimulus value or matrix coefficient of a real RGB space is larger
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # any fixed one: the standard asks for a valid date
_COPYRIGHT = "No copyright, use freely"


@dataclass(frozen=True, slots=True)
class Curve:
    """From a pixel's value to light, both 0 to 1: (a x + b) ** gamma from ``edge`` on, ``slope`` x below.

    Attributes
    ----------
    gamma, a, b : float
        The power part.
    slope, edge : float
        The straight part near black.
    """

    gamma: float
    a: float = 1.0
    b: float = 0.0
    slope: float = 0.0
    edge: float = 0.0

    def light(self, values: Numbers) -> Numbers:
        """Return the light, 0 to 1, of values 0 to 1."""
        power = np.maximum(self.a * values + self.b, 0.0) ** self.gamma
        return np.clip(np.where(values >= self.edge, power, self.slope * values), 0.0, 1.0)

    def tag(self) -> bytes:
        """Return the curve as a profile's tag: one number where a lone power does, else ICC's parametric type 3."""
        numbers = (self.gamma, self.a, self.b, self.slope, self.edge)
        kind, used = (0, numbers[:1]) if numbers[1:] == (1.0, 0.0, 0.0, 0.0) else (3, numbers)
        return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed(*used)


@dataclass(frozen=True, slots=True)
class RgbSpace:
    """What RGB values mean: three primaries, a white and one curve.

    Attributes
    ----------
    name : str
        What the profile is called.
    red, green, blue, white : (float, float)
        Chromaticities, CIE x and y.
    curve : Curve
        The curve of all three channels.
    """

    name: str
    red: Point
    green: Point
    blue: Point
    white: Point
    curve: Curve

    def colorants(self) -> Numbers:
        """Return XYZ of red, green and blue as columns, adapted to D50 by Bradford's matrix, shape (3, 3).

        Raises
        ------
        ValueError
            If the primaries span no colour space.
        """
        points = (self.red, self.green, self.blue, self.white)
        if min(y for _, y in points) <= 0:
            raise ValueError("a primary without luminance")
        columns, adapted = np.stack([_xyz(point) for point in points[:3]], axis=1), self.adaptation()
        try:
            found = adapted @ columns * np.linalg.solve(columns, _xyz(self.white))
        except np.linalg.LinAlgError:
            raise ValueError("primaries on one line") from None
        largest = max(np.abs(found).max(), np.abs(adapted).max())
        if not largest <= LARGEST or abs(np.linalg.det(found)) < 1e-4:  # NaN is neither
            raise ValueError("primaries that span no colour space")
        return found

    def adaptation(self) -> Numbers:
        """Return the matrix from XYZ under the space's white to XYZ under D50, shape (3, 3)."""
        with np.errstate(divide="ignore", invalid="ignore"):  # a white that no cone sees
            cones = _BRADFORD @ (np.array(D50) / 65536) / (_BRADFORD @ _xyz(self.white))
        adapted: Numbers = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
        return adapted


def _xyz(point: Point) -> Numbers:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


@lru_cache(maxsize=64)
def profile(space: RgbSpace) -> bytes:
    """Write a space's profile.

    Parameters
    ----------
    space : RgbSpace
        The space.

    Returns
    -------
    bytes
        A display profile of matrix and curves, version 4.3.

    Raises
    ------
    ValueError
        If the primaries span no colour space.
    """
    columns, curve = space.colorants().T, space.curve.tag()
    tags = {name: b"XYZ \0\0\0\0" + fixed(*column) for name, column in zip(COLORANTS, columns, strict=True)}
    tags |= {b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", *D50)}
    tags |= {b"chad": b"sf32\0\0\0\0" + fixed(*space.adaptation().ravel())}
    return profile_bytes((4, 0x30), b"mntr", b"XYZ ", 1, space.name, tags | dict.fromkeys(CURVES, curve))


COLORANTS, CURVES = (b"rXYZ", b"gXYZ", b"bXYZ"), (b"rTRC", b"gTRC", b"bTRC")


def fixed(*numbers: float) -> bytes:
    """Return numbers as a profile holds them, in 1/65536; ``struct.error`` for those beyond its range."""
    return struct.pack(f">{len(numbers)}i", *(round(float(number) * 65536) for number in numbers))


def profile_bytes(
    version: tuple[int, int], kind: bytes, connection: bytes, intent: int, name: str, tags: Mapping[bytes, bytes]
) -> bytes:
    """Put an RGB profile together: its tags one behind the other, equal ones once, and nothing between or after.

    Parameters
    ----------
    version : (int, int)
        Major, and minor with bug-fix number as the header's second byte holds them.
    kind : bytes
        The device class, four letters.
    connection : bytes
        The connection space, ``b"XYZ "`` or ``b"Lab "``.
    intent : int
        The rendering intent, 0..3.
    name : str
        What the profile is called.
    tags : mapping
        Name -> content of the tags that decide the colours.

    Returns
    -------
    bytes
        The profile.
    """
    text = _localised if version[0] >= 4 else _described
    plain = _localised if version[0] >= 4 else _plain
    whole = {b"desc": text(name), b"cprt": plain(_COPYRIGHT), **tags}
    table, content, places = struct.pack(">I", len(whole)), b"", dict[bytes, int]()
    start = 128 + 4 + 12 * len(whole)
    for tag, value in whole.items():
        if value not in places:
            places[value] = start + len(content)
            content += value + bytes(-len(value) % 4)
        table += tag + struct.pack(">II", places[value], len(value))
    header = struct.pack(">IIBBH", start + len(content), 0, *version, 0) + kind + b"RGB " + connection + _DATE
    header += b"acsp" + bytes(24) + struct.pack(">I3i", intent, *D50)
    return header.ljust(128, b"\0") + table + content


def _localised(text: str) -> bytes:
    utf16 = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(utf16), 28) + utf16


def _described(text: str) -> bytes:
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text.encode("ascii") + bytes(1 + 78)


def _plain(text: str) -> bytes:
    return b"text\0\0\0\0" + text.encode("ascii") + b"\0"


_D65, _C, _DCI, _D50_POINT = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351), (D50[0] / sum(D50), D50[1] / sum(D50))
#: ITU-T H.273's colour primaries by number: red, green, blue, white.
PRIMARIES: Mapping[int, tuple[Point, Point, Point, Point]] = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),  # BT.709, sRGB
    4: ((0.670, 0.330), (0.210, 0.710), (0.140, 0.080), _C),
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),  # BT.2020
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),  # Display P3
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CAMERA_CURVE = Curve(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)  # BT.709's, BT.601's, BT.2020's
#: ITU-T H.273's transfer characteristics by number.
TRANSFERS: Mapping[int, Curve] = {
    **dict.fromkeys((1, 6, 11, 14, 15), CAMERA_CURVE),
    4: Curve(2.2),
    5: Curve(2.8),
    7: Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    8: Curve(1.0),
    13: SRGB_CURVE,
    17: Curve(2.6, (52.37 / 48) ** (1 / 2.6)),
}

SRGB = RgbSpace("sRGB", *PRIMARIES[1], SRGB_CURVE)
ADOBE_RGB = RgbSpace(
    "Compatible with Adobe RGB (1998)", (0.640, 0.330), (0.210, 0.710), (0.150, 0.060), _D65, Curve(563 / 256)
)
_PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), _D50_POINT)
#: The spaces that profiles of many makers describe; the first that matches is taken.
KNOWN = (
    SRGB,
    RgbSpace("Display P3", *PRIMARIES[12], SRGB_CURVE),
    ADOBE_RGB,
    RgbSpace("ProPhoto RGB", *_PROPHOTO, Curve(1.8, 1.0, 0.0, 1 / 16, 1 / 32)),
    RgbSpace("ProPhoto RGB, gamma 1.8", *_PROPHOTO, Curve(1.8)),
    RgbSpace("Rec. 2020", *PRIMARIES[9], CAMERA_CURVE),
    RgbSpace("Rec. 2020, sRGB curve", *PRIMARIES[9], SRGB_CURVE),
)
