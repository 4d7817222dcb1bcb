"""numba twins of kernels/reference/illumination.py, for machines without the extension."""

from __future__ import annotations

import numpy as np
from numba import njit

from ...types import Floats, Pixels
from ..reference.imresize import Floats64, axis_matrix
from .bands import Band, band_of


def half_luminance(photo: Pixels, threads: int = 1) -> Floats:
    """Compute ``reference.illumination.half_luminance``."""
    del threads  # this implementation runs in one thread
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
    """Compute ``reference.illumination.texture_weights``."""
    w_h, w_v = np.empty_like(luminance), np.empty_like(luminance)
    _weights(luminance, window // 2, sharpness, w_h)
    _weights(luminance.T, window // 2, sharpness, w_v.T)
    return w_h, w_v


@njit(cache=True, nogil=True)
def _weights(plane: Floats, reach: int, sharpness: float, out: Floats) -> None:
    """Write the weights along axis 1. A sum of neighbouring differences is the difference of its ends."""
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
    """Compute ``reference.illumination.solve_illumination``."""
    del threads
    t = np.zeros(luminance.shape)
    residual = _solve(luminance, lam * w_h.astype(np.float64), lam * w_v.astype(np.float64), rtol, t)
    return t, residual


@njit(cache=True, nogil=True)
def _apply(t: Floats64, w_h: Floats64, w_v: Floats64, out: Floats64) -> None:
    height, width = t.shape
    for y in range(height):
        here, above, below = t[y], t[y - 1], t[y + 1 if y + 1 < height else 0]
        right, down, up, target = w_h[y], w_v[y], w_v[y - 1], out[y]
        for x in range(width):
            target[x] = here[x] + down[x] * (here[x] - below[x]) + up[x] * (here[x] - above[x])
        for x in range(width - 1):
            target[x] += right[x] * (here[x] - here[x + 1])
        for x in range(1, width):
            target[x] += right[x - 1] * (here[x] - here[x - 1])
        target[-1] += right[-1] * (here[-1] - here[0])
        target[0] += right[-1] * (here[0] - here[-1])


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def _dot(a: Floats64, b: Floats64) -> float:
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(cache=True, nogil=True)
def _diagonal(w_h: Floats64, w_v: Floats64, out: Floats64) -> None:
    height, width = w_h.shape
    for y in range(height):
        for x in range(width):
            out[y, x] = 1 + w_h[y, x] + w_h[y, (x - 1) % width] + w_v[y, x] + w_v[(y - 1) % height, x]


@njit(cache=True, nogil=True)
def _solve(b: Floats, w_h: Floats64, w_v: Floats64, rtol: float, t: Floats64) -> float:
    """Solve by conjugate gradients, preconditioned by the diagonal, as in the numpy twin; flat arrays for the vector steps."""
    p, q, diagonal = np.zeros_like(t), np.empty_like(t), np.empty_like(t)
    _diagonal(w_h, w_v, diagonal)
    d, pf, qf, tf = diagonal.ravel(), p.ravel(), q.ravel(), t.ravel()
    r = b.astype(np.float64).ravel()
    z = np.empty_like(r)
    size = np.sqrt(_dot(r, r))
    rz = 1.0
    for _ in range(20_000):
        if np.sqrt(_dot(r, r)) <= rtol * size:
            break
        for i in range(r.size):
            z[i] = r[i] / d[i]
        before, rz = rz, _dot(r, z)
        beta = rz / before
        for i in range(r.size):
            pf[i] = z[i] + beta * pf[i]
        _apply(p, w_h, w_v, q)
        step = rz / _dot(pf, qf)
        for i in range(r.size):
            tf[i] += step * pf[i]
            r[i] -= step * qf[i]
    _apply(t, w_h, w_v, q)
    return float(np.sqrt(np.sum((b - q) ** 2)) / max(size, 1e-300))
