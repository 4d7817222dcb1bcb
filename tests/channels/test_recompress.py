"""Recompression: real codecs forwards; backwards the transpose of what a codec does to chroma, implemented here again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.channels import Recompress
from pixelpriv_fast.errors import PhotoError, UsageError
from tests.channels.adjoints import adjoint_error
from tests.scenes import scene

_AXES = {"444": (), "422": (1,), "420": (0, 1)}
#: JFIF's RGB -> YCbCr, without its offsets.
_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
_EVERY = [("jpeg", "444"), ("jpeg", "422"), ("jpeg", "420"), ("webp", "420"), ("avif", "444"), ("avif", "420")]


def halved_and_interpolated(length: int) -> np.ndarray:
    """The matrix of an axis: the mean of each pair, an odd end repeated, then 3/4 of the near sample and 1/4 of the next."""
    count = (length + 1) // 2
    mean, enlarged = np.zeros((count, length)), np.zeros((2 * count, count))
    for sample in range(count):
        mean[sample, 2 * sample] += 0.5
        mean[sample, min(2 * sample + 1, length - 1)] += 0.5
    for pixel in range(2 * count):
        near = pixel // 2
        enlarged[pixel, near] += 0.75
        enlarged[pixel, np.clip(near + (1 if pixel % 2 else -1), 0, count - 1)] += 0.25
    return enlarged[:length] @ mean


def without_quantisation(photo: np.ndarray, subsampling: str) -> np.ndarray:
    """What a codec that rounds nothing makes of a photo."""
    planes = photo.astype(np.float64) @ _YCC.T
    for plane in (1, 2):
        if 0 in _AXES[subsampling]:
            planes[..., plane] = halved_and_interpolated(len(photo)) @ planes[..., plane]
        if 1 in _AXES[subsampling]:
            planes[..., plane] = planes[..., plane] @ halved_and_interpolated(photo.shape[1]).T
    return planes @ np.linalg.inv(_YCC).T


def colourful(height: int, width: int) -> np.ndarray:
    """A photo with fine detail in its colours."""
    grain = np.random.default_rng(5).integers(-15, 16, (height, width, 3))
    return np.clip(scene(height, width) + grain, 0, 255).astype(np.uint8)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (7, 5), (32, 48), (97, 131)], ids=str)
@pytest.mark.parametrize("subsampling", _AXES)
def test_adjoint_by_dot_products(size: tuple[int, int], subsampling: str) -> None:
    pullback = Recompress(subsampling=subsampling).at(scene(*size)).pullback
    error = adjoint_error(lambda change: without_quantisation(change, subsampling), pullback, (*size, 3))
    assert error <= 1e-6


@pytest.mark.parametrize(("format_name", "subsampling"), _EVERY)
def test_the_real_codecs_do_what_is_transposed(format_name: str, subsampling: str) -> None:
    """At quality 100 what is left of quantisation is as little as at 4:4:4, where nothing else happens."""
    photo = colourful(97, 131)
    treated = Recompress(format_name, 100, subsampling).forward(photo).astype(np.float64)
    expected = np.clip(without_quantisation(photo, subsampling), 0, 255)
    far = np.abs(treated - photo).mean()
    near = np.abs(treated - expected).mean()
    assert near < 1.5
    if subsampling != "444":
        assert near < 0.5 * far, "the identity would not do"


def test_gradients_of_brightness_pass_and_those_of_fine_colour_do_not() -> None:
    applied = Recompress().at(scene(32, 32))
    rng = np.random.default_rng(0)
    luma = np.repeat(rng.standard_normal((32, 32, 1)), 3, axis=2).astype(np.float32)
    colour = (rng.standard_normal((32, 32, 1)) * [0.0, -0.714136, 0.0] + 0.0).astype(np.float32)
    colour[..., 0] = -colour[..., 1] * np.float32(0.587 / 0.299)  # no change of brightness
    assert adjoint_gain(applied.pullback(colour), colour) < 0.6
    grey = applied.pullback(luma).sum(axis=2)
    np.testing.assert_allclose(grey, luma.sum(axis=2), atol=1e-5)  # a change of all channels alike has no chroma


def adjoint_gain(after: np.ndarray, before: np.ndarray) -> float:
    return float(np.linalg.norm(after) / np.linalg.norm(before))


@pytest.mark.parametrize(("format_name", "subsampling"), _EVERY)
def test_the_pixels_are_the_real_codecs(format_name: str, subsampling: str) -> None:
    photo = scene(61, 90)
    extra = {"jpeg": {}, "webp": {}, "avif": {"speed": 8, "max_threads": 1}}[format_name]
    if format_name != "webp":
        extra["subsampling"] = ":".join(subsampling)
    file = io.BytesIO()
    Image.fromarray(photo).save(file, format_name.upper(), quality=70, **extra)
    expected = np.asarray(Image.open(file).convert("RGB"))
    np.testing.assert_array_equal(Recompress(format_name, 70, subsampling).forward(photo), expected)


def test_lower_quality_changes_more() -> None:
    photo = scene(96, 96)
    changes = [np.abs(Recompress(quality=q).forward(photo).astype(int) - photo).mean() for q in (95, 75, 40, 10)]
    assert changes == sorted(changes)
    assert changes[0] < changes[-1]


@pytest.mark.parametrize("quality", [40, 75, 95])
def test_direction_is_that_of_a_differentiable_jpeg(
    quality: int, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the rounding of coefficients straight through in it, too."""
    torch = pytest.importorskip("torch")
    kornia_jpeg = pytest.importorskip("kornia.enhance.jpeg")
    monkeypatch.setattr(kornia_jpeg, "_differentiable_polynomial_rounding", lambda x: x + (torch.round(x) - x).detach())
    for number, photo in enumerate(some_photos(photos)):
        gradient = np.random.default_rng(number).standard_normal(photo.shape).astype(np.float32)
        ours = Recompress(quality=quality).at(photo).pullback(gradient)
        assert cosine(ours, gradient_through_kornia(photo, quality, gradient)) > 0.98


