"""Resize matrices in the form that loops need: where a row's weights begin, and the weights."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Band: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]  #: (outputs,) starts, (outputs, taps) weights


def band_of(matrix: npt.NDArray[np.float64]) -> Band:
    """Return an (outputs, inputs) matrix without its zeros; only a few neighbouring columns of a row are not zero."""
    source = matrix.shape[1]
    first = (matrix != 0).argmax(axis=1)
    last = source - 1 - (matrix[:, ::-1] != 0).argmax(axis=1)
    taps = int((last - first).max()) + 1
    first = np.minimum(first, source - taps)
    return first, np.take_along_axis(matrix, first[:, None] + np.arange(taps), axis=1)
