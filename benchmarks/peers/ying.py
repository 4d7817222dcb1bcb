"""The yardstick of ``contrast.py``: Ying's method in numpy and scipy, equation by equation, the sparse system solved directly.

Ying et al., "A New Image Contrast Enhancement Algorithm Using Exposure Fusion Framework", CAIP 2017. It shares no code with the
package.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import spsolve

Map = npt.NDArray[np.float64]

LAM, WINDOW, SHARPNESS, MU = 0.5, 5, 1e-3, 0.5
A, B = -0.3293, 1.1258


def keys(x: Map) -> Map:
    """Keys' cubic convolution kernel, a = -1/2."""
    x = np.abs(x)
    inner, outer = (1.5 * x - 2.5) * x**2 + 1, ((2.5 - 0.5 * x) * x - 4) * x + 2
    return np.where(x < 1, inner, np.where(x < 2, outer, 0))


def resampling(source: int, target: int, scale: float) -> sparse.csr_matrix:
    """(target, source): MATLAB's bicubic resize of one axis; antialiased below scale 1, mirrored at the ends."""
    width = 4 / min(scale, 1)
    u = (np.arange(target) + 0.5) / scale - 0.5
    taps = np.floor(u - width / 2)[:, None] + np.arange(int(np.ceil(width)) + 2)
    weights = keys((u[:, None] - taps) * min(scale, 1))
    weights /= weights.sum(1, keepdims=True)
    folded = taps.astype(int) % (2 * source)
    folded = np.where(folded < source, folded, 2 * source - 1 - folded)
    rows = np.broadcast_to(np.arange(target)[:, None], taps.shape)
    return sparse.csr_matrix((weights.ravel(), (rows.ravel(), folded.ravel())), (target, source))


def resize(plane: Map, height: int, width: int, scale: float | None = None) -> Map:
    h, w = plane.shape
    down, across = resampling(h, height, scale or height / h), resampling(w, width, scale or width / w)
    return np.asarray(across @ (down @ plane).T).T


def half_luminance(photo: npt.NDArray[np.uint8]) -> Map:
    plane = photo.max(2) / 255.0
    return resize(plane, -(-plane.shape[0] // 2), -(-plane.shape[1] // 2), 0.5)


def edge_weights(plane: Map, axis: int) -> Map:
    """1 / (|windowed sum of the differences| |difference| + SHARPNESS); differences are periodic, the window is not."""
    difference = np.roll(plane, -1, axis) - plane
    window = np.apply_along_axis(np.convolve, axis, difference, np.ones(WINDOW), "full")
    window = np.take(window, range(WINDOW // 2, WINDOW // 2 + plane.shape[axis]), axis)
    return 1 / (np.abs(window) * np.abs(difference) + SHARPNESS)


def system(plane: Map) -> sparse.csc_matrix:
    """Id + LAM (Dh' Wh Dh + Dv' Wv Dv), D the periodic differences."""
    h, w = plane.shape
    index = np.arange(h * w).reshape(h, w)
    matrix = sparse.identity(h * w, format="csc")
    for axis in (0, 1):
        here, there, one = index.ravel(), np.roll(index, -1, axis).ravel(), np.ones(h * w)
        d = sparse.csc_matrix((one, (here, there)), (h * w, h * w)) - sparse.identity(h * w, format="csc")
        matrix = matrix + LAM * (d.T @ sparse.diags(edge_weights(plane, axis).ravel()) @ d)
    return matrix.tocsc()


def illumination(photo: npt.NDArray[np.uint8], order: str = "COLAMD") -> Map:
    """Return the illumination at half size; ``order`` is SuperLU's column order."""
    plane = half_luminance(photo)
    return spsolve(system(plane), plane.ravel(), permc_spec=order).reshape(plane.shape)


def enhance(photo: npt.NDArray[np.uint8], k: float, half: Map | None = None) -> npt.NDArray[np.uint8]:
    """Return the photo fused with its exposure at the given ratio ``k``."""
    height, width = photo.shape[:2]
    half = illumination(photo) if half is None else half
    weight = np.clip(resize(half, height, width), 0, 1)[:, :, None] ** MU
    gamma, level = k**A, photo / 255.0
    brighter = np.minimum(np.exp(B * (1 - gamma)) * level**gamma, 1)
    fused = level * weight + brighter * (1 - weight)
    return np.floor(np.clip(fused, 0, 1) * 255 + 0.5).astype(np.uint8)
