"""Resize kernels: equal to Pillow, equal between twins, and an exact adjoint."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast import kernels
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.kernels.filters import FILTERS, axis_filter, gaussian_filter
from pixelpriv_fast.kernels.resizing import whole as resized_whole

PILLOW = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}
#: height, width -> resized height, width: reducing, enlarging, both at once, one axis only, tiny, no change.
SIZES = [
    ((40, 60), (20, 30)),
    ((33, 57), (64, 80)),
    ((100, 37), (37, 100)),
    ((37, 100), (100, 37)),
    ((61, 64), (30, 64)),
    ((64, 61), (64, 30)),
    ((7, 5), (50, 49)),
    ((1, 1), (8, 8)),
    ((1, 300), (16, 16)),
    ((64, 48), (64, 48)),
    ((427, 640), (256, 383)),
]
ORDER = np.array([2, 1, 0], np.int32)
GAIN = np.array([0.5, 1.0, 0.25], np.float32)
BIAS = np.array([-1.0, 0.0, 2.0], np.float32)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def resampler(size, resized, name, crop=None, bias=BIAS, order=ORDER):
    crop = crop or resized
    rows, columns = (
        axis_filter(full, to, (to - kept) // 2, kept, name) for full, to, kept in zip(size, resized, crop, strict=True)
    )
    return kernels.Resampler(rows, columns, order, GAIN, bias)


def twins(name: str) -> list[str]:
    return list(kernels.implementations(name))


def pillow_in_two_passes(photo: np.ndarray, resized: tuple[int, int], name: str) -> np.ndarray:
    """Width first, whatever the version: Pillow 13 takes the height first where that is cheaper."""
    across = Image.fromarray(photo).resize((resized[1], photo.shape[0]), PILLOW[name])
    return np.asarray(across.resize((resized[1], resized[0]), PILLOW[name]))


@pytest.mark.parametrize("implementation", twins("resize_u8"))
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(("size", "resized"), SIZES)
def test_rounded_resize_is_bit_equal_to_pillow(size, resized, name, implementation):
    photo = noise(*size)
    reads = resampler(size, resized, name)
    got = kernels.get("resize_u8", implementation)(photo, reads)
    np.testing.assert_array_equal(got, pillow_in_two_passes(photo, resized, name))


@pytest.mark.parametrize("name", ["bilinear", "box"])
@pytest.mark.parametrize(("size", "resized"), SIZES)
def test_rounded_resize_is_within_one_level_of_pillows_single_call(size, resized, name):
    photo = noise(*size)
    reads = resampler(size, resized, name)
    got = kernels.get("resize_u8")(photo, reads)
    direct = np.asarray(Image.fromarray(photo).resize(resized[::-1], PILLOW[name]))
    assert np.abs(got.astype(int) - direct).max() <= 1


@pytest.mark.skipif("native" not in twins("resize_u8"), reason="the extension is not built")
@pytest.mark.parametrize("size", [(1201, 1999), (7, 400_001)])
def test_threads_change_nothing(size):
    reads = resampler(size, (5, 301), "bicubic")
    arguments = noise(*size), reads
    resize = kernels.get("resize_u8", "native")
    want = resize(*arguments)
    for threads in (2, 3, 1000):
        np.testing.assert_array_equal(resize(*arguments, threads), want)


@pytest.mark.parametrize("implementation", twins("resize_u8"))
def test_crop_window_is_cut_from_the_whole_resize(implementation):
    photo = noise(90, 70)
    whole = pillow_in_two_passes(photo, (61, 47), "bicubic")
    reads = resampler((90, 70), (61, 47), "bicubic", crop=(31, 21))
    got = kernels.get("resize_u8", implementation)(photo, reads)
    np.testing.assert_array_equal(got, whole[15:46, 13:34])


@pytest.mark.parametrize("implementation", twins("normalise"))
def test_normalise_orders_scales_and_shifts(implementation):
    photo = noise(5, 7)
    got = kernels.get("normalise", implementation)(photo, ORDER, GAIN, BIAS)
    want = photo[..., ::-1].astype(np.float64) * GAIN + BIAS
    np.testing.assert_allclose(got, want.transpose(2, 0, 1), rtol=1e-6, atol=1e-5)
    assert got.dtype == np.float32
    assert got.flags.c_contiguous


@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(("size", "resized"), SIZES)
def test_exact_resize_is_the_same_in_every_twin(size, resized, name, units):
    photo = noise(*size)
    offsets = np.random.default_rng(1).integers(-8, 9, photo.shape).astype(np.int8)
    reads = resampler(size, resized, name)
    arguments = (photo, offsets, units, reads)
    want = kernels.get("resize_lattice", "reference")(*arguments)
    for implementation in twins("resize_lattice"):
        got = kernels.get("resize_lattice", implementation)(*arguments)
        np.testing.assert_allclose(got, want, atol=2e-4, err_msg=implementation)


def test_exact_resize_is_what_the_rounded_one_rounds():
    photo = noise(90, 70)
    reads = resized_whole((90, 70), (32, 32), "bilinear")
    rounded = kernels.get("resize_u8")(photo, reads)
    exact = kernels.get("resize_lattice")(photo, np.zeros(photo.shape, np.int8), 1, reads)
    assert np.abs(exact.transpose(1, 2, 0) - rounded).max() <= 1.01  # two roundings of half a level


@pytest.mark.parametrize("implementation", twins("resize_adjoint"))
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(("size", "resized"), SIZES)
def test_adjoint_by_dot_products(size, resized, name, implementation):
    """<R d, g> = <d, R^T g> to 1e-6 of the product of the norms."""
    rng = np.random.default_rng(2)
    offsets = rng.integers(-100, 101, (*size, 3)).astype(np.int8)
    gradient = rng.standard_normal((3, *resized)).astype(np.float32)
    reads = resampler(size, resized, name, bias=np.zeros(3, np.float32))
    black = np.zeros((*size, 3), np.uint8)
    forward = kernels.get("resize_lattice", implementation)(black, offsets, 1, reads)
    full = np.zeros((*size, 3), np.float32)
    kernels.get("resize_adjoint", implementation)(gradient, reads, full)
    left = np.vdot(forward.astype(np.float64), gradient)
    right = np.vdot(full.astype(np.float64), offsets)
    assert abs(left - right) <= 1e-6 * np.linalg.norm(forward) * np.linalg.norm(gradient)
    assert np.abs(full).max() > 0.0


@pytest.mark.parametrize("implementation", twins("resize_adjoint"))
def test_adjoint_adds_to_what_is_there(implementation):
    reads = resampler((9, 8), (4, 4), "bilinear")
    gradient = np.random.default_rng(3).standard_normal((3, 4, 4)).astype(np.float32)
    once, twice = np.zeros((9, 8, 3), np.float32), np.full((9, 8, 3), 5.0, np.float32)
    adjoint = kernels.get("resize_adjoint", implementation)
    adjoint(gradient, reads, once)
    adjoint(gradient, reads, twice)
    np.testing.assert_allclose(twice, once + 5.0, atol=1e-6)


@pytest.mark.parametrize("implementation", twins("photo_adjoint"))
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(("size", "resized"), SIZES)
def test_adjoint_of_a_photo_is_that_of_its_planes(size, resized, name, implementation):
    """Whatever the channels of the resampler are, a photo's own stay as they are."""
    gradient = np.random.default_rng(5).standard_normal((*resized, 3)).astype(np.float32)
    got = kernels.get("photo_adjoint", implementation)(gradient, resampler(size, resized, name))
    want = np.zeros((*size, 3), np.float32)
    planes = np.ascontiguousarray(gradient.transpose(2, 0, 1))
    kernels.get("resize_adjoint", "reference")(planes, resized_whole(size, resized, name), want)
    np.testing.assert_allclose(got, want, atol=1e-5)
    assert got.dtype == np.float32
    assert got.flags.c_contiguous


