"""Where a change lives: within the bound by construction, nothing where nothing is seen, grey where there is no colour."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.attacks.surviving.canvas import Canvas, Lifted, OwnSize, canvas_of
from pixelpriv_fast.attacks.surviving.climbing import Climber
from pixelpriv_fast.models import Preprocess
from tests.attacks.conftest import IDENTITY, SHORT_SIDE, SIZE, SQUASHED, engine, photo
from tests.attacks.test_contract import linf
from tests.attacks.test_transparency import veil

SMALL, LARGE = (30, 27), (90, 120)


def climbed(canvas: Canvas, budget: float, steps: int = 4) -> np.ndarray:
    rng, climber = np.random.default_rng(1), Climber(canvas)
    for _ in range(steps):
        climber.step(rng.normal(size=canvas.start.shape).astype(np.float32), budget, 0.5)
    return climber.change


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("bound", [1, 3])
def test_a_change_is_within_the_bound_however_far_it_went(size: tuple[int, int], bound: int) -> None:
    start = photo(*size)
    kept = start.copy()
    canvas = canvas_of(start, None, [engine(SQUASHED)], bound)
    assert isinstance(canvas, Lifted if size == LARGE else OwnSize)
    found = canvas.result(climbed(canvas, 1e4, steps=8))
    assert (found.dtype, found.shape) == (np.uint8, start.shape)
    assert linf(found, start) == bound
    np.testing.assert_array_equal(start, kept)
    np.testing.assert_array_equal(canvas.result(np.zeros(canvas.start.shape, np.float32)), start)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_hidden_pixels_stay(size: tuple[int, int]) -> None:
    start, alpha = photo(*size), veil(*size)
    canvas = canvas_of(start, alpha, [engine(SQUASHED)], 8)
    change = climbed(canvas, 4.0)
    assert canvas.alpha is not None
    assert canvas.alpha.shape == canvas.start.shape[:2]
    assert (change[canvas.alpha == 0] == 0).all()
    found = canvas.result(change)
    np.testing.assert_array_equal(found[alpha == 0], start[alpha == 0])
    assert linf(found, start) > 1


@pytest.mark.parametrize("size", [SMALL, LARGE, (700, 900)])
def test_a_photo_without_colour_stays_without(size: tuple[int, int]) -> None:
    start = np.repeat(photo(*size)[..., :1], 3, axis=2)
    canvas = canvas_of(start, None, [engine(SQUASHED)], 8)
    change = climbed(canvas, 1.0, steps=12)
    for found in (canvas.pixels(change), canvas.result(change), canvas.result(change * np.float32(0.85))):
        np.testing.assert_array_equal(found[..., 0], found[..., 1])
        np.testing.assert_array_equal(found[..., 0], found[..., 2])
        assert (found != (start if found.shape == start.shape else canvas.start)).any()


def test_a_reduced_photo_moves_as_the_change_says() -> None:
    start, victim = photo(*LARGE), engine(SQUASHED)
    canvas = canvas_of(start, None, [victim], 8)
    change = climbed(canvas, 3.0)
    reading = victim.preprocess.for_size(*LARGE)
    moved = reading.reduced(canvas.result(change)).astype(float) - reading.reduced(start)
    assert np.abs(moved - change).mean() < 0.35 * np.abs(change).mean()


def test_one_reduced_photo_serves_networks_of_several_sizes() -> None:
    victims = [engine(SQUASHED), engine(SHORT_SIDE, 1), engine(IDENTITY, 2)]
    canvas = canvas_of(photo(*LARGE), None, victims, 8)
    assert isinstance(canvas, Lifted)
    assert canvas.start.shape[:2] == (28, 37), "the photo's proportions, as small as the largest input allows"
    assert isinstance(canvas_of(photo(36, 40), None, victims, 8), OwnSize), "less than half of the pixels must be left"
    turned = canvas_of(photo(120, 90), None, victims, 8)
    assert turned.start.shape[:2] == (37, 28)
    alone = canvas_of(photo(*LARGE), None, [engine(SQUASHED), engine(SQUASHED, 1)], 8)
    assert alone.start.shape[:2] == SQUASHED.resize_to


def test_photos_that_are_read_without_a_reduction_keep_their_size() -> None:
    cropped = engine(Preprocess(SIZE))
    assert isinstance(canvas_of(photo(*LARGE), None, [cropped], 8), OwnSize)
    assert isinstance(canvas_of(photo(*LARGE), None, [cropped, engine(SQUASHED)], 8), OwnSize)
    for size in ((1, 1), (1, 16), (16, 16), (20, 500)):
        assert isinstance(canvas_of(photo(*size), None, [engine(SQUASHED)], 8), OwnSize)
