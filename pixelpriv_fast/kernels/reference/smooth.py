"""A small separable filter over planes: the definition."""

from __future__ import annotations

import numpy as np

from ...types import Floats


def smooth_planes(planes: Floats, half: Floats) -> Floats:
    """Smooth planes along both axes by a symmetric filter; beyond the edges there are zeros.

    Parameters
    ----------
    planes : (n, 3, h, w) float32
        The planes, for example gradients at a network's input.
    half : (reach + 1,) float32
        The filter's weights from the centre outwards.

    Returns
    -------
    (n, 3, h, w) float32
        The smoothed planes.
    """
    reach = len(half) - 1
    weights = np.concatenate([half[:0:-1], half]).astype(np.float64)
    smooth = planes.astype(np.float64)
    for axis in (2, 3):
        edges = [(reach, reach) if a == axis else (0, 0) for a in range(4)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(smooth, edges), 2 * reach + 1, axis=axis)
        smooth = windows @ weights
    return smooth.astype(np.float32)
