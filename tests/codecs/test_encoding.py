"""What is written: exactly the pixels where the format can, 4:4:4 and high quality where it cannot."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import EncodeOptions
from pixelpriv_fast.errors import PhotoError, UsageError
from pixelpriv_fast.types import Photo, Pixels

from . import profiles, samples
from .samples import FORMATS


def photo_of(format_name: str = "png", **options: object) -> Photo:
    return codecs.decode(samples.save(samples.picture(), format_name, **options))


def changed(photo: Photo) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Other pixels than the source's, as an attack leaves them."""
    noise = np.random.default_rng(1).integers(-4, 5, photo.pixels.shape)
    return np.clip(photo.pixels.astype(int) + noise, 0, 255).astype(np.uint8)


def sampling_factors(jpeg: bytes) -> list[int]:
    """The bytes of the frame header that state each component's sampling (0x11 is 1x1)."""
    at = next(at for at in range(len(jpeg)) if jpeg[at] == 0xFF and jpeg[at + 1] in (0xC0, 0xC1, 0xC2))
    return [jpeg[at + 11 + 3 * component] for component in range(jpeg[at + 9])]


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (48, 64), (511, 33)], ids=str)
@pytest.mark.parametrize("target", ["png", "tiff", "webp"])
def test_lossless_formats_return_the_pixels(target: str, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
    for alpha, grey in itertools.product((None, rng.integers(0, 256, shape).astype(np.uint8)), (False, True)):
        source = np.repeat(pixels[:, :, :1], 3, axis=2) if grey else pixels
        like = Photo(source, "png", alpha, lossless=True, grey=grey)
        data = codecs.encode(source, like=like, options=EncodeOptions(format=target))
        again = codecs.decode(data)
        opened = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))  # a reader that is not ours
        for found in (again.pixels, opened[:, :, :3]):
            assert np.array_equal(found, source)
        assert (opened[:, :, 3] == (255 if alpha is None else alpha)).all()
        assert again.format == target
        if alpha is not None and not (alpha == 255).all():
            assert again.alpha is not None
            assert np.array_equal(again.alpha, alpha)
        assert again.grey == (grey and target != "webp")


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_every_format_to_every_format(source: str, target: str) -> None:
    photo = photo_of(source)
    pixels = changed(photo)
    data = codecs.encode(pixels, like=photo, options=EncodeOptions(format=target))
    again = codecs.decode(data)
    assert again.format == target == codecs.peek(data).format
    error = np.abs(again.pixels.astype(int) - pixels).mean()
    assert error <= (0 if again.lossless else 3)


def test_jpeg_is_444_by_default() -> None:
    photo = photo_of("jpeg", subsampling=2)
    assert sampling_factors(codecs.encode(photo.pixels, like=photo)) == [0x11, 0x11, 0x11]
    for subsampling, first in (("444", 0x11), ("422", 0x21), ("420", 0x22), ("keep", 0x22)):
        data = codecs.encode(photo.pixels, like=photo, options=EncodeOptions(subsampling=subsampling))
        assert sampling_factors(data) == [first, 0x11, 0x11]


def test_jpeg_quality_is_95_or_the_sources() -> None:
    def written(source_quality: int, asked: int | None = None) -> int | None:
        photo = photo_of("jpeg", quality=source_quality)
        return codecs.decode(codecs.encode(photo.pixels, like=photo, options=EncodeOptions(quality=asked))).quality

    assert [written(60), written(95), written(97), written(100)] == [95, 95, 97, 100]
    assert [written(97, 80), written(60, 99)] == [80, 99]


def test_jpeg_equals_libjpegs_own() -> None:
    """The same quantisation tables and the same pixels as Pillow writes at this quality."""
    pixels = samples.picture()
    data = codecs.encode(pixels, like=Photo(pixels, "jpeg"), options=EncodeOptions(quality=93))
    theirs = samples.save(pixels, "jpeg", quality=93, subsampling=0)
    ours = Image.open(io.BytesIO(data))
    assert isinstance(ours, JpegImageFile)
    assert ours.quantization == Image.open(io.BytesIO(theirs)).quantization  # type: ignore[attr-defined]
    assert np.array_equal(codecs.decode(data).pixels, codecs.decode(theirs).pixels)


