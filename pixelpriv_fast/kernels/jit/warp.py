"""Rotation and translation, compiled by numba: see kernels/reference/warp.py for what it computes and why."""

from __future__ import annotations

import numba
import numpy as np

from ...types import Floats, Pixels
from ..reference.resampler import Resampler
from ..reference.resize import normalise
from ..reference.warp import SUBPIXEL_BITS, SUBPIXELS, Doubles, check, pad, rotation, window

_njit = numba.njit(cache=True, nogil=True)


def warp_u8(photo: Pixels, parameters: Doubles, edge: str = "soft", fill: int = 0, threads: int = 1) -> Pixels:
    """Compute ``reference.warp.warp_u8`` with one thread."""
    check(photo.shape[0], photo.shape[1], parameters, edge, fill)
    out = np.full((len(parameters), *photo.shape), fill, np.uint8)
    _warp(pad(photo, edge, fill), parameters, _rotations(parameters), edge == "hard", out)
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
    """Compute ``reference.warp.warp_input`` with one thread."""
    (top, left), _ = window(photo, parameters, resampler, out)
    levels = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    numbers = normalise(levels, resampler.order, resampler.gain, resampler.bias)[:, 0]
    _look_up(warp_u8(photo, parameters, edge, fill), resampler.order, numbers, top, left, out)


def filled_area(parameters: Doubles, height: int, width: int, edge: str = "soft") -> Doubles:
    """Compute ``reference.warp.filled_area``."""
    check(height, width, parameters, edge, 0)
    out = np.empty(len(parameters))
    _areas(parameters, _rotations(parameters), height, width, edge == "hard", out)
    return out


def _rotations(parameters: Doubles) -> Doubles:
    return np.array([rotation(float(degrees)) for degrees in parameters[:, 0]])


@_njit
def _start(cos, sin, tx, ty, y, height, width):  # type: ignore[no-untyped-def]
    centre_x, centre_y = (width - 1) / 2.0, (height - 1) / 2.0
    dx, dy = -(tx + centre_x), (y - ty) - centre_y
    column = ((cos * dx - sin * dy) + (centre_x + 1.0)) * SUBPIXELS + 0.5
    row = ((sin * dx + cos * dy) + (centre_y + 1.0)) * SUBPIXELS + 0.5
    return column, row


@_njit
def _warp(padded, parameters, rotations, hard, out):  # type: ignore[no-untyped-def]
    count, height, width, _ = out.shape
    margin = SUBPIXELS / 2 if hard else 0.0
    right, bottom = (width + 1) * SUBPIXELS - margin, (height + 1) * SUBPIXELS - margin
    half = 1 << (2 * SUBPIXEL_BITS - 1)
    for n in range(count):
        cos, sin = rotations[n]
        for y in range(height):
            first_column, first_row = _start(cos, sin, parameters[n, 1], parameters[n, 2], y, height, width)
            for x in range(width):
                column, row = first_column + (cos * SUBPIXELS) * x, first_row + (sin * SUBPIXELS) * x
                if not (margin <= column < right and margin <= row < bottom):
                    continue
                u, v = np.int64(column), np.int64(row)
                i, j, fx, fy = v >> SUBPIXEL_BITS, u >> SUBPIXEL_BITS, u & (SUBPIXELS - 1), v & (SUBPIXELS - 1)
                for c in range(3):
                    above = padded[i, j, c] * (SUBPIXELS - fx) + padded[i, j + 1, c] * fx
                    below = padded[i + 1, j, c] * (SUBPIXELS - fx) + padded[i + 1, j + 1, c] * fx
                    out[n, y, x, c] = (above * (SUBPIXELS - fy) + below * fy + half) >> (2 * SUBPIXEL_BITS)


@_njit
def _look_up(warped, order, numbers, top, left, planes):  # type: ignore[no-untyped-def]
    count, _, rows, columns = planes.shape
    for n in range(count):
        for p in range(3):
            for y in range(rows):
                for x in range(columns):
                    planes[n, p, y, x] = numbers[p, warped[n, top + y, left + x, order[p]]]


@_njit
def _areas(parameters, rotations, height, width, hard, out):  # type: ignore[no-untyped-def]
    low, beyond = (SUBPIXELS / 2, SUBPIXELS / 2) if hard else (SUBPIXELS * 1.0, 1.0)
    right, bottom = width * SUBPIXELS + beyond, height * SUBPIXELS + beyond
    for n in range(len(out)):
        cos, sin = rotations[n]
        kept = 0
        for y in range(height):
            first_column, first_row = _start(cos, sin, parameters[n, 1], parameters[n, 2], y, height, width)
            for x in range(width):
                column, row = first_column + (cos * SUBPIXELS) * x, first_row + (sin * SUBPIXELS) * x
                kept += low <= column < right and low <= row < bottom
        out[n] = (height * width - kept) / (height * width)
