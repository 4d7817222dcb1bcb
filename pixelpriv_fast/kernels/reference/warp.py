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
from typing import Final

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from ...types import Floats, Pixels
from .resampler import Resampler
from .resize import normalise

SUBPIXEL_BITS: Final = 11
SUBPIXELS: Final = 1 << SUBPIXEL_BITS  #: 8 bits of grey level and twice 11 of weight stay within 31 bits
LONGEST_SIDE: Final = 1 << 15

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]


def warp_u8(photo: Pixels, parameters: Doubles, edge: str = "soft", fill: int = 0, threads: int = 1) -> Pixels:
    """Rotate and translate a photo by every candidate: the photos that would be saved.

    Parameters
    ----------
    photo : (h, w, 3) uint8
        The photo.
    parameters : (n, 3) float64
        Rows of degrees, tx and ty in pixels.
    edge : {"soft", "hard"}
        "soft": taps outside the photo count as ``fill``, so that the last pixel fades out. "hard": a pixel is photo
        (taps repeat the border) where its source lies within the photo's area, and fill elsewhere.
    fill : int
        Grey level, 0..255.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    (n, h, w, 3) uint8
        The warped photos.

    Raises
    ------
    ValueError
        For a wrong shape or value.
    TypeError
        For a wrong dtype.
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
    resampler: Resampler,
    out: Floats,
    edge: str = "soft",
    fill: int = 0,
    threads: int = 1,
) -> None:
    """Write ``warp_u8``, normalised, into a classifier's input.

    The *rounded* levels are normalised: exactly what the saved photo gives where the classifier does not resize.

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The photo.
    parameters : (n, 3) float64
        Rows of degrees, tx and ty in pixels.
    resampler : Resampler
        From (H, W) to (h, w); crops at most (``identity``). gain and bias are finite.
    out : (n, 3, h, w) float32
        Receives the cropped candidates, as ``normalise`` makes them.
    edge : {"soft", "hard"}
        As for ``warp_u8``.
    fill : int
        Grey level, 0..255.
    threads : int
        Number of threads; never changes the result.

    Raises
    ------
    ValueError
        For a wrong shape or value.
    TypeError
        For a wrong dtype.
    """
    (top, left), (rows, columns) = window(photo, parameters, resampler, out)
    warped = warp_u8(photo, parameters, edge, fill)[:, top : top + rows, left : left + columns]
    for candidate, pixels in zip(out, warped, strict=True):
        candidate[...] = normalise(pixels, resampler.order, resampler.gain, resampler.bias)


def filled_area(parameters: Doubles, height: int, width: int, edge: str = "soft") -> Doubles:
    """Return the share of a photo's pixels that each candidate's fill touches (soft edge: has any weight in).

    Parameters
    ----------
    parameters : (n, 3) float64
        Rows of degrees, tx and ty in pixels.
    height, width : int
        The photo's size.
    edge : {"soft", "hard"}
        As for ``warp_u8``.

    Returns
    -------
    (n,) float64
        Shares, 0..1.
    """
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
    """Return cosine and sine, exact for whole quarter turns, where the library's 6e-17 would blur every pixel."""
    turn = math.fmod(degrees, 360.0)
    if math.fmod(turn, 90.0) == 0.0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(turn / 90.0) % 4]
    radians = turn * (math.pi / 180.0)
    return math.cos(radians), math.sin(radians)


def pad(photo: Pixels, edge: str, fill: int) -> Pixels:
    """Add a pixel on every side, so that no tap needs a range check.

    Parameters
    ----------
    photo : (h, w, 3) uint8
        The photo.
    edge : {"soft", "hard"}
        As for ``warp_u8``.
    fill : int
        Grey level, 0..255.

    Returns
    -------
    (h + 2, w + 2, 3) uint8
        The padded photo.
    """
    around = ((1, 1), (1, 1), (0, 0))
    return np.pad(photo, around, "edge") if edge == "hard" else np.pad(photo, around, constant_values=fill)


def check(height: int, width: int, parameters: Doubles, edge: str, fill: int) -> None:
    """Check what all warps take.

    Parameters
    ----------
    height, width : int
        The photo's size.
    parameters : (n, 3) float64
        The candidates.
    edge : {"soft", "hard"}
        As for ``warp_u8``.
    fill : int
        Grey level, 0..255.

    Raises
    ------
    UsageError
        For a wrong shape or value, with the value seen.
    TypeError
        For a wrong dtype.
    """
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


def window(
    photo: Pixels, parameters: Doubles, resampler: Resampler, out: Floats
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Check ``warp_input``'s arguments and return where its window lies: (top, left), (rows, columns).

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The photo.
    parameters : (n, 3) float64
        The candidates.
    resampler : Resampler
        What crops the photo.
    out : (n, 3, h, w) float32
        The input.

    Returns
    -------
    tuple of (int, int)
        The window's corner and its size, in pixels.

    Raises
    ------
    UsageError
        For a wrong shape or value.
    TypeError
        For a wrong dtype.
    """
    size, shape = (
        (resampler.rows.size, resampler.columns.size),
        (len(resampler.rows.starts), len(resampler.columns.starts)),
    )
    if photo.shape != (*size, 3):
        raise UsageError(f"photo has shape {photo.shape}, expected {(*size, 3)}")
    if not resampler.identity:
        raise UsageError("the resampler resizes, expected one that crops at most")
    for name, values in (("gain", resampler.gain), ("bias", resampler.bias)):
        if not np.isfinite(values).all():
            raise UsageError(f"{name} holds {values[~np.isfinite(values)][0]}, expected finite values")
    if out.shape != (len(parameters), 3, *shape):
        raise UsageError(f"out has shape {out.shape}, expected {(len(parameters), 3, *shape)}")
    if out.dtype != np.float32:
        raise TypeError(f"out has dtype {out.dtype}, expected float32")
    return (int(resampler.rows.starts[0]), int(resampler.columns.starts[0])), shape


def _sources(parameter: Doubles, height: int, width: int) -> tuple[Doubles, Doubles]:
    """Return the source column and row of every output pixel, (h, w) each.

    They are in subpixels of the *padded* photo, plus the half that turns truncation into rounding. The order of the
    operations is part of the definition.
    """
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
    """Return the pixels at these places of the padded photo, (count,) subpixels each -> (count, 3) uint8."""
    x, y = columns >> SUBPIXEL_BITS, rows >> SUBPIXEL_BITS
    fx, fy = (columns & (SUBPIXELS - 1))[:, None], (rows & (SUBPIXELS - 1))[:, None]
    above = padded[y, x] * (SUBPIXELS - fx) + padded[y, x + 1] * fx
    below = padded[y + 1, x] * (SUBPIXELS - fx) + padded[y + 1, x + 1] * fx
    half = 1 << (2 * SUBPIXEL_BITS - 1)
    levels: Pixels = ((above * (SUBPIXELS - fy) + below * fy + half) >> (2 * SUBPIXEL_BITS)).astype(np.uint8)
    return levels
