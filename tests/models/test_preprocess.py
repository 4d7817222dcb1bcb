"""Preprocess: torchvision's geometry, Pillow's pixels, JSON both ways, and the gradient's way back."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.errors import PhotoError, UsageError
from pixelpriv_fast.models import Preprocess

SQUASH = Preprocess(
    (24, 20), "squash", (32, 30), filter="bicubic", order="BGR", mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0)
)
SHORT = Preprocess((24, 24), "short_side", (26, 26), mean=(127.0,) * 3, std=(128.0,) * 3)
PLAIN = Preprocess((16, 16), mean=(127.5,) * 3, std=(50.0,) * 3)


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("preprocess", [SQUASH, SHORT, PLAIN])
def test_json_round_trip(preprocess):
    assert Preprocess.from_json(json.loads(json.dumps(preprocess.to_json()))) == preprocess


@pytest.mark.parametrize(
    "broken",
    [{}, PLAIN.to_json() | {"size": [3]}, PLAIN.to_json() | {"colour": 1}, PLAIN.to_json() | {"std": [1, 0, 1]}],
)
def test_json_that_does_not_fit_is_refused(broken):
    with pytest.raises(UsageError):
        Preprocess.from_json(broken)


@pytest.mark.parametrize(
    "fields",
    [
        {"resize": "stretch"},
        {"filter": "sinc"},
        {"order": "GBR"},
        {"resize": "squash"},
        {"resize_to": (16, 16)},
        {"resize": "squash", "resize_to": (16, 15)},
        {"resize": "short_side", "resize_to": (15, 99)},
        {"size": (0, 16)},
    ],
)
def test_values_that_do_not_fit_together_are_refused(fields):
    with pytest.raises(UsageError):
        Preprocess(**({"size": (16, 16)} | fields))


@pytest.mark.parametrize("size", [(427, 640), (640, 427), (86, 401), (26, 26), (333, 29), (1, 7)])
def test_short_side_has_torchvisions_geometry(size):
    transforms = pytest.importorskip("torchvision.transforms")
    image = Image.fromarray(photo(*size))
    resized = transforms.Resize(26, transforms.InterpolationMode.BILINEAR)(image)
    assert SHORT.geometry.resized(*size) == resized.size[::-1]
    cropped = np.asarray(transforms.CenterCrop(24)(resized)).astype(np.float64)
    want = ((cropped - 127.0) / 128.0).transpose(2, 0, 1)
    # Pillow 13 may take the two axes in the other order: one level of rounding.
    assert np.abs(SHORT.rounded(photo(*size)) - want).max() <= 1.001 / 128


def test_squash_reorders_scales_and_crops():
    source = photo(50, 41)
    across = Image.fromarray(source).resize((30, 50), Image.Resampling.BICUBIC)
    small = np.asarray(across.resize((30, 32), Image.Resampling.BICUBIC))[4:28, 5:25, ::-1].astype(np.float64)
    want = (small - [1.0, 2.0, 3.0]) / [4.0, 5.0, 6.0]
    np.testing.assert_allclose(SQUASH.rounded(source), want.transpose(2, 0, 1), atol=1e-4)


def test_no_resize_crops_the_centre_and_refuses_what_is_smaller():
    source = photo(19, 16)
    want = (source[2:18].astype(np.float64) - 127.5) / 50  # torchvision rounds 1.5 to even
    np.testing.assert_allclose(PLAIN.rounded(source), want.transpose(2, 0, 1), atol=1e-5)
    assert PLAIN.for_size(19, 16).identity
    with pytest.raises(PhotoError, match="15x40 is smaller than the 16x16"):
        PLAIN.rounded(photo(40, 15))


@pytest.mark.parametrize("size", [(26, 30), (40, 26)])
def test_exact_equals_rounded_where_nothing_is_resampled(size):
    source = photo(*size)
    offsets = np.zeros(source.shape, np.int8)
    reading = SHORT.for_size(*size)
    assert reading.identity
    np.testing.assert_array_equal(reading.exact(source, offsets), SHORT.rounded(source))
    assert not SHORT.for_size(27, 30).identity


@pytest.mark.parametrize("size", [(60, 45), (20, 24), (7, 90)])
def test_exact_is_linear_in_the_offsets_with_adjoint_as_transpose(size):
    source, rng, reading = photo(*size), np.random.default_rng(1), SQUASH.for_size(*size)
    offsets = rng.integers(-9, 10, source.shape).astype(np.int8)
    gradient = rng.standard_normal((3, *SQUASH.size)).astype(np.float32)
    still = reading.exact(source, np.zeros_like(offsets))
    for units in (1, 2):
        moved = reading.exact(source, offsets, units).astype(np.float64) - still
        full = np.zeros(source.shape, np.float32)
        reading.adjoint(gradient, full)
        right = np.vdot(full.astype(np.float64), offsets) / units
        scale = np.linalg.norm(moved) * np.linalg.norm(gradient) + np.linalg.norm(still)
        assert abs(np.vdot(moved, gradient) - right) <= 1e-5 * scale


def test_step_moves_along_the_adjoints_sign():
    source, rng, reading = photo(60, 45), np.random.default_rng(2), SQUASH.for_size(60, 45)
    gradient = rng.standard_normal((3, *SQUASH.size)).astype(np.float32)
    full = np.zeros(source.shape, np.float32)
    reading.adjoint(gradient, full)
    offsets = np.zeros(source.shape, np.int8)
    reading.step(source, offsets, gradient, step=-2, bound=3)
    clear = np.abs(full) > 1e-6
    free = (source > 3) & (source < 252)
    np.testing.assert_array_equal(offsets[clear & free], -2 * np.sign(full[clear & free]).astype(np.int8))
    reading.step(source, offsets, gradient, step=-2, bound=3)
    assert np.abs(offsets).max() == 3


@pytest.mark.parametrize("size", [(61, 90), (90, 61), (77, 342), (400, 131), (33, 34), (64, 64)])
@pytest.mark.parametrize("side", [26, 27, 31])
@pytest.mark.parametrize("resize", ["short_side", "squash"])
def test_the_reduced_photo_is_read_like_the_large_one(resize, side, size):
    preprocess = Preprocess((24, 21), resize, (side, side + 2 if resize == "squash" else side))
    large = photo(*size)
    reduced = preprocess.for_size(*size).reduced(large)
    assert reduced.shape[:2] == preprocess.resize_to
    assert preprocess.for_size(*reduced.shape[:2]).identity
    np.testing.assert_array_equal(preprocess.rounded(reduced), preprocess.rounded(large))


def test_real_numbers_of_a_photo_that_is_not_resampled():
    for preprocess in (
        Preprocess((20, 24)),
        Preprocess((20, 24), "squash", (30, 41), order="BGR", std=(3.0, 4.0, 5.0)),
    ):
        photo = np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)
        values, reading = photo.astype(np.float32), preprocess.for_size(30, 41)
        np.testing.assert_allclose(reading.unscaled(values), preprocess.rounded(photo), rtol=1e-5, atol=1e-5)
        halves = np.random.default_rng(1).integers(-9, 10, photo.shape).astype(np.int8)
        want = reading.exact(photo, halves, 2)
        np.testing.assert_allclose(reading.unscaled(values + halves / np.float32(2)), want, rtol=1e-5, atol=1e-5)


def test_a_lifted_change_arrives_in_the_reduced_photo():
    large = np.clip(photo(150, 210), 20, 235)
    for preprocess in (SQUASH, SHORT):
        reading = preprocess.for_size(150, 210)
        small = reading.reduced(large)
        wanted = np.random.default_rng(1).choice([-3.0, 3.0], small.shape).astype(np.float32)
        lifted = reading.lift(large, wanted, 8, 3)
        arrived = reading.reduced(lifted).astype(float) - small
        assert np.abs(lifted.astype(int) - large).max() <= 8
        assert 0.85 < np.vdot(arrived, wanted) / np.vdot(wanted, wanted) < 1.05


def test_who_reads_alike():
    """The same geometry: they see the same pixels, whatever numbers they make of them."""
    other = dataclasses.replace(SQUASH, order="RGB", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    assert SQUASH.geometry == other.geometry
    for change in ({"filter": "box"}, {"size": (24, 24)}, {"resize_to": (32, 31)}, {"resize": "short_side"}):
        assert SQUASH.geometry != dataclasses.replace(SQUASH, **change).geometry


def test_a_reading_is_kept():
    assert SHORT.for_size(40, 50) is SHORT.for_size(40, 50)
    assert SHORT.for_size(40, 50) is not SHORT.for_size(50, 40)


def test_a_word_that_is_not_known_is_named():
    with pytest.raises(UsageError, match="unknown preprocess resize 'short_sides'; did you mean 'short_side'"):
        Preprocess((16, 16), "short_sides", (20, 20))