def test_direction_is_that_of_a_differentiable_jpeg_on_average(photos: Path) -> None:
    """Its own slope of rounding is zero at whole coefficients, so one photo's gradient is noise around its mean.

    The mean over slightly different photos is what a change can be expected to do, and what is compared.
    """
    pytest.importorskip("torch")
    pytest.importorskip("kornia.enhance.jpeg")
    for number, photo in enumerate(some_photos(photos)[:2]):
        photo = photo[64:192, 64:192]
        rng = np.random.default_rng(number)
        gradient = rng.standard_normal(photo.shape).astype(np.float32)
        ours = Recompress(quality=95).at(photo).pullback(gradient)
        noisy = (np.clip(photo + rng.normal(0, 6, photo.shape), 0, 255) for _ in range(12))
        mean = sum(gradient_through_kornia(each, 95, gradient) for each in noisy)
        assert cosine(ours, mean) > 0.9


def some_photos(folder: Path) -> list[np.ndarray]:
    files = sorted((folder / "kodak").iterdir())[:4]
    return [np.asarray(Image.open(file).convert("RGB").resize((256, 256))) for file in files]


def gradient_through_kornia(photo: np.ndarray, quality: int, gradient: np.ndarray) -> np.ndarray:
    """The gradient by the photo of kornia's differentiable JPEG, 4:2:0."""
    import torch
    from kornia.enhance import jpeg_codec_differentiable

    planes = torch.tensor(photo.astype(np.float32) / 255).permute(2, 0, 1)[None].requires_grad_()
    treated = jpeg_codec_differentiable(planes, torch.tensor([float(quality)]))
    treated.backward(torch.tensor(gradient).permute(2, 0, 1)[None])
    return planes.grad[0].permute(1, 2, 0).numpy()


def test_what_no_encoder_does_is_refused_when_the_channel_is_made() -> None:
    with pytest.raises(UsageError, match="unknown format of recompress 'gif'"):
        Recompress("gif")
    with pytest.raises(UsageError, match="unknown subsampling '411'"):
        Recompress(subsampling="411")
    with pytest.raises(UsageError, match="quality 0 is out of range"):
        Recompress(quality=0)
    with pytest.raises(UsageError, match=r"quality 75\.5 is out of range"):
        Recompress(quality=75.5)
    with pytest.raises(UsageError, match="webp has '420' alone"):
        Recompress("webp", subsampling="444")


def test_a_photo_that_the_format_cannot_hold_fails_alone() -> None:
    with pytest.raises(PhotoError, match="exceed webp's 16,383 a side"):
        Recompress("webp").at(np.zeros((1, 16_384, 3), np.uint8))
