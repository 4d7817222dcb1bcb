"""numba twins of kernels/reference/illumination.py, for machines without the extension."""

from __future__ import annotations

import numpy as np
from numba import njit

from ...types import Floats, Pixels
from ..reference.imresize import Floats64, axis_matrix
from .bands import Band, band_of


def half_luminance(photo: Pixels, threads: int = 1) -> Floats:
    del threads  # one thread: the native kernel shares a photo out, this one does not
    height, width = photo.shape[:2]
    rows = band_of(axis_matrix(height, -(-height // 2), 0.5))
    columns = band_of(axis_matrix(width, -(-width // 2), 0.5))
    out = np.empty((len(rows[0]), len(columns[0])), np.float32)
    _half_luminance(photo, rows, columns, out)
    return out


@njit(cache=True, nogil=True)
def _half_luminance(photo: Pixels, rows: Band, columns: Band, out: Floats) -> None:
    height = photo.shape[0]
    first, weights = columns
    across = np.empty((height, out.shape[1]))
    for y in range(height):
        for i in range(out.shape[1]):
            total = 0.0
            for t in range(weights.shape[1]):
                x = first[i] + t
                total += weights[i, t] * max(photo[y, x, 0], photo[y, x, 1], photo[y, x, 2])
            across[y, i] = total
    first, weights = rows
    for i in range(out.shape[0]):
        for x in range(out.shape[1]):
            total = 0.0
            for t in range(weights.shape[1]):
                total += weights[i, t] * across[first[i] + t, x]
            out[i, x] = total / 255


def texture_weights(luminance: Floats, window: int, sharpness: float) -> tuple[Floats, Floats]:
    w_h, w_v = np.empty_like(luminance), np.empty_like(luminance)
    _weights(luminance, window // 2, sharpness, w_h)
    _weights(luminance.T, window // 2, sharpness, w_v.T)
    return w_h, w_v


@njit(cache=True, nogil=True)
def _weights(plane: Floats, reach: int, sharpness: float, out: Floats) -> None:
    """Weights along axis 1. A sum of neighbouring differences is the difference of its ends."""
    height, width = plane.shape
    for y in range(height):
        for x in range(width):
            difference = np.float64(plane[y, (x + 1) % width]) - plane[y, x]
            end = (min(width - 1, x + reach) + 1) % width
            windowed = np.float64(plane[y, end]) - plane[y, max(0, x - reach)]
            out[y, x] = 1 / (abs(windowed) * abs(difference) + sharpness)


def solve_illumination(
    luminance: Floats, w_h: Floats, w_v: Floats, lam: float, rtol: float, threads: int = 1
) -> tuple[Floats64, float]:
    del threads
    t = np.zeros(luminance.shape)
    residual = _solve(luminance, lam * w_h.astype(np.float64), lam * w_v.astype(np.float64), rtol, t)
    return t, residual


@njit(cache=True, nogil=True)
def _apply(t: Floats64, w_h: Floats64, w_v: Floats64, out: Floats64) -> None:
    height, width = t.shape
    for y in range(height):
        above, below = (y - 1) % height, (y + 1) % height
        for x in range(width):
            left, right = (x - 1) % width, (x + 1) % width
            here = t[y, x]
            out[y, x] = (
                here
                + w_h[y, x] * (here - t[y, right])
                + w_h[y, left] * (here - t[y, left])
                + w_v[y, x] * (here - t[below, x])
                + w_v[above, x] * (here - t[above, x])
            )


@njit(cache=True, nogil=True)
def _diagonal(w_h: Floats64, w_v: Floats64, out: Floats64) -> None:
    height, width = w_h.shape
    for y in range(height):
        for x in range(width):
            out[y, x] = 1 + w_h[y, x] + w_h[y, (x - 1) % width] + w_v[y, x] + w_v[(y - 1) % height, x]


@njit(cache=True, nogil=True)
def _solve(b: Floats, w_h: Floats64, w_v: Floats64, rtol: float, t: Floats64) -> float:
    """Conjugate gradients, preconditioned by the diagonal, as in the numpy twin; flat arrays for the vector steps."""
    p, q, diagonal = np.zeros_like(t), np.empty_like(t), np.empty_like(t)
    _diagonal(w_h, w_v, diagonal)
    d, pf, qf, tf = diagonal.ravel(), p.ravel(), q.ravel(), t.ravel()
    r = b.astype(np.float64).ravel()
    size = np.sqrt(np.sum(r * r))
    rz = 1.0
    for _ in range(20_000):
        if np.sqrt(np.sum(r * r)) <= rtol * size:
            break
        before, rz = rz, np.sum(r * r / d)
        for i in range(r.size):
            pf[i] = r[i] / d[i] + rz / before * pf[i]
        _apply(p, w_h, w_v, q)
        step = rz / np.sum(pf * qf)
        for i in range(r.size):
            tf[i] += step * pf[i]
            r[i] -= step * qf[i]
    _apply(t, w_h, w_v, q)
    return float(np.sqrt(np.sum((b - q) ** 2)) / max(size, 1e-300))
