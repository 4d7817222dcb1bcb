"""Rotation and translation with fill, one bilinear gather: the definition.

For the output pixel u = (x, y), centre c = ((w - 1)/2, (h - 1)/2), y down, and t = (tx, ty) in pixels, the source is
``src = R(phi) (u - t - c) + c``, ``R = [[cos, -sin], [sin, cos]]``: the photo is turned about its centre, then shifted
by +t (Engstrom et al. 2019, "Exploring the Landscape of Spatial Robustness"; one gather instead of two).

Choice: source coordinates are computed in float64 and rounded to 1/2048 px; from there on everything is exact integer
arithmetic with one rounding, floor(v + 1/2). So the identity, whole-pixel shifts and quarter turns (of square photos)
are exact, and every implementation, instruction set and number of threads gives the same bytes.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from ...types import Floats, Pixels
from .resize import normalise

SUBPIXEL_BITS: Final = 11
SUBPIXELS: Final = 1 << SUBPIXEL_BITS  #: 8 bits of grey level and twice 11 of weight stay within 31 bits
LONGEST_SIDE: Final = 1 << 15

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float32] | npt.NDArray[np.float16] | npt.NDArray[np.uint16]  #: uint16: the bits of bf16


def warp_u8(photo: Pixels, parameters: Doubles, edge: str = "soft", fill: int = 0, threads: int = 1) -> Pixels:
    """Every candidate of ``parameters`` as the photo that would be saved.

    photo: (h, w, 3) uint8. parameters: (n, 3) float64 rows of degrees, tx and ty in pixels. edge: "soft", taps outside
    the photo count as ``fill``, so that the last pixel fades out; "hard", a pixel is photo (taps repeat the border)
    where its source lies within the photo's area, and fill elsewhere. fill: grey level, 0..255. threads: never changes
    the result. Returns (n, h, w, 3) uint8. Raises ``ValueError`` for a wrong shape or value, ``TypeError`` for a dtype.
    """
    check(photo.shape[0], photo.shape[1], parameters, edge, fill)
    height, width, _ = photo.shape
    padded = pad(photo, edge, fill)
    out = np.full((len(parameters), height, width, 3), fill, np.uint8)
    for image, parameter in zip(out, parameters, strict=True):
        columns, rows = _sources(parameter, height, width)
        margin = SUBPIXELS / 2 if edge == "hard" else 0
        seen = _within(columns, margin, (width + 1) * SUBPIXELS - margin)
        seen &= _within(rows, margin, (height + 1) * SUBPIXELS - margin)
        image[seen] = _gather(padded, columns[seen].astype(np.int32), rows[seen].astype(np.int32))
    return out


def warp_input(
    photo: Pixels,
    parameters: Doubles,
    order: Integers,
    gain: Floats,
    bias: Floats,
    out: Numbers,
    layout: str = "NCHW",
    top: int = 0,
    left: int = 0,
    edge: str = "soft",
    fill: int = 0,
    threads: int = 1,
) -> None:
    """``warp_u8`` in a classifier's own layout and numbers, written to ``out``.

    out: (n, 3, rows, columns) for layout "NCHW", (n, rows, columns, 3) for "NHWC": the window of the warped photo whose
    corner is (top, left). Channel c holds float32(level) * gain[c] + bias[c] of RGB channel order[c] (as ``normalise``;
    (3,) int32 and finite float32), of the *rounded* level: exactly what the saved photo gives where the classifier does
    not resize. out's dtype is float32, or float16, or uint16 for the bits of bf16 (``torch.from_numpy(out).view(
    torch.bfloat16)``), which NumPy lacks: the float32 number, rounded to nearest even. Raises as ``warp_u8``.
    """
    planes = as_planes(photo.shape, len(parameters), out, layout, top, left)
    check_channels(order, gain, bias)
    rows, columns = planes.shape[2:]
    warped = warp_u8(photo, parameters, edge, fill)[:, top : top + rows, left : left + columns]
    for candidate, pixels in zip(planes, warped, strict=True):
        candidate[...] = rounded(normalise(pixels, order, gain, bias), out.dtype)


def filled_area(parameters: Doubles, height: int, width: int, edge: str = "soft") -> Doubles:
    """The share of the photo's pixels that the fill touches (soft edge: has any weight in), (n,) in 0..1."""
    check(height, width, parameters, edge, 0)
    # Soft edge: up to the last pixel's centre, itself included. Hard edge: to half a pixel past it.
    low, beyond = (SUBPIXELS / 2, SUBPIXELS / 2) if edge == "hard" else (SUBPIXELS, 1)
    areas = np.empty(len(parameters))
    for i, parameter in enumerate(parameters):
        columns, rows = _sources(parameter, height, width)
        kept = _within(columns, low, width * SUBPIXELS + beyond)
        kept &= _within(rows, low, height * SUBPIXELS + beyond)
        areas[i] = (kept.size - np.count_nonzero(kept)) / kept.size
    return areas


def rotation(degrees: float) -> tuple[float, float]:
    """Cosine and sine, exact for whole quarter turns, where the library's 6e-17 would blur every pixel."""
    turn = math.fmod(degrees, 360.0)
    if math.fmod(turn, 90.0) == 0.0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(turn / 90.0) % 4]
    radians = turn * (math.pi / 180.0)
    return math.cos(radians), math.sin(radians)


