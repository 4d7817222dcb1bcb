"""Synthetic photos to try networks on.

They are noise with the spectrum of photos, whose amplitude falls as one over the frequency, in correlated colours.
"""

from __future__ import annotations

import numpy as np

from ...models import Preprocess
from ...types import Floats, Pixels

#: Choice: the bounds of ``attacks.Euclidean``, whose candidates are ranked.
_DEGREES, _SHIFT = 20.0, 0.2
_COLOUR, _CONTRAST = 0.4, 60.0  # colours against grey, and grey levels, of one standard deviation


def synthetic_photo(seed: int, height: int, width: int) -> Pixels:
    """Make one photo.

    Parameters
    ----------
    seed : int
        Equal seeds give equal photos.
    height, width : int
        Size in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        The photo.
    """
    random = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    frequency = np.maximum(np.hypot(down, across), 1.0 / max(height, width))
    layers = np.fft.irfft2(np.fft.rfft2(random.standard_normal((4, height, width))) / frequency, (height, width))
    layers /= layers.std(axis=(1, 2), keepdims=True)
    contrast, brightness = _CONTRAST * random.uniform(0.5, 1.3), random.uniform(88.0, 168.0)
    levels = brightness + contrast * (layers[0] + _COLOUR * layers[1:])
    return np.ascontiguousarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8).transpose(1, 2, 0))


def synthetic_candidates(preprocess: Preprocess, photos: int, candidates: int) -> Floats:
    """Make the network inputs of synthetic photos and their rotated and translated candidates.

    Parameters
    ----------
    preprocess : Preprocess
        The network's preprocessing.
    photos, candidates : int
        Number of photos, and of candidates of each.

    Returns
    -------
    ndarray of float32, shape (photos, candidates, 3, h, w)
        The inputs; each photo's first candidate is the photo as it is.
    """
    height, width = preprocess.size
    random = np.random.default_rng(0)
    motions = random.uniform(-1.0, 1.0, (photos, candidates, 3)) * (_DEGREES, _SHIFT * width, _SHIFT * height)
    motions[:, 0] = 0.0
    seen = [
        preprocess.for_size(height, width).warped(synthetic_photo(seed, height, width), motions[seed])
        for seed in range(photos)
    ]
    return np.stack(seen)
