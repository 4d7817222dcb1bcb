"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.metrics.psnr import PSNR


def test_known_values():
    black = np.zeros((4, 5, 3), np.uint8)
    assert PSNR()(black, black + 255) == 0.0
    assert PSNR()(black, black + 1) == pytest.approx(20 * math.log10(255))
    one = black.copy()
    one[2, 3, 1] = 10
    assert PSNR()(one, black) == pytest.approx(10 * math.log10(255**2 * 60 / 100))


def test_equal_photos_are_infinitely_close():
    photo = np.full((2, 2, 3), 7, np.uint8)
    assert PSNR()(photo, photo.copy()) == math.inf


def test_no_overflow_and_no_lost_pixel_in_a_large_photo():
    a = np.zeros((1000, 801, 3), np.uint8)  # several blocks, the last one short
    b = np.full_like(a, 255)
    b[-1, -1, -1] = 254
    squares = (a.size - 1) * 255**2 + 254**2
    assert PSNR()(a, b) == pytest.approx(10 * math.log10(255**2 * a.size / squares), abs=1e-15)
    assert PSNR()(a, b) > 0


def test_equals_scikit_image():
    oracle = pytest.importorskip("skimage.metrics").peak_signal_noise_ratio
    random = np.random.default_rng(0)
    a, b = random.integers(0, 256, (2, 90, 70, 3), dtype=np.uint8)
    assert PSNR()(a, b) == pytest.approx(oracle(b, a, data_range=255), abs=1e-10)
    assert PSNR()(a[::2], b[::2]) == PSNR()(a[::2].copy(), b[::2].copy())


def test_refuses_other_shapes():
    a = np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(UsageError, match=r"\(4, 5, 3\).*\(5, 4, 3\)"):
        PSNR()(a, a.reshape(5, 4, 3))
    with pytest.raises(UsageError, match="float64"):
        PSNR()(a / 255, a)
