"""A photo made in code, so that a bench needs no file: smooth light, edges of every strength, grain."""

from __future__ import annotations

import numpy as np

from ..types import Pixels


def scene(height: int, width: int, seed: int = 0) -> Pixels:
    """Make a dim landscape of coloured waves, boxes and grain.

    Parameters
    ----------
    height, width : int
        Size in pixels.
    seed : int
        The same seed gives the same photo.

    Returns
    -------
    Pixels
        The photo, uint8 RGB (height, width, 3).
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    channels = [
        90 + 60 * np.sin(x / width * rng.uniform(2, 9) + phase) * np.cos(y / height * rng.uniform(2, 9))
        for phase in rng.uniform(0, 6, 3)
    ]
    photo = np.stack(channels, axis=2)
    for _ in range(12):
        top, left = rng.integers(0, height), rng.integers(0, width)
        photo[top : top + max(1, height // 5), left : left + max(1, width // 6)] += rng.uniform(-70, 70, 3)
    photo += rng.normal(0, 4, photo.shape)
    pixels: Pixels = np.clip(photo, 0, 255).astype(np.uint8)
    return pixels
