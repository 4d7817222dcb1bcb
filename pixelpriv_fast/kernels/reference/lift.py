"""The smallest change of a photo whose resize is a given one: the definition.

With R the resize (separable: rows R_r, columns R_c) the least-norm solution of R x = d is x = R^T c, where
(R R^T) c = d; R R^T is the product of the axes' Gram matrices, banded, and well conditioned where the axis is reduced.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .resampler import Resampler
from .resize import exact_matrices

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Float32: TypeAlias = npt.NDArray[np.float32]

_LEAST_PIVOT = 1e-6  #: of the diagonal: below it lies the rounding of single-precision weights


def least_norm(wanted: _Float32, resampler: Resampler) -> _Float32:
    """Return the coefficients c of the least-norm change R^T c whose resize is ``wanted``.

    Parameters
    ----------
    wanted : (h, w, 3) float32
        The change at the network's input size.
    resampler : Resampler
        From the photo's size to (h, w); its channels are not used.

    Returns
    -------
    (h, w, 3) float32
        The coefficients.

    Raises
    ------
    ValueError
        If the outputs of an axis depend on each other, as when it is enlarged.
    """
    return _solve(wanted, *exact_matrices(resampler)).astype(np.float32)


def lift(photo: _Pixels, wanted: _Float32, resampler: Resampler, bound: int, rounds: int, threads: int = 1) -> _Pixels:
    """Change ``photo`` so that its resize moves by ``wanted``, as nearly as the bounds and ``rounds`` allow.

    The change is the rounded clip(R^T c). Each round adds to c what solves for the part of ``wanted`` that has not
    arrived: an ascent of the dual of "least norm inside the box", which converges where the box allows ``wanted``.
    Pixels that no output reads stay.

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The photo.
    wanted : (h, w, 3) float32
        The change at the network's input size, in grey levels.
    resampler : Resampler
        From (H, W) to (h, w); its channels are not used.
    bound : int
        Largest change of a sample in grey levels, 0..255; samples also stay within 0..255.
    rounds : int
        Number of corrections after the first solve.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    (H, W, 3) uint8
        The changed photo.

    Raises
    ------
    ValueError
        As ``least_norm``.
    """
    del threads
    rows, columns = exact_matrices(resampler)
    coefficients = _solve(wanted, rows, columns)
    for _ in range(rounds):
        change = _changed(photo, coefficients, rows, columns, bound).astype(np.float64) - photo
        arrived = np.einsum("yh,hwc,xw->yxc", rows, change, columns, optimize=True)
        coefficients += _solve(wanted - arrived, rows, columns)
    return _changed(photo, coefficients, rows, columns, bound)


def _changed(
    photo: _Pixels, coefficients: npt.NDArray[Any], rows: npt.NDArray[Any], columns: npt.NDArray[Any], bound: int
) -> _Pixels:
    change = np.einsum("yh,yxc,xw->hwc", rows, coefficients, columns, optimize=True)
    changed = np.clip(photo + np.clip(change, -bound, bound), 0.0, 255.0)
    rounded: _Pixels = np.floor(changed + 0.5).astype(np.uint8)
    return rounded


def _solve(right: npt.NDArray[Any], rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """(R R^T)^-1 ``right``, in float64."""
    down = np.linalg.solve(_gram(rows), right.reshape(len(rows), -1)).reshape(right.shape)
    across = np.linalg.solve(_gram(columns), down.transpose(1, 0, 2).reshape(len(columns), -1))
    return np.ascontiguousarray(across.reshape(len(columns), len(rows), 3).transpose(1, 0, 2))


def _gram(axis: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    gram = axis @ axis.T
    pivots = np.diag(np.linalg.cholesky(gram)) ** 2  # LinAlgError is a ValueError
    if np.any(pivots <= _LEAST_PIVOT * np.diag(gram)):
        raise ValueError("outputs depend on each other; only an axis that is reduced can be lifted")
    return np.asarray(gram)
