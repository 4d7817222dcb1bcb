"""What goes unseen: little where a photo is smooth, nothing sudden at the crop's edge."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.attacks.visibility import PLAIN, TEXTURED, allowance
from pixelpriv_fast.models import Preprocess

READ = Preprocess((224, 200), "squash", (256, 240))


def test_a_plain_photo_is_allowed_the_least():
    levels = allowance(np.full((256, 240, 3), 77, np.uint8), READ)
    assert levels.shape == (256, 240, 1)
    assert levels.dtype == np.float32
    np.testing.assert_allclose(levels[32:-32, 36:-36], PLAIN, atol=0.01)


def test_texture_allows_more_in_proportion():
    rng = np.random.default_rng(0)
    middle = (slice(60, -60), slice(60, -60))
    for spread in (4.0, 16.0):
        grey = np.repeat(rng.normal(128, spread, (256, 240, 1)), 3, axis=2)
        found = allowance(np.clip(grey, 0, 255).astype(np.uint8), READ)[middle].mean()
        # The smallest of 49 overlapping deviations, of 25 samples each, lies some way below the true one.
        assert PLAIN + 0.6 * TEXTURED * spread < found < PLAIN + TEXTURED * spread


def test_plain_parts_beside_an_edge_are_as_plain_as_the_rest():
    roof = np.full((256, 240, 3), 200, np.uint8)
    roof[:, 120:] = 20
    levels = allowance(roof, READ)
    np.testing.assert_allclose(levels[128, 60:180], PLAIN, atol=0.01)


def test_a_sky_that_grows_lighter_is_plain():
    ramp = np.broadcast_to(np.linspace(60, 220, 240)[None, :, None], (256, 240, 3))
    levels = allowance(np.round(ramp).astype(np.uint8), READ)
    assert np.all(levels[36:-36, 36:-36] < PLAIN + 0.35 * TEXTURED)  # what rounding to whole levels adds


@pytest.mark.parametrize("axis", [0, 1])
def test_it_fades_towards_the_edge_of_the_crop(axis):
    levels = np.moveaxis(allowance(np.full((256, 240, 3), 77, np.uint8), READ)[..., 0], axis, 0)[:, 120]
    margin = (256 - 224) // 2 if axis == 0 else (240 - 200) // 2
    fade = 16 if axis == 0 else 14
    ramp = levels[margin : margin + fade]
    np.testing.assert_allclose(ramp, PLAIN * np.arange(1, fade + 1) / (fade + 1), atol=0.01)
    np.testing.assert_allclose(levels, levels[::-1], atol=1e-5)
    assert np.all(levels > 0)


def test_photos_smaller_than_the_neighbourhood():
    assert np.all(allowance(np.zeros((1, 2, 3), np.uint8), Preprocess((1, 2))) > 0)
