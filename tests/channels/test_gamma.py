"""Gamma: the curve, and its slope at each level."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.channels import Gamma
from pixelpriv_fast.errors import UsageError
from tests.channels.adjoints import adjoint_error
from tests.scenes import scene

#: Every level once, in each channel.
RAMP = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)


@pytest.mark.parametrize("gamma", [0.5, 0.9, 1.06, 2.2])
def test_values_are_raised_to_the_power(gamma: float) -> None:
    expected = [round(255 * (level / 255) ** gamma) for level in range(256)]
    np.testing.assert_array_equal(Gamma(gamma).forward(RAMP)[..., 1].ravel(), expected)


@pytest.mark.parametrize("gamma", [0.5, 0.9, 1.06, 2.2])
def test_slopes_are_the_curves(gamma: float) -> None:
    slopes = Gamma(gamma).at(RAMP).pullback(np.ones(RAMP.shape, np.float32))[..., 0].ravel()
    levels = np.arange(1, 255)
    central = 255 * (((levels + 0.01) / 255) ** gamma - ((levels - 0.01) / 255) ** gamma) / 0.02
    np.testing.assert_allclose(slopes[1:255], central, rtol=1e-4)
    assert slopes[0] == pytest.approx(255 ** (1 - gamma))
    assert np.isfinite(slopes).all()


def test_adjoint_by_dot_products() -> None:
    photo = scene(33, 47)
    levels = np.maximum(photo, 1) / 255.0
    slopes = np.where(photo == 0, 255 * (1 / 255) ** 0.9, 0.9 * levels**-0.1)
    assert adjoint_error(lambda change: change * slopes, Gamma(0.9).at(photo).pullback, photo.shape) <= 1e-6


def test_gamma_1_changes_nothing() -> None:
    applied = Gamma(1).at(RAMP)
    np.testing.assert_array_equal(applied.photo, RAMP)
    gradient = np.random.default_rng(0).standard_normal(RAMP.shape).astype(np.float32)
    np.testing.assert_allclose(applied.pullback(gradient), gradient, rtol=1e-6)


def test_powers_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match=r"gamma is 0, expected 0\.1 to 10"):
        Gamma(0)
