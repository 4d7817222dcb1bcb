"""Smoothed planes: scipy's convolution, zeros beyond the edges, any reach."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.filters import gaussian_half

IMPLEMENTATIONS = kernels.implementations("smooth_planes")


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("reach", [0, 1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (8, 3), (33, 47)], ids=str)
def test_it_is_a_convolution(size: tuple[int, int], reach: int, implementation: str) -> None:
    planes = np.random.default_rng(0).standard_normal((2, 3, *size)).astype(np.float32)
    half = gaussian_half(reach, 3.0)
    got = kernels.get("smooth_planes", implementation)(planes, half)
    full = np.concatenate([half[:0:-1], half]).astype(np.float64)
    want = [[convolve(p.astype(np.float64), np.outer(full, full), mode="constant") for p in three] for three in planes]
    np.testing.assert_allclose(got, want, atol=1e-6)
    assert got.dtype == np.float32


def test_a_half_gaussian_is_that_of_a_whole_one() -> None:
    half = gaussian_half(3, 3.0)
    assert half[0] + 2 * half[1:].sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(half / half[0], np.exp(-0.5 * (np.arange(4) / 3.0) ** 2), rtol=1e-6)
    assert half is gaussian_half(3, 3.0)
    assert not half.flags.writeable
