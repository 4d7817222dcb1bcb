"""The weight-free stylisation: what its numbers do, and what it does to photos."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.enhance.cartoon_filter import CartoonFilter
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.registry import ENHANCEMENTS


def landscape() -> np.ndarray:
    """A made-up landscape: sky ramp, textured ground, a dark house with light windows."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:150, :200]
    scene = np.stack([90 + y * 0.5, 130 + y * 0.5, 220 - y * 0.2], 2)
    ground = y > 90 + 8 * np.sin(x / 30)
    scene[ground] = (90, 140, 60)
    scene[ground] += random.normal(0, 14, (ground.sum(), 1))
    scene[60:120, 60:120] = (120, 70, 50)
    scene[75:95, 75:90] = (240, 230, 180)
    return scene.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    return landscape()


def test_texture_goes_and_outlines_come(scene):
    result = CartoonFilter()(scene)
    grass, wall = np.s_[125:145, 130:195], np.s_[70:110, 58:63]
    assert result[grass].astype(float).std(axis=(0, 1)).max() < 0.5 * scene[grass].std(axis=(0, 1)).min()
    plain = CartoonFilter(lines=0.0)(scene)
    assert result[wall].min(axis=1).mean() < 0.6 * plain[wall].min(axis=1).mean()
    assert (result <= plain).all()


def test_luminance_comes_in_steps():
    ramp = np.repeat(np.linspace(0, 255, 400)[None, :, None], 60, 0).repeat(3, 2).astype(np.uint8)
    result = CartoonFilter(levels=4, softness=0.05, lift=0.0, lines=0.0, reach=0.0)(ramp)
    counts = np.bincount(result[30, :, 0], minlength=256)
    assert np.sort(counts)[-5:].sum() > 0.6 * 400  # four steps and their meeting points hold most of the ramp


def test_a_flat_grey_stays_flat_and_black_and_white_stay():
    for level in (0, 255):
        assert (CartoonFilter()(np.full((30, 20, 3), level, np.uint8)) == level).all()
    flat = CartoonFilter()(np.full((30, 20, 3), (90, 120, 60), np.uint8))
    assert (flat == flat[0, 0]).all()


def test_saturation_zero_is_grey(scene):
    grey = CartoonFilter(saturation=0.0)(scene).astype(int)
    assert np.ptp(grey, axis=2).max() <= 1


def test_the_look_does_not_depend_on_the_size(scene):
    large = scene.repeat(8, 0).repeat(8, 1)  # both above the size at which lengths stop shrinking
    larger = large.repeat(2, 0).repeat(2, 1)
    halved = CartoonFilter()(larger).reshape(large.shape[0], 2, large.shape[1], 2, 3).mean((1, 3))
    difference = np.abs(halved - CartoonFilter()(large))
    assert difference.mean() < 2.0


def test_is_pure_and_takes_strided_and_read_only_photos(scene):
    before = scene.copy()
    scene.flags.writeable = False
    strided = CartoonFilter()(scene[::2, ::2])
    assert np.array_equal(strided, CartoonFilter()(np.ascontiguousarray(scene[::2, ::2])))
    assert np.array_equal(scene, before)
    assert strided.dtype == np.uint8


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 2)])
def test_tiny_photos(size):
    assert CartoonFilter()(np.full((*size, 3), 100, np.uint8)).shape == (*size, 3)


@pytest.mark.parametrize(
    ("field", "value"), [("reach", -1.0), ("boundary", 0.0), ("lines", 1.5), ("levels", 1), ("lift", float("nan"))]
)
def test_refuses_values_out_of_range(field, value):
    with pytest.raises(UsageError, match=f"{field} is {value}"):
        CartoonFilter(**{field: value})


def test_refuses_what_is_no_photo():
    with pytest.raises(UsageError, match="float64"):
        CartoonFilter()(np.zeros((4, 4, 3)))
    with pytest.raises(UsageError, match=r"\(4, 4\)"):
        CartoonFilter()(np.zeros((4, 4), np.uint8))


def test_the_registry_knows_it():
    assert ENHANCEMENTS.load("cartoon_filter") is CartoonFilter
