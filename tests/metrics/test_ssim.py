"""Structural similarity: scikit-image as the oracle, the numpy twin, edges of the domain."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.metrics.ssim import SSIM

IMPLEMENTATIONS = kernels.implementations("ssim")


def pair(height: int, width: int, noise: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A smooth photo with a textured half, and the same with noise of ``noise`` levels."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([128 + 100 * np.sin(x / 9 + c) * np.cos(y / 7) for c in range(3)], 2)
    smooth[:, width // 2 :] += random.normal(0, 25, smooth[:, width // 2 :].shape)
    photo = smooth.clip(0, 255).astype(np.uint8)
    noisy = photo + random.integers(-noise, noise + 1, photo.shape)
    return photo, noisy.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("size", [(11, 11), (12, 40), (97, 64), (120, 161)])
@pytest.mark.parametrize("noise", [1, 20, 200])
def test_equals_scikit_image(implementation, size, noise):
    oracle = pytest.importorskip("skimage.metrics").structural_similarity
    a, b = pair(*size, noise)
    expected = oracle(
        a, b, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert kernels.get("ssim", implementation)(a, b) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (2, 2), (10, 3), (300, 4), (50, 1), (33, 500)])
def test_native_equals_the_definition_at_every_size(size):
    a, b = pair(*size, 30)
    native, reference = kernels.get("ssim", "native"), kernels.get("ssim", "reference")
    assert native(a, b) == pytest.approx(reference(a, b), abs=1e-12)
    assert native(a, b, threads=7) == native(a, b)


def test_equal_photos_give_one_and_opposite_ones_less_than_zero():
    a, _ = pair(64, 64, 0)
    assert SSIM()(a, a) == 1.0
    assert SSIM()(a, 255 - a) < 0
    assert SSIM()(a[:3, :1], a[:3, :1]) == 1.0


def test_more_noise_is_less_similar():
    values = [SSIM()(*pair(80, 80, noise)) for noise in (1, 5, 25, 125)]
    assert values == sorted(values, reverse=True)
    assert SSIM.range[0] <= values[-1] < values[0] <= SSIM.range[1]


def test_takes_strided_photos():
    a, b = pair(60, 80, 10)
    assert SSIM()(a[::2, ::2], b[::2, ::2]) == SSIM()(a[::2, ::2].copy(), b[::2, ::2].copy())


def test_refuses_other_shapes_and_dtypes():
    a, b = pair(20, 30, 5)
    with pytest.raises(UsageError, match=r"\(20, 30, 3\).*\(20, 29, 3\)"):
        SSIM()(a, b[:, 1:])
    with pytest.raises(UsageError, match="float32"):
        SSIM()(a.astype(np.float32), b)
    with pytest.raises(UsageError, match=r"\(20, 30\)"):
        SSIM()(a[..., 0], b[..., 0])
    for implementation in IMPLEMENTATIONS:
        with pytest.raises(ValueError, match="b has shape"):
            kernels.get("ssim", implementation)(a, b[:-1].copy())
        with pytest.raises(TypeError):
            kernels.get("ssim", implementation)(a.astype(np.float32), b)
