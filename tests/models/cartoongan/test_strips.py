"""Running in strips gives what running whole gives, whatever the strips."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pytest

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models.cartoongan.graph import INPUT, fold, photo_graph
from pixelpriv_fast.models.cartoongan.parts import DECODER, ENCODER, MIN_ROWS, StripPrecision
from pixelpriv_fast.models.cartoongan.planes import planar, rounded_photo
from pixelpriv_fast.models.cartoongan.strips import Moments, StripRunner, cut, trunk_bytes
from pixelpriv_fast.runtime import create_session

pytest.importorskip("torch")

from tests.models.cartoongan.generators import Tensors, random_generator  # it imports torch

Photo = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    return random_generator(5)[1]


def a_photo(height: int, width: int) -> Photo:
    """Smooth in large and noisy in small, different at every border."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = np.stack([np.sin(rows / (5 + c) + columns / (9 - c)) for c in range(3)], axis=2) * 90 + 128
    noise = np.random.default_rng(0).normal(0, 12, waves.shape)
    return np.clip(waves + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("height", "width", "rows"), [(64, 24, 3), (52, 40, 5), (8, 16, 3), (24, 8, 3), (40, 12, 99)])
def test_strips_give_the_whole_photo(tensors: Tensors, height: int, width: int, rows: int) -> None:
    photo = a_photo(height, width)
    create = partial(create_session, device="cpu")
    whole = rounded_photo(create(photo_graph(tensors)).run({INPUT: planar(photo)})[0])
    made = StripRunner(fold(tensors), create, StripPrecision(), rows)(photo)
    away = np.abs(made.astype(int) - whole)
    assert away.max() <= 1
    assert (away == 0).mean() > 0.999


def test_a_trunk_kept_in_16_bit_is_a_little_off_and_no_more(tensors: Tensors) -> None:
    photo = a_photo(48, 32)
    create = partial(create_session, device="cpu")
    exact = StripRunner(fold(tensors), create, StripPrecision(), 4)(photo).astype(int)
    made = StripRunner(fold(tensors), create, StripPrecision(trunk="fp16"), 4)(photo)
    assert 0 < np.abs(made - exact).max() <= 3


def test_the_photo_is_not_written_to(tensors: Tensors) -> None:
    photo = a_photo(24, 16)
    photo.flags.writeable = False
    StripRunner(fold(tensors), partial(create_session, device="cpu"), StripPrecision(), 3)(photo)


@pytest.mark.parametrize("rows", [*range(1, 20), 750])
@pytest.mark.parametrize("height", [1, 3, 4, 7, 64])
def test_strips_cover_the_photo_once_and_reach_nowhere_beyond(rows: int, height: int) -> None:
    strips = cut(rows, height)
    assert [strip.first for strip in strips[1:]] == [strip.last for strip in strips[:-1]]
    assert (strips[0].first, strips[-1].last) == (0, rows)
    assert len(strips) == 1 or min(strip.last - strip.first for strip in strips) >= MIN_ROWS
    for strip in strips:
        for part in ENCODER:
            span = part.span(strip.first, strip.last, strip.edges)
            assert 0 <= span.start < span.stop <= 4 * rows
        for last in DECODER:
            span = last.span(strip.first, strip.last, strip.edges)
            assert 0 <= span.start < span.stop <= rows


def test_moments_of_parts_are_the_moments_of_the_whole() -> None:
    values = np.random.default_rng(0).normal(1000, 1, (1, 2, 100, 5))
    moments = Moments()
    for first, last in ((0, 1), (1, 40), (40, 100)):
        part = values[:, :, first:last]
        mean, variance = (f(axis=(2, 3), keepdims=True) for f in (part.mean, part.var))
        moments.add(last - first, mean, variance)
    gain, offset = moments.affine(np.array([1, 2], np.float32), np.array([0, 3], np.float32))
    expected = np.array([1, 2]) / np.sqrt(values.var(axis=(0, 2, 3)) + 1e-5)
    assert np.allclose(gain.ravel(), expected, rtol=1e-6)
    assert np.allclose(offset.ravel(), [0, 3] - values.mean(axis=(0, 2, 3)) * expected, rtol=1e-6)


def test_values_out_of_range_are_an_error() -> None:
    with pytest.raises(ModelError, match="fp32"):
        Moments().add(1, np.array([np.inf], np.float32), np.array([1], np.float32))


def test_what_is_kept_is_said_to_the_byte() -> None:
    assert trunk_bytes(3000, 4000, StripPrecision()) == 2 * 256 * 750 * 1000 * 4
    assert trunk_bytes(3000, 4000, StripPrecision(trunk="fp16")) == 2 * 256 * 750 * 1000 * 2