@pytest.mark.parametrize("target", ["jpeg", "png", "tiff"])
def test_grey_photos_stay_grey_until_a_stage_colours_them(target: str) -> None:
    photo = codecs.decode(samples.save(Image.fromarray(samples.picture()).convert("L"), "png"))
    options = EncodeOptions(format=target)
    assert Image.open(io.BytesIO(codecs.encode(photo.pixels, like=photo, options=options))).mode == "L"
    assert Image.open(io.BytesIO(codecs.encode(changed(photo), like=photo, options=options))).mode == "RGB"


def test_profiles_match_what_is_written() -> None:
    """A grey file with an RGB profile in its source is written as RGB, where the profile means something."""
    grey = Image.fromarray(samples.picture()).convert("L")
    photo = codecs.decode(samples.save(grey, "png", icc_profile=profiles.srgb_icc()))
    for target in FORMATS:
        opened = Image.open(io.BytesIO(codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format=target))))
        assert (opened.mode, opened.info.get("icc_profile")) == ("RGB", profiles.standard())


def test_webp_follows_its_source_or_the_wish() -> None:
    def is_lossless(photo: Photo, **options: object) -> bool:
        data = codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format="webp", **options))  # type: ignore[arg-type]
        assert codecs.decode(data).lossless == codecs.peek(data).lossless
        return codecs.decode(data).lossless

    lossless, lossy = photo_of("webp", lossless=True), photo_of("webp", quality=90)
    assert is_lossless(lossless)
    assert not is_lossless(lossy)
    assert is_lossless(lossy, lossless=True)
    assert not is_lossless(lossless, lossless=False)
    assert not is_lossless(lossless, quality=95)  # a quality asks for the lossy kind
    assert is_lossless(photo_of("png"))


def test_is_lossy_tells_what_encode_does() -> None:
    for source, target in itertools.product(FORMATS, FORMATS):
        photo, options = photo_of(source), EncodeOptions(format=target)
        pixels = changed(photo)
        exact = np.array_equal(codecs.decode(codecs.encode(pixels, like=photo, options=options)).pixels, pixels)
        assert codecs.is_lossy(options, photo) == (not exact), (source, target)


def test_avif_is_444() -> None:
    data = codecs.encode(samples.picture(), like=photo_of("avif"))
    configuration = data[data.index(b"av1C") + 6]
    assert configuration & 0b1100 == 0, "chroma is subsampled"


@pytest.mark.parametrize("target", FORMATS)
def test_bytes_are_a_function_of_the_arguments(target: str) -> None:
    photo = codecs.decode(samples.with_everything("jpeg", samples.picture(300, 200)))
    options = EncodeOptions(format=target)
    first = codecs.encode(photo.pixels, like=photo, options=options)
    assert codecs.encode(photo.pixels.copy(), like=photo, options=options) == first


@pytest.mark.parametrize("target", FORMATS)
def test_any_memory_layout(target: str) -> None:
    photo = photo_of()
    turned = np.asfortranarray(photo.pixels)
    options = EncodeOptions(format=target)
    assert codecs.encode(turned, like=photo, options=options) == codecs.encode(
        photo.pixels, like=photo, options=options
    )
    strided = np.repeat(photo.pixels, 2, axis=1)[:, ::2]
    strided.flags.writeable = False
    before = strided.copy()
    assert codecs.encode(strided, like=photo, options=options) == codecs.encode(before, like=photo, options=options)


