"""The illumination map of Ying et al. 2017: the definition that the compiled twins are held to.

"A New Image Contrast Enhancement Algorithm Using Exposure Fusion Framework", CAIP 2017.
"""

from __future__ import annotations

import numpy as np

from ...types import Floats, Pixels
from .imresize import Floats64, imresize


def half_luminance(photo: Pixels, threads: int = 1) -> Floats:
    """Return the photo's largest channel at half size: ``imresize(max(R, G, B), 0.5)``.

    The resize is bicubic and antialiased; edges may overshoot [0, 1] a little.

    Parameters
    ----------
    photo : (h, w, 3) uint8
        The photo.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    (ceil(h/2), ceil(w/2)) float32
        The luminance; 1 is white.
    """
    del threads  # changes the time only
    height, width = photo.shape[:2]
    luminance = photo.max(axis=2) / 255
    return imresize(luminance, -(-height // 2), -(-width // 2), scale=0.5).astype(np.float32)


def texture_weights(luminance: Floats, window: int, sharpness: float) -> tuple[Floats, Floats]:
    """Return the weights of the edges to the right-hand and to the lower neighbour.

    The difference across an edge, d, is periodic: the last column's edge leads to the first column, the last row's to
    the first row. G sums d over ``window`` (odd) edges along its own direction, with nothing beyond the border. The
    weight is 1 / (|G| |d| + sharpness): small across a strong edge, up to 1 / sharpness in flat parts.

    Parameters
    ----------
    luminance : (h, w) float32
        The map.
    window : int
        Number of edges that are summed, odd.
    sharpness : float
        The paper's epsilon, above 0.

    Returns
    -------
    pair of (h, w) float32
        Weights to the right and downwards.
    """
    plane = luminance.astype(np.float64)
    return _weights_along(plane, 1, window, sharpness), _weights_along(plane, 0, window, sharpness)


def _weights_along(plane: Floats64, axis: int, window: int, sharpness: float) -> Floats:
    difference = np.roll(plane, -1, axis) - plane
    reach = window // 2
    padding = [(reach, reach) if a == axis else (0, 0) for a in range(2)]
    padded = np.pad(difference, padding)
    length = plane.shape[axis]
    windowed = sum(np.take(padded, range(t, t + length), axis) for t in range(window))
    return (1 / (np.abs(windowed) * np.abs(difference) + sharpness)).astype(np.float32)


def apply_system(t: Floats64, w_h: Floats, w_v: Floats, lam: float) -> Floats64:
    """Return A t for A = Id + lam (Dh' Wh Dh + Dv' Wv Dv) with periodic differences.

    A is symmetric, and its rows sum to 1.

    Parameters
    ----------
    t : (h, w) float64
        A map.
    w_h, w_v : (h, w) float32
        ``texture_weights``.
    lam : float
        Strength of the smoothing.

    Returns
    -------
    (h, w) float64
        The product.
    """
    flow_h = w_h * (t - np.roll(t, -1, 1))
    flow_v = w_v * (t - np.roll(t, -1, 0))
    return t + lam * (flow_h - np.roll(flow_h, 1, 1) + flow_v - np.roll(flow_v, 1, 0))


def solve_illumination(
    luminance: Floats, w_h: Floats, w_v: Floats, lam: float, rtol: float, threads: int = 1
) -> tuple[Floats64, float]:
    """Solve A t = luminance to |luminance - A t| <= rtol |luminance| (2-norms), A as in ``apply_system``.

    A is symmetric positive definite with rows that sum to 1, and an M-matrix: t stays within the luminance's range,
    up to the tolerance. Here: conjugate gradients, preconditioned by the diagonal. The twins may use another solver;
    what binds them is the residual.

    Parameters
    ----------
    luminance : (h, w) float32
        The right-hand side.
    w_h, w_v : (h, w) float32
        ``texture_weights``.
    lam : float
        Strength of the smoothing.
    rtol : float
        Relative residual to reach, above 0 and below 1.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    t : (h, w) float64
        The solution.
    residual : float
        The relative residual reached.
    """
    del threads
    b = luminance.astype(np.float64)
    diagonal = 1 + lam * (w_h + np.roll(w_h, 1, 1) + w_v + np.roll(w_v, 1, 0))
    goal = rtol * float(np.linalg.norm(b))
    t: Floats64 = np.zeros_like(b)
    r: Floats64 = b.copy()
    p: Floats64 = np.zeros_like(b)
    rz = 1.0
    for _ in range(20_000):  # the condition number is at most 1 + 8 lam / sharpness: some hundred steps
        if np.linalg.norm(r) <= goal:
            break
        z = r / diagonal
        rz, before = float(np.vdot(r, z)), rz
        p = z + (rz / before) * p
        q = apply_system(p, w_h, w_v, lam)
        step = rz / float(np.vdot(p, q))
        t += step * p
        r -= step * q
    residual = float(np.linalg.norm(b - apply_system(t, w_h, w_v, lam)))
    return t, residual / max(float(np.linalg.norm(b)), np.finfo(np.float64).tiny)
