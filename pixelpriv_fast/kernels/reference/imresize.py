"""MATLAB's ``imresize`` with bicubic interpolation, as a matrix per axis: the one resize that Ying's method uses."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats64: TypeAlias = npt.NDArray[np.float64]


def cubic(x: Floats64) -> Floats64:
    """Return Keys' cubic with a = -0.5, zero beyond a distance of 2."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def axis_matrix(source: int, target: int, scale: float | None = None) -> Floats64:
    """Return the matrix that resizes one axis; its rows sum to 1.

    ``scale`` is target / source unless given (``imresize(x, 0.5)`` keeps 0.5 for odd lengths too). Below 1 the kernel
    is stretched by 1/scale (antialiasing). Beyond an edge the samples are mirrored, the edge sample repeated.

    Parameters
    ----------
    source, target : int
        Lengths of the axis before and after.
    scale : float, optional
        The factor; by default target / source.

    Returns
    -------
    (target, source) float64
        The matrix.
    """
    scale = target / source if scale is None else scale
    stretch = max(1.0, 1 / scale)
    centres = (np.arange(target) + 0.5) / scale - 0.5
    first = np.floor(centres - 2 * stretch).astype(int)
    taps = first[:, None] + np.arange(int(np.ceil(4 * stretch)) + 2)
    weights = cubic((centres[:, None] - taps) / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    matrix = np.zeros((target, source))
    np.add.at(matrix, (np.arange(target)[:, None], mirrored(taps, source)), weights)
    return matrix


def mirrored(index: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Fold indices into [0, length): ... 1 0 | 0 1 ... n-1 | n-1 n-2 ...

    Parameters
    ----------
    index : int64 array
        The indices.
    length : int
        Length of the axis, n.

    Returns
    -------
    int64 array
        The folded indices.
    """
    index = np.mod(index, 2 * length)
    return np.where(index < length, index, 2 * length - 1 - index)


def imresize(plane: npt.NDArray[np.generic], height: int, width: int, scale: float | None = None) -> Floats64:
    """Resize a plane.

    Parameters
    ----------
    plane : (h, w) array
        The plane.
    height, width : int
        The size to resize to.
    scale : float, optional
        As for ``axis_matrix``, of both axes.

    Returns
    -------
    (height, width) float64
        The resized plane.
    """
    h, w = plane.shape
    return axis_matrix(h, height, scale) @ plane.astype(np.float64) @ axis_matrix(w, width, scale).T