@pytest.mark.parametrize("implementation", twins("photo_adjoint"))
@pytest.mark.parametrize("sigma", [0.4, 1.0, 5.0, 30.0])
@pytest.mark.parametrize("length", [1, 2, 9, 70])
def test_adjoint_of_a_blur_of_any_reach(length, sigma, implementation):
    table = gaussian_filter(length, sigma)
    rows = axis_filter(3, 3, 0, 3, "box")
    gradient = np.random.default_rng(6).standard_normal((3, length, 3)).astype(np.float32)
    got = kernels.get("photo_adjoint", implementation)(gradient, kernels.Resampler(rows, table, ORDER, GAIN, BIAS))
    dense = np.zeros((length, length))
    for output, (start, weights) in enumerate(zip(table.starts, table.weights, strict=True)):
        dense[output, start : start + len(weights)] = weights
    np.testing.assert_allclose(got, np.einsum("yxc,xw->ywc", gradient, dense), atol=1e-5)


@pytest.mark.parametrize("implementation", twins("photo_adjoint"))
def test_adjoint_of_a_window_is_zero_outside(implementation):
    reads = resampler((20, 30), (20, 30), "box", crop=(4, 10))
    got = kernels.get("photo_adjoint", implementation)(np.ones((4, 10, 3), np.float32), reads)
    want = np.zeros((20, 30, 3))
    want[8:12, 10:20] = 1
    np.testing.assert_array_equal(got, want)


def test_tables_sum_to_one_stay_inside_and_are_shared():
    for size, resized in [(4000, 256), (3, 256), (1, 9), (50, 50)]:
        for name in FILTERS:
            table = axis_filter(size, resized, 0, resized, name)
            np.testing.assert_allclose(table.weights.sum(axis=1), 1.0, atol=1e-6)
            assert table.starts.min() >= 0
            assert table.starts.max() + table.weights.shape[1] <= size
            assert np.all(np.diff(table.starts) >= 0)
            assert table is axis_filter(size, resized, 0, resized, name)
            assert not table.weights.flags.writeable
    assert axis_filter(50, 50, 3, 40, "bicubic").identity
    assert not axis_filter(51, 50, 0, 50, "box").identity


def test_unknown_filters_and_windows_outside_are_refused():
    with pytest.raises(UsageError, match="sinc"):
        axis_filter(8, 4, 0, 4, "sinc")
    with pytest.raises(UsageError, match="no such window"):
        axis_filter(8, 4, 2, 3, "box")


@pytest.mark.skipif("native" not in twins("resize_u8"), reason="the extension is not built")
def test_native_refuses_tables_that_leave_the_photo():
    photo = noise(10, 10)
    reads = resampler((10, 10), (5, 5), "bilinear")
    resize = kernels.get("resize_u8", "native")
    with pytest.raises(ValueError, match="photo has shape"):
        resize(photo[:6].copy(), reads)
    with pytest.raises(TypeError):
        resize(photo.astype(np.float32), reads)
    with pytest.raises(TypeError):
        resize(photo[:, ::2], reads)
    with pytest.raises(ValueError, match="permutation"):
        kernels.get("normalise", "native")(photo, np.array([0, 0, 2], np.int32), GAIN, BIAS)


def test_windows_start_in_order_where_a_weight_is_exactly_zero() -> None:
    """From 106 to 181 pixels some bicubic windows begin on a root of the kernel."""
    for size in range(1, 400):
        starts = axis_filter(size, 256, 0, 256, "bicubic").starts
        assert np.all(np.diff(starts) >= 0), size
