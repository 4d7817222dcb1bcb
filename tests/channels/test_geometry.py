"""Resize, blur and crop: as other libraries compute them forwards, exact transposes backwards."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from pixelpriv_fast.channels import Blur, Crop, Resize
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.kernels.filters import axis_filter, gaussian_filter
from pixelpriv_fast.kernels.reference.resize import matrix
from tests.channels.adjoints import adjoint_error
from tests.scenes import scene

PILLOW = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}
SIZES = [(1, 1), (1, 20), (7, 5), (33, 47), (96, 64)]


@pytest.mark.parametrize("factor", [0.35, 0.5, 0.75, 1.5])
@pytest.mark.parametrize("name", PILLOW)
def test_a_resize_is_pillows(name: str, factor: float) -> None:
    photo = scene(90, 131)
    treated = Resize(factor, filter=name).forward(photo)
    height, width = round(90 * factor), round(131 * factor)
    across = Image.fromarray(photo).resize((width, 90), PILLOW[name])  # width first, whatever Pillow's version does
    np.testing.assert_array_equal(treated, np.asarray(across.resize((width, height), PILLOW[name])))
    direct = np.asarray(Image.fromarray(photo).resize((width, height), PILLOW[name]))
    assert np.abs(treated.astype(int) - direct).max() <= 1


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("factor", [0.35, 0.5, 1.5])
@pytest.mark.parametrize("name", PILLOW)
def test_the_adjoint_of_a_resize_by_dot_products(name: str, factor: float, size: tuple[int, int]) -> None:
    channel = Resize(factor, filter=name)
    to = channel.size_of(*size)
    tables = [axis_filter(full, target, 0, target, name) for full, target in zip(size, to, strict=True)]
    rows, columns = (matrix(table, table.weights) for table in tables)
    error = adjoint_error(
        lambda change: np.einsum("yh,hwc,xw->yxc", rows, change, columns),
        channel.at(scene(*size)).pullback,
        (*size, 3),
    )
    assert error <= 1e-6


def test_a_long_side_counts_for_longer_photos_only() -> None:
    feed = Resize(0.7, long_side=1080)
    assert feed.size_of(1500, 3000) == (540, 1080)
    assert feed.size_of(3000, 1500) == (1080, 540)
    assert feed.size_of(1080, 500) == (756, 350)
    assert feed.size_of(1, 1) == (1, 1)
    assert Resize(1, long_side=64).size_of(1, 30_000) == (1, 64)


def test_a_resize_to_the_same_size_changes_nothing() -> None:
    photo = scene(20, 30)
    applied = Resize(1).at(photo)
    np.testing.assert_array_equal(applied.photo, photo)
    gradient = np.ones(photo.shape, np.float32)
    np.testing.assert_array_equal(applied.pullback(gradient), gradient)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 1.3, 4.0])
def test_a_blur_is_a_gaussian(sigma: float) -> None:
    photo = scene(80, 90)
    exact = photo.astype(np.float64)
    for axis in (0, 1):
        exact = gaussian_filter1d(exact, sigma, axis=axis, radius=int(np.ceil(4 * sigma)))
    inner = np.s_[20:-20, 20:-20]
    difference = np.abs(Blur(sigma).forward(photo)[inner] - exact[inner])
    assert difference.max() <= 1.01  # rounded twice
    assert difference.mean() < 0.4


@pytest.mark.parametrize("value", [0, 255, 77])
def test_a_blur_leaves_a_constant_photo_alone(value: int) -> None:
    photo = np.full((9, 30, 3), value, np.uint8)
    np.testing.assert_array_equal(Blur(3.0).forward(photo), photo)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("sigma", [0.3, 1.0, 7.0])
def test_the_adjoint_of_a_blur_by_dot_products(sigma: float, size: tuple[int, int]) -> None:
    rows, columns = (matrix(table, table.weights) for table in (gaussian_filter(side, sigma) for side in size))
    error = adjoint_error(
        lambda change: np.einsum("yh,hwc,xw->yxc", rows, change, columns),
        Blur(sigma).at(scene(*size)).pullback,
        (*size, 3),
    )
    assert error <= 1e-6


def test_no_blur_is_none() -> None:
    photo = scene(20, 30)
    np.testing.assert_array_equal(Blur(0).forward(photo), photo)


def test_a_crop_keeps_the_middle_and_fills_with_zeros() -> None:
    photo = scene(100, 200)
    applied = Crop(0.1).at(photo)
    np.testing.assert_array_equal(applied.photo, photo[5:95, 10:190])
    back = applied.pullback(np.ones(applied.photo.shape, np.float32))
    assert back[5:95, 10:190].min() == 1
    assert back.sum() == applied.photo.size
    assert Crop(0.9).forward(photo[:1, :1]).shape == (1, 1, 3)
    np.testing.assert_array_equal(Crop(0).forward(photo), photo)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Resize(0), "factor is 0, expected 0.01 to 16"),
        (lambda: Resize(float("nan")), "factor is nan"),
        (lambda: Resize(long_side=0), "long_side is 0, expected 1 to 65535"),
        (lambda: Resize(filter="lanzcos"), "did you mean 'lanczos'"),
        (lambda: Blur(-1), "sigma is -1, expected 0 to 50"),
        (lambda: Crop(1), "share is 1, expected 0 to 0.9"),
    ],
)
def test_fields_out_of_range_are_refused(make, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make()
