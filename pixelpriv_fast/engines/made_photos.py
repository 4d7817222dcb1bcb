"""Photos that nobody took, for networks to be tried on: noise with the spectrum of photos (its amplitude falls as one over
the frequency), in colours that go together."""

from __future__ import annotations

import numpy as np

from ..models import Preprocess
from ..types import Floats, Pixels

#: Choice: the bounds of ``attacks.Euclidean``, whose candidates are ranked.
_DEGREES, _SHIFT = 20.0, 0.2
_COLOUR, _CONTRAST = 0.4, 60.0  # colours against grey, and grey levels, of one standard deviation


def made_photo(seed: int, height: int, width: int) -> Pixels:
    """uint8 (height, width, 3), always the same of one ``seed``."""
    random = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    frequency = np.maximum(np.hypot(down, across), 1.0 / max(height, width))
    layers = np.fft.irfft2(np.fft.rfft2(random.standard_normal((4, height, width))) / frequency, (height, width))
    layers /= layers.std(axis=(1, 2), keepdims=True)
    contrast, brightness = _CONTRAST * random.uniform(0.5, 1.3), random.uniform(88.0, 168.0)
    levels = brightness + contrast * (layers[0] + _COLOUR * layers[1:])
    return np.ascontiguousarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8).transpose(1, 2, 0))


def made_candidates(preprocess: Preprocess, photos: int, candidates: int) -> Floats:
    """What a network sees of made photos and their rotated and translated candidates, (photos, candidates, 3, h, w), the
    photo as it is first."""
    height, width = preprocess.size
    random = np.random.default_rng(0)
    motions = random.uniform(-1.0, 1.0, (photos, candidates, 3)) * (_DEGREES, _SHIFT * width, _SHIFT * height)
    motions[:, 0] = 0.0
    seen = [
        preprocess.for_size(height, width).warped(made_photo(seed, height, width), motions[seed])
        for seed in range(photos)
    ]
    return np.stack(seen)
