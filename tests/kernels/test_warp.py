"""Rotation/translation: every implementation against exact cases, an independent float64 gather and each other."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import kernels

IMPLEMENTATIONS = kernels.implementations("warp_u8")
SIZES = [(1, 1), (1, 7), (9, 1), (2, 3), (31, 33), (64, 64), (37, 150), (224, 224)]


def photo_of(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def candidates(height: int, width: int, n: int = 12, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.stack(
        [random.uniform(-200, 200, n), random.uniform(-0.6, 0.6, n) * width, random.uniform(-0.6, 0.6, n) * height], 1
    )


def warp(implementation: str, photo: np.ndarray, *parameters: tuple[float, float, float], **options) -> np.ndarray:
    return kernels.get("warp_u8", implementation)(photo, np.array(parameters, np.float64), **options)


def exact_gather(photo: np.ndarray, degrees: float, tx: float, ty: float) -> np.ndarray:
    """The specification in float64, written apart from the kernels: padded by zeros, no renormalisation."""
    height, width, _ = photo.shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    cx, cy, phi = (width - 1) / 2, (height - 1) / 2, np.deg2rad(degrees)
    u, v = x - tx - cx, y - ty - cy
    sx, sy = np.cos(phi) * u - np.sin(phi) * v + cx, np.sin(phi) * u + np.cos(phi) * v + cy
    left, above = np.floor(sx).astype(int), np.floor(sy).astype(int)
    total = np.zeros(photo.shape)
    for dy in (0, 1):
        for dx in (0, 1):
            column, row = left + dx, above + dy
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            weight = np.abs(1 - dx - (sx - left)) * np.abs(1 - dy - (sy - above)) * inside
            total += weight[..., None] * photo[row.clip(0, height - 1), column.clip(0, width - 1)]
    return total


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
class TestExactCases:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("edge", ["soft", "hard"])
    def test_identity_is_the_photo(self, implementation, size, edge):
        photo = photo_of(*size)
        assert np.array_equal(warp(implementation, photo, (0, 0, 0), (360, 0, 0), (-720, 0, 0), edge=edge), [photo] * 3)

    @pytest.mark.parametrize("edge", ["soft", "hard"])
    def test_whole_shift_moves_content_by_plus_t(self, implementation, edge):
        photo = photo_of(20, 31)
        moved = warp(implementation, photo, (0, 5, -3), edge=edge)[0]
        expected = np.zeros_like(photo)
        expected[:17, 5:] = photo[3:, :-5]
        assert np.array_equal(moved, expected)

    @pytest.mark.parametrize("size", [32, 33])
    def test_quarter_turns_of_a_square(self, implementation, size):
        photo = photo_of(size, size)
        turned = warp(implementation, photo, *[(90.0 * k, 0, 0) for k in range(-5, 6)])
        for k, image in zip(range(-5, 6), turned, strict=True):
            assert np.array_equal(image, np.rot90(photo, k)), k

    def test_half_turn_of_an_oblong(self, implementation):
        photo = photo_of(15, 22)
        assert np.array_equal(warp(implementation, photo, (180, 0, 0))[0], photo[::-1, ::-1])

    def test_half_pixel_shift_rounds_half_up(self, implementation):
        photo = np.zeros((1, 3, 3), np.uint8)
        photo[0, :, 0] = [1, 2, 4]
        assert warp(implementation, photo, (0, 0.5, 0))[0, 0, :, 0].tolist() == [1, 2, 3]  # .5, 1.5, 3 -> 1, 2, 3

    def test_far_away_is_fill(self, implementation):
        photo = photo_of(8, 8)
        assert (warp(implementation, photo, (13, 1e9, 0), (0, 0, -1e300), (5, -8.01, 30), fill=77) == 77).all()

    def test_hard_edge_never_mixes_fill_in(self, implementation):
        photo = np.full((40, 50, 3), 200, np.uint8)
        parameters = candidates(40, 50)
        hard = warp(implementation, photo, *parameters, edge="hard", fill=9)
        soft = warp(implementation, photo, *parameters, edge="soft", fill=9)
        assert set(np.unique(hard)) == {9, 200}
        assert len(np.unique(soft)) > 50


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("size", SIZES)
def test_within_a_level_of_the_float64_gather(implementation, size):
    photo = photo_of(*size)
    parameters = candidates(*size)
    for image, parameter in zip(warp(implementation, photo, *parameters), parameters, strict=True):
        # Half a level of rounding, and at most 255 * 2 / 4096 from coordinates in steps of 1/2048 px.
        assert np.abs(image - exact_gather(photo, *parameter)).max() <= 0.5 + 0.125


@pytest.mark.parametrize("implementation", [i for i in IMPLEMENTATIONS if i != "reference"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("edge", ["soft", "hard"])
def test_equals_the_definition_to_the_bit(implementation, size, edge):
    photo, parameters = photo_of(*size), candidates(*size)
    ours = warp(implementation, photo, *parameters, edge=edge, fill=31)
    assert np.array_equal(ours, warp("reference", photo, *parameters, edge=edge, fill=31))
    area = kernels.get("filled_area", implementation)(parameters, *size, edge)
    assert np.array_equal(area, kernels.get("filled_area", "reference")(parameters, *size, edge))


@pytest.mark.parametrize("threads", [2, 3, 1000])
def test_threads_do_not_change_the_result(threads):
    photo, parameters = photo_of(61, 43), candidates(61, 43)
    assert np.array_equal(warp("native", photo, *parameters, threads=threads), warp("native", photo, *parameters))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
class TestFilledArea:
    def area(self, implementation, parameter, height=100, width=200, edge="soft"):
        return kernels.get("filled_area", implementation)(np.array([parameter], np.float64), height, width, edge)[0]

    @staticmethod
    def triangles(degrees):
        hypotenuse = 1 / (1 + np.sin(np.deg2rad(degrees)) + np.cos(np.deg2rad(degrees)))
        return hypotenuse**2 * np.sin(np.deg2rad(2 * degrees))

    def test_known_areas(self, implementation):
        assert self.area(implementation, (0, 0, 0)) == 0
        assert self.area(implementation, (0, 20, 0)) == pytest.approx(0.1)
        assert self.area(implementation, (0, 20, -30)) == pytest.approx(1 - 0.9 * 0.7)
        assert self.area(implementation, (0, 20.5, 0)) == pytest.approx(21 / 200)
        assert self.area(implementation, (0, 20.4, 0), edge="hard") == pytest.approx(20 / 200)
        assert self.area(implementation, (0, 1000, 0)) == 1

    def test_twenty_degrees_of_a_square(self, implementation):
        # Four triangles of legs a and b, a + b + hypot(a, b) = 1 along each side: 2ab = 11.9 % of a large square.
        assert self.area(implementation, (20, 0, 0), 224, 224) == pytest.approx(self.triangles(20), abs=0.01)

    def test_counts_the_pixels_that_fill_changes(self, implementation):
        photo, parameters = np.full((60, 45, 3), 255, np.uint8), candidates(60, 45)
        warped = warp(implementation, photo, *parameters, edge="hard")
        black = (warped == 0).all(-1).mean((1, 2))
        assert np.allclose(kernels.get("filled_area", implementation)(parameters, 60, 45, "hard"), black)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
class TestRefusals:
    photo = photo_of(8, 9)

    def test_values(self, implementation):
        for options in ({"edge": "blurred"}, {"fill": 256}, {"fill": -1}):
            with pytest.raises(ValueError, match=str(next(iter(options.values())))):
                warp(implementation, self.photo, (0, 0, 0), **options)
        with pytest.raises(ValueError, match="nan"):
            warp(implementation, self.photo, (0, float("nan"), 0))
        with pytest.raises(ValueError, match="inf"):
            warp(implementation, self.photo, (0, 0, float("inf")))

    def test_shapes(self, implementation):
        with pytest.raises(ValueError, match="parameters"):
            kernels.get("warp_u8", implementation)(self.photo, np.zeros((2, 4)))
        with pytest.raises(TypeError):
            kernels.get("warp_u8", implementation)(self.photo, np.zeros((2, 3), np.float32))
        with pytest.raises(ValueError, match="32769"):
            kernels.get("filled_area", implementation)(np.zeros((1, 3)), 32769, 5)


def test_native_takes_a_read_only_photo():
    photo = photo_of(8, 9)
    photo.flags.writeable = False
    assert np.array_equal(kernels.get("warp_u8", "native")(photo, np.zeros((1, 3)))[0], photo)
