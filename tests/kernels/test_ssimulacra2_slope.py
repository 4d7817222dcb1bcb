"""The slope of SSIMULACRA 2: finite differences, the metric's value, kinks, and weights of 0."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.reference.ssimulacra2 import WEIGHTS
from tests.scenes import scene

IMPLEMENTATIONS = kernels.implementations("ssimulacra2_slope")
Photo = np.ndarray


def sloped(name: str, original: Photo, change: np.ndarray, weights: np.ndarray = WEIGHTS) -> tuple[float, np.ndarray]:
    slope = np.full(original.shape, 7, np.float32)  # what was there does not stay
    return kernels.get("ssimulacra2_slope", name)(original, change, weights.astype(np.float64), slope), slope


def noise(photo: Photo, levels: float = 4, seed: int = 1) -> np.ndarray:
    return (levels * np.random.default_rng(seed).standard_normal(photo.shape)).astype(np.float32)


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (17, 20)], ids=str)
def test_the_twins_slope_is_its_values_finite_difference(size: tuple[int, int]) -> None:
    photo, rng = scene(*size), np.random.default_rng(2)
    change, weights, step = noise(photo), rng.random(108), np.float32(2.0**-8)
    slope = sloped("reference", photo, change, weights)[1]
    found = []
    for place in rng.integers(0, photo.size, 15):
        values = []
        for sign in (1, -1):
            moved = change.copy()
            moved.flat[place] += sign * step
            values.append(sloped("reference", photo, moved, weights)[0])
        found.append((slope.flat[place], (values[0] - values[1]) / (2 * step)))
    got, want = np.transpose(found)
    np.testing.assert_allclose(got, want, atol=1e-2 * np.abs(slope).max())
    assert np.corrcoef(got, want)[0, 1] > 0.9999


@pytest.mark.parametrize("size", [(8, 40), (33, 57), (65, 262)], ids=str)
def test_twins_agree_and_the_value_is_the_metrics(size: tuple[int, int]) -> None:
    photo = scene(*size)
    whole = np.clip(photo + np.rint(noise(photo)), 0, 255).astype(np.uint8)
    change = whole - photo.astype(np.float32)
    wanted, definition = sloped("reference", photo, change)
    value, slope = sloped(IMPLEMENTATIONS[0], photo, change)
    assert value == pytest.approx(kernels.ssimulacra2(photo, whole, WEIGHTS.astype(np.float64)), rel=1e-4)
    assert value == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(slope, definition, atol=1e-3 * np.abs(definition).max())


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
class TestEdgesOfTheDomain:
    def test_weights_of_0_leave_out_maps_planes_and_scales(self, name: str) -> None:
        """The parts, one scale, plane or map each, add up to the whole."""
        photo = scene(40, 71)
        change, every = noise(photo), np.random.default_rng(3).random((3, 3, 2, 3))  # plane, scale, norm, map
        parts = np.zeros((5, *every.shape))
        parts[0, :, 0], parts[1, 0, 1:] = every[:, 0], every[0, 1:]
        parts[2, 1:, 1:, :, 0], parts[3, 1:, 1:, 0, 1:] = every[1:, 1:, :, 0], every[1:, 1:, 0, 1:]
        parts[4, 1:, 1:, 1, 1:] = every[1:, 1:, 1, 1:]
        np.testing.assert_array_equal(parts.sum(0), every)
        weights = np.pad(parts.reshape(5, -1), ((0, 0), (0, 54)))
        answers = [sloped(name, photo, change, part) for part in weights]
        value, slope = sloped(name, photo, change, weights.sum(0))
        assert sum(part for part, _ in answers) == pytest.approx(value)
        np.testing.assert_allclose(sum(part for _, part in answers), slope, atol=1e-5 * np.abs(slope).max())
        assert all(part > 0 for part, _ in answers)

    @pytest.mark.parametrize("size", [(7, 30), (30, 7), (1, 1)], ids=str)
    def test_photos_under_eight_pixels_have_no_slope(self, name: str, size: tuple[int, int]) -> None:
        photo = scene(*size)
        value, slope = sloped(name, photo, noise(photo))
        assert value == 0
        assert not slope.any()

    def test_no_weight_and_no_change_have_no_slope(self, name: str) -> None:
        photo = scene(20, 31)
        for change, weights in ((noise(photo), np.zeros(108)), (np.zeros(photo.shape, np.float32), WEIGHTS)):
            value, slope = sloped(name, photo, change, weights)
            assert value == 0
            assert not slope.any()

    def test_samples_beyond_the_range_have_no_slope_and_those_at_its_ends_have(self, name: str) -> None:
        photo = scene(24, 24)
        change = noise(photo)
        photo[:4], photo[4:8] = 0, 255
        change[0:2], change[2:4], change[4:6], change[6:8] = -1, 0, 3, 0
        slope = sloped(name, photo, change)[1]
        assert not slope[[0, 1, 4, 5]].any()
        assert slope[[2, 3, 6, 7]].all()
        nearest = np.clip(photo + change, 0, 255) - photo
        assert sloped(name, photo, nearest)[0] == sloped(name, photo, change)[0]

    def test_other_shapes_and_dtypes_are_refused(self, name: str) -> None:
        photo = scene(9, 10)
        change, weights, slope = noise(photo), np.ones(108), np.zeros(photo.shape, np.float32)
        call = kernels.get("ssimulacra2_slope", name)
        for word, arguments in {
            "change": (photo, change[:-1].copy(), weights, slope),
            "weights": (photo, change, weights[1:].copy(), slope),
            "slope": (photo, change, weights, slope[:, 1:].copy()),
        }.items():
            with pytest.raises(ValueError, match=f"{word} has shape"):
                call(*arguments)
        for arguments in ((change, change, weights, slope), (photo, photo, weights, slope)):
            with pytest.raises(TypeError):
                call(*arguments)
        with pytest.raises(TypeError):
            call(photo, change, weights, slope.astype(np.float64))