def pad(photo: Pixels, edge: str, fill: int) -> Pixels:
    """One more pixel on every side, so that no tap needs a range check."""
    around = ((1, 1), (1, 1), (0, 0))
    return np.pad(photo, around, "edge") if edge == "hard" else np.pad(photo, around, constant_values=fill)


def check(height: int, width: int, parameters: Doubles, edge: str, fill: int) -> None:
    """Raises ``UsageError`` (a ``ValueError``) with the value seen."""
    if not (1 <= height <= LONGEST_SIDE and 1 <= width <= LONGEST_SIDE):
        raise UsageError(f"photo is {width}x{height}, expected sides of 1 to {LONGEST_SIDE} pixels")
    if parameters.ndim != 2 or parameters.shape[1] != 3 or not len(parameters):
        raise UsageError(f"parameters has shape {parameters.shape}, expected (any, 3)")
    if parameters.dtype != np.float64:
        raise TypeError(f"parameters has dtype {parameters.dtype}, expected float64")
    if not np.isfinite(parameters).all():
        raise UsageError(f"parameters hold {parameters[~np.isfinite(parameters)][0]}, expected finite values")
    if edge not in ("soft", "hard"):
        raise UsageError(f"edge is {edge!r}, expected 'soft' or 'hard'")
    if not 0 <= fill <= 255:
        raise UsageError(f"fill is {fill}, expected 0 to 255")


def as_planes(photo: tuple[int, ...], candidates: int, out: Numbers, layout: str, top: int, left: int) -> Numbers:
    """``out`` seen as (n, 3, rows, columns). Raises ``UsageError`` where it is no window of the warped photos, and
    ``TypeError`` for a dtype that no classifier's input has."""
    if layout not in ("NCHW", "NHWC"):
        raise UsageError(f"layout is {layout!r}, expected 'NCHW' or 'NHWC'")
    if out.dtype not in (np.float32, np.float16, np.uint16):
        raise TypeError(f"out has dtype {out.dtype}, expected float32, float16, or uint16 for the bits of bf16")
    channels = 1 if layout == "NCHW" else 3
    if out.ndim != 4 or len(out) != candidates or out.shape[channels] != 3:
        wanted = f"({candidates}, 3, any, any)" if layout == "NCHW" else f"({candidates}, any, any, 3)"
        raise UsageError(f"out has shape {out.shape}, expected {wanted}")
    planes = np.moveaxis(out, channels, 1)
    if top < 0 or left < 0 or top + planes.shape[2] > photo[0] or left + planes.shape[3] > photo[1]:
        raise UsageError(
            f"the window of out, shape {out.shape}, at {(top, left)} does not lie within the photo, shape {photo}"
        )
    return planes


def check_channels(order: Integers, gain: Floats, bias: Floats) -> None:
    """Raises ``UsageError`` with the value seen."""
    if sorted(order.tolist()) != [0, 1, 2]:
        raise UsageError(f"order is {order.tolist()}, it must be a permutation of 0, 1, 2")
    for name, values in (("gain", gain), ("bias", bias)):
        if not np.isfinite(values).all():
            raise UsageError(f"{name} holds {values[~np.isfinite(values)][0]}, expected finite values")


def rounded(values: Floats, dtype: np.dtype[Any]) -> Numbers:
    """``values`` as ``dtype``: float32, float16, or uint16 for the bits of bf16. To nearest, ties to even; what is too
    large becomes an infinity; no value is NaN."""
    if dtype != np.uint16:
        with np.errstate(over="ignore"):
            return values.astype(dtype)
    bits = np.ascontiguousarray(values).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def _sources(parameter: Doubles, height: int, width: int) -> tuple[Doubles, Doubles]:
    """Source column and row of every output pixel, (h, w) each: in subpixels of the *padded* photo, plus the half that
    turns truncation into rounding. The order of the operations is part of the definition."""
    (cos, sin), tx, ty = rotation(float(parameter[0])), float(parameter[1]), float(parameter[2])
    centre_x, centre_y = (width - 1) / 2.0, (height - 1) / 2.0
    x = np.arange(width, dtype=np.float64)
    dx, dy = -(tx + centre_x), (np.arange(height, dtype=np.float64)[:, None] - ty) - centre_y
    column = ((cos * dx - sin * dy) + (centre_x + 1.0)) * SUBPIXELS + 0.5
    row = ((sin * dx + cos * dy) + (centre_y + 1.0)) * SUBPIXELS + 0.5
    return column + (cos * SUBPIXELS) * x, row + (sin * SUBPIXELS) * x


def _within(values: Doubles, low: float, high: float) -> npt.NDArray[np.bool_]:
    return (values >= low) & (values < high)


def _gather(padded: Pixels, columns: Integers, rows: Integers) -> Pixels:
    """The pixels at these places of the padded photo, (count,) subpixels each -> (count, 3) uint8."""
    x, y = columns >> SUBPIXEL_BITS, rows >> SUBPIXEL_BITS
    fx, fy = (columns & (SUBPIXELS - 1))[:, None], (rows & (SUBPIXELS - 1))[:, None]
    above = padded[y, x] * (SUBPIXELS - fx) + padded[y, x + 1] * fx
    below = padded[y + 1, x] * (SUBPIXELS - fx) + padded[y + 1, x + 1] * fx
    half = 1 << (2 * SUBPIXEL_BITS - 1)
    levels: Pixels = ((above * (SUBPIXELS - fy) + below * fy + half) >> (2 * SUBPIXEL_BITS)).astype(np.uint8)
    return levels
