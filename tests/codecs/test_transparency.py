"""What is seen of a photo over a background, and blanking what is not."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pixelpriv_fast.codecs import transparency
from pixelpriv_fast.codecs.transparency import BACKGROUNDS, blanked, over, seen_through, shown
from pixelpriv_fast.types import Photo


@pytest.mark.parametrize("background", [*BACKGROUNDS, 37])
def test_every_pair_of_colour_and_alpha_is_mixed_and_rounded_exactly(background: int) -> None:
    colours, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    seen = over(np.repeat(colours[..., None], 3, axis=2), alpha, background)
    want = [[round(Fraction(a * c + (255 - a) * background, 255)) for c in range(256)] for a in range(256)]
    np.testing.assert_array_equal(seen, np.repeat(np.array(want)[..., None], 3, axis=2))


def test_strips_of_any_height_are_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    pixels, alpha = rng.integers(0, 256, (23, 11, 3), np.uint8), rng.integers(0, 256, (23, 11), np.uint8)
    want = over(pixels, alpha, 10)
    for strip in (1, 50):
        monkeypatch.setattr(transparency, "_STRIP", strip)
        np.testing.assert_array_equal(over(pixels, alpha, 10), want)


def test_what_is_opaque_is_returned_as_it_is() -> None:
    pixels = np.zeros((4, 5, 3), np.uint8)
    opaque = np.full((4, 5), 255, np.uint8)
    assert over(pixels, None) is over(pixels, opaque) is blanked(pixels, None) is blanked(pixels, opaque) is pixels
    assert shown(Photo(pixels, "png", opaque)) is pixels
    assert seen_through(opaque) is None
    assert seen_through(opaque - 1) is not None


def test_blanking_leaves_the_mean_of_what_is_seen() -> None:
    rng = np.random.default_rng(0)
    pixels, alpha = rng.integers(0, 256, (9, 8, 3), np.uint8), rng.integers(0, 3, (9, 8), np.uint8) * 127
    kept = pixels.copy()
    hidden = alpha == 0
    blank = blanked(pixels, alpha)
    np.testing.assert_array_equal(pixels, kept)
    np.testing.assert_array_equal(blank[~hidden], pixels[~hidden])
    mean = (alpha[..., None] * pixels.astype(float)).sum((0, 1)) / alpha.sum()
    assert np.abs(blank[hidden] - mean).max() <= 0.5
    pixels[hidden] = 255 - pixels[hidden]
    np.testing.assert_array_equal(blanked(pixels, alpha), blank)
    np.testing.assert_array_equal(blanked(blank, alpha), blank)


def test_a_picture_of_which_nothing_is_seen_turns_black() -> None:
    assert not blanked(np.full((3, 3, 3), 9, np.uint8), np.zeros((3, 3), np.uint8)).any()