def test_transparency_is_not_lost_silently() -> None:
    alpha = np.full((48, 64), 255, np.uint8)
    photo = Photo(samples.picture(), "png", alpha)
    codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format="jpeg"))  # opaque: nothing is lost
    alpha[3, 4] = 200
    with pytest.raises(UsageError, match="jpeg cannot hold the photo's transparency; choose png"):
        codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format="jpeg"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "gif"}, "unknown photo format 'gif'"),
        ({"format": "jpge"}, "did you mean 'jpg'"),
        ({"format": 3}, "is not text"),
        ({"quality": 0}, "quality 0 is out of range"),
        ({"quality": 101}, "quality 101"),
        ({"quality": 95.5}, "quality 95.5"),
        ({"subsampling": "411"}, "unknown subsampling '411'"),
        ({"metadata": "all"}, "unknown metadata policy 'all'"),
        ({"format": "jpeg", "lossless": True}, "jpeg is never lossless"),
        ({"format": "png", "lossless": False}, "png is always lossless"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, object], message: str) -> None:
    wanted = EncodeOptions(**options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        codecs.encode(samples.picture(), like=photo_of(), options=wanted)
    with pytest.raises(UsageError, match=message):
        codecs.check_options(wanted)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        [[1]],
    ],
    ids=["float", "flat", "four channels", "empty", "list"],
)
def test_pixels_that_do_not_fit(pixels: object) -> None:
    with pytest.raises(UsageError, match=r"photo to encode is .*expected uint8 of shape \(height, width, 3\)"):
        codecs.encode(pixels, like=photo_of())  # type: ignore[arg-type]


def test_alpha_of_another_size_is_refused() -> None:
    like = Photo(samples.picture(), "png", np.zeros((48, 64), np.uint8))
    with pytest.raises(UsageError, match="another size"):
        codecs.encode(samples.picture(32, 32), like=like)


def test_a_side_too_long_for_the_format() -> None:
    wide = np.zeros((1, 16_384, 3), np.uint8)
    with pytest.raises(PhotoError, match="16384x1 pixels exceed webp's 16,383"):
        codecs.encode(wide, like=Photo(wide, "webp"))
    assert codecs.decode(codecs.encode(wide, like=Photo(wide, "png"))).pixels.shape == wide.shape


def test_every_option_changes_the_bytes() -> None:
    photo = replace(codecs.decode(samples.with_everything("jpeg", samples.picture())), format="webp")
    reference = codecs.encode(photo.pixels, like=photo)
    for options in ({"format": "png"}, {"quality": 70}, {"lossless": True}, {"metadata": "none"}):
        assert codecs.encode(photo.pixels, like=photo, options=EncodeOptions(**options)) != reference, options  # type: ignore[arg-type]
    jpeg = replace(photo, format="jpeg")
    sampled = codecs.encode(photo.pixels, like=jpeg, options=EncodeOptions(subsampling="420"))
    assert sampled != codecs.encode(photo.pixels, like=jpeg)


def test_real_photo_survives_every_format(photos: Path) -> None:
    photo = codecs.decode((photos / "scenes_cc0" / "max_bakery.jpg").read_bytes())
    assert photo.quality == 85  # identify -verbose says the same
    for target, psnr in (("jpeg", 40), ("png", 200), ("webp", 36), ("tiff", 200), ("avif", 40)):
        again = codecs.decode(codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format=target)))
        error = np.square(again.pixels.astype(np.float64) - photo.pixels).mean()
        assert 10 * np.log10(255**2 / max(error, 1e-20)) > psnr, target
        assert (
            np.abs(on_screen(photo.pixels, again.metadata.icc) - on_screen(photo.pixels, photo.metadata.icc)).max() <= 1
        )


def on_screen(pixels: Pixels, icc: bytes | None) -> npt.NDArray[np.int64]:
    """What LittleCMS shows of pixels on an sRGB screen; sRGB values say nothing of themselves."""
    if icc is None:
        return pixels.astype(np.int64)
    shown = ImageCms.profileToProfile(
        Image.fromarray(pixels), ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB")
    )
    return np.asarray(shown).astype(np.int64)
