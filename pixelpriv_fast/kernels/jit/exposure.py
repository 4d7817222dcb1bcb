"""numba twins of kernels/reference/exposure.py, for machines without the extension."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from ...types import Pixels
from ..reference.exposure import SIDE
from ..reference.imresize import Floats64, axis_matrix
from .bands import Band, band_of


def exposure_samples(photo: Pixels, illumination: Floats64, threshold: float, threads: int = 1) -> Floats64:
    """Compute ``reference.exposure.exposure_samples``."""
    del threads
    height, width = photo.shape[:2]
    rows, columns = band_of(axis_matrix(height, SIDE)), band_of(axis_matrix(width, SIDE))
    mask = np.empty((height, width, 1), np.uint8)
    _mark_dark(illumination, *_enlargement(illumination, photo), threshold, mask)
    bad = _thumbnail(mask, rows, columns)[:, :, 0] > 128
    levels = np.maximum(np.floor(_thumbnail(photo, rows, columns) * 65536 + 0.5) / 65536, 0) / 255
    return np.sort(np.cbrt(levels[:, :, 0] * levels[:, :, 1] * levels[:, :, 2])[bad])


def _enlargement(illumination: Floats64, photo: Pixels) -> tuple[Band, Band]:
    height, width = illumination.shape
    return band_of(axis_matrix(height, photo.shape[0])), band_of(axis_matrix(width, photo.shape[1]))


@njit(cache=True, nogil=True)
def _enlarged_row(plane: Floats64, y: int, rows: Band, columns: Band, line: Floats64, out: Floats64) -> None:
    """Write row ``y`` of the enlarged plane; ``line`` is scratch, one row of the plane."""
    first, weights = rows
    for x in range(plane.shape[1]):
        total = 0.0
        for t in range(weights.shape[1]):
            total += weights[y, t] * plane[first[y] + t, x]
        line[x] = total
    first, weights = columns
    for x in range(out.size):
        total = 0.0
        for t in range(weights.shape[1]):
            total += weights[x, t] * line[first[x] + t]
        out[x] = total


@njit(cache=True, nogil=True)
def _mark_dark(plane: Floats64, rows: Band, columns: Band, threshold: float, mask: npt.NDArray[np.uint8]) -> None:
    line, out = np.empty(plane.shape[1]), np.empty(mask.shape[1])
    for y in range(mask.shape[0]):
        _enlarged_row(plane, y, rows, columns, line, out)
        for x in range(mask.shape[1]):
            mask[y, x, 0] = 255 if out[x] < threshold else 0


@njit(cache=True, nogil=True)
def _thumbnail(image: npt.NDArray[np.uint8], rows: Band, columns: Band) -> Floats64:
    width, channels = image.shape[1:]
    first, weights = rows
    left, across = columns
    out = np.zeros((SIDE, SIDE, channels))
    sums = np.empty((width, channels))
    for i in range(SIDE):
        sums[:] = 0
        for t in range(weights.shape[1]):
            for x in range(width):
                for c in range(channels):
                    sums[x, c] += weights[i, t] * image[first[i] + t, x, c]
        for j in range(SIDE):
            for t in range(across.shape[1]):
                for c in range(channels):
                    out[i, j, c] += across[j, t] * sums[left[j] + t, c]
    return out


def best_exposure(samples: Floats64, a: float, b: float, k_min: float, k_max: float, k_step: float) -> float:
    """Compute ``reference.exposure.best_exposure``."""
    with np.errstate(divide="ignore"):
        logs = np.log(samples)
    count = np.arange(1, len(logs) + 1)
    terms = np.concatenate([[0], np.floor(count * np.log2(count) * 2.0**32 + 0.5).astype(np.int64)])
    levels = np.log((np.arange(1, 256) - 0.5) / 255)
    steps = int(np.floor((k_max - k_min) / k_step + 1e-9))
    return float(_scan(logs, terms, levels, a, b, k_min, k_step, steps + 1))


@njit(cache=True, nogil=True)
def _scan(
    logs: Floats64,
    terms: npt.NDArray[np.int64],
    levels: Floats64,
    a: float,
    b: float,
    k_min: float,
    k_step: float,
    steps: int,
) -> float:
    least, best = np.int64(2**63 - 1), k_min
    for i in range(steps):
        k = k_min + k_step * i
        gamma = k**a
        total, previous = np.int64(0), 0
        for level in levels:
            at = previous
            edge = (level - b * (1 - gamma)) / gamma
            while at < logs.size and logs[at] < edge:
                at += 1
            total += terms[at - previous]
            previous = at
        total += terms[logs.size - previous]
        if total < least:
            least, best = total, k
    return best


def blend_exposure(photo: Pixels, illumination: Floats64, table: Floats64, mu: float, threads: int = 1) -> Pixels:
    """Compute ``reference.exposure.blend_exposure``."""
    del threads
    out = np.empty_like(photo)
    _blend(photo, illumination, *_enlargement(illumination, photo), 255 * table, mu, out)
    return out


@njit(cache=True, nogil=True)
def _blend(photo: Pixels, plane: Floats64, rows: Band, columns: Band, table: Floats64, mu: float, out: Pixels) -> None:
    line, t = np.empty(plane.shape[1]), np.empty(photo.shape[1])
    for y in range(photo.shape[0]):
        _enlarged_row(plane, y, rows, columns, line, t)
        for x in range(photo.shape[1]):
            weight = min(max(t[x], 0.0), 1.0) ** mu
            for c in range(3):
                level = photo[y, x, c]
                fused = table[level] + weight * (level - table[level])
                out[y, x, c] = np.uint8(min(max(fused, 0.0), 255.0) + 0.5)
