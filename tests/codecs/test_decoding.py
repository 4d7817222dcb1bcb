"""What is read faithfully, and what is refused with a reason."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from pixelpriv_fast import codecs
from pixelpriv_fast.errors import PhotoError, UsageError

from . import profiles, samples


def refusal(data: bytes, name: str = "holiday.jpg", **options: object) -> str:
    with pytest.raises(PhotoError) as caught:
        codecs.decode(data, name=name, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    assert ";" in message, "the fix is missing"
    return message


@pytest.mark.parametrize("format_name", samples.FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_baked_in(format_name: str, orientation: int) -> None:
    data = samples.with_everything(format_name, samples.picture(), orientation)
    photo = codecs.decode(data)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    assert np.array_equal(photo.pixels, expected)
    assert photo.pixels.flags.c_contiguous
    assert photo.pixels.flags.writeable
    header = codecs.peek(data)
    assert header.orientation == orientation
    assert header.upright_size == (photo.pixels.shape[1], photo.pixels.shape[0])


@pytest.mark.parametrize(
    "options",
    [{"quality": 80}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"restart_marker_rows": 1}],
    ids=str,
)
def test_jpeg_pixels_equal_pillow(options: dict[str, int]) -> None:
    for mode in ("RGB", "L"):
        data = samples.save(Image.fromarray(samples.picture(67, 45)).convert(mode), "jpeg", **options)
        photo = codecs.decode(data)
        assert np.array_equal(photo.pixels, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
        assert photo.grey == (mode == "L")


def test_jpeg_without_colour_transform() -> None:
    data = samples.save(samples.picture(), "jpeg", keep_rgb=True, quality=100)
    assert np.array_equal(codecs.decode(data).pixels, np.asarray(Image.open(io.BytesIO(data))))
    assert codecs.decode(data).subsampling == "444"


def test_real_photos_equal_pillow(photos: Path) -> None:
    paths = [*sorted((photos / "scenes_cc0").iterdir())[:3], *sorted((photos / "kodak").iterdir())[:2]]
    for path in paths:
        photo = codecs.decode(path.read_bytes(), name=str(path))
        assert np.array_equal(photo.pixels, np.asarray(Image.open(path).convert("RGB"))), path


@pytest.mark.parametrize("mode", ["P", "1", "L", "LA", "RGBA", "PA"])
@pytest.mark.parametrize("format_name", ["png", "tiff", "webp"])
def test_every_8_bit_mode(mode: str, format_name: str) -> None:
    if format_name != "png" and mode == "PA":
        pytest.skip(f"Pillow writes no {mode} as {format_name}")
    base = Image.fromarray(samples.picture())
    if mode in ("LA", "RGBA", "PA"):
        base.putalpha(Image.fromarray(samples.picture(seed=1)[:, :, 0]))
    source = base.quantize(32) if mode == "PA" else base.convert(mode)
    data = samples.save(source, format_name, **({"lossless": True, "exact": True} if format_name == "webp" else {}))
    photo = codecs.decode(data)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert np.array_equal(photo.pixels, expected[:, :, :3])
    if mode in ("LA", "RGBA", "PA"):
        assert photo.alpha is not None
        assert np.array_equal(photo.alpha, expected[:, :, 3])
    else:
        assert photo.alpha is None
    assert photo.grey == (mode in ("1", "L", "LA") and format_name != "webp")
    assert photo.lossless


@pytest.mark.parametrize(("mode", "key"), [("P", 3), ("L", 7), ("RGB", (10, 20, 30))])
def test_png_transparent_colour(mode: str, key: object) -> None:
    pixels = samples.picture()
    pixels[:4, :4] = (10, 20, 30) if mode == "RGB" else (7, 7, 7)
    source = Image.fromarray(pixels)
    source = source.quantize(16) if mode == "P" else source.convert(mode)
    data = samples.save(source, "png", transparency=key)
    photo, expected = codecs.decode(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert np.array_equal(photo.pixels, expected[:, :, :3])
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, expected[:, :, 3])
    assert 0 in photo.alpha
    assert codecs.peek(data).alpha


@pytest.mark.parametrize("format_name", samples.FORMATS)
def test_one_pixel(format_name: str) -> None:
    data = samples.save(np.full((1, 1, 3), (200, 100, 50), np.uint8), format_name)
    photo = codecs.decode(data)
    assert photo.pixels.shape == (1, 1, 3)
    again = codecs.decode(codecs.encode(photo.pixels, like=photo))
    assert int(np.abs(again.pixels.astype(int) - photo.pixels).max()) <= 4


@pytest.mark.parametrize("depth_and_colour", [(16, 2), (16, 0), (16, 4), (16, 6)])
def test_16_bit_png_is_not_cut_to_8(depth_and_colour: tuple[int, int]) -> None:
    depth, colour = depth_and_colour
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    data = samples.raw_png(4, 2, depth, colour, (b"\0" + bytes(range(8 * channels))) * 2)
    assert "16 bits a channel would be cut to 8" in refusal(data)
    assert codecs.peek(data).depth == 16


def test_16_bit_tiff_and_10_bit_avif_are_not_cut_to_8() -> None:
    sixteen = Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000)
    assert "16 bits a channel" in refusal(samples.save(sixteen, "tiff"))
    floats = Image.fromarray(np.ones((8, 8), np.float32))
    assert "floating-point" in refusal(samples.save(floats, "tiff"))
    avif = samples.save(samples.picture(), "avif")
    at = avif.index(b"av1C") + 4
    assert "10 bits a channel" in refusal(avif[: at + 2] + bytes([avif[at + 2] | 0x40]) + avif[at + 3 :])


def test_12_bit_and_lossless_jpeg_are_refused() -> None:
    data = samples.save(samples.picture(), "jpeg")
    at = data.index(b"\xff\xc0")
    assert "12 bits a channel" in refusal(data[: at + 4] + b"\x0c" + data[at + 5 :])
    assert "lossless or hierarchical" in refusal(data[: at + 1] + b"\xc3" + data[at + 2 :])


@pytest.mark.parametrize("format_name", ["png", "webp", "tiff", "avif"])
def test_animations_are_refused_with_their_frame_count(format_name: str) -> None:
    data = samples.animated(format_name)
    assert "frames exceed the limit of 1" in refusal(data)
    refusal(data, limits=codecs.Limits(max_frames=10))  # a wider limit does not make it one picture
    assert codecs.peek(data).frames >= 2


def test_multi_picture_jpegs() -> None:
    """Stereo and panorama views are refused; previews and gain maps behind the photo are not photos."""
    plain = samples.save(samples.picture(), "jpeg")
    for kind, message in ((0x030000, None), (0x010001, None), (0x020002, "2 frames")):
        entries = struct.pack("<IIIHH", 0x030000 if message is None else kind, 0, 0, 0, 0)
        entries += struct.pack("<IIIHH", kind, 0, 0, 0, 0)
        block = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0xB002, 7, len(entries), 26) + bytes(4) + entries
        data = plain[:2] + samples.segment(0xE2, b"MPF\0" + block) + plain[2:] + plain
        if message:
            assert message in refusal(data)
        else:
            assert np.array_equal(codecs.decode(data).pixels, codecs.decode(plain).pixels)


def test_cmyk_without_profile_is_refused() -> None:
    cmyk = Image.fromarray(samples.picture()).convert("CMYK")
    for format_name in ("jpeg", "tiff"):
        assert "CMYK without a colour profile" in refusal(samples.save(cmyk, format_name))
        wrong = samples.save(cmyk, format_name, icc_profile=profiles.srgb_icc())
        assert "CMYK without a colour profile" in refusal(wrong)


def test_cmyk_goes_through_its_profile() -> None:
    icc = profiles.cmyk_icc()
    cmyk = Image.fromarray(samples.picture()).convert("CMYK")
    for format_name in ("jpeg", "tiff"):
        data = samples.save(cmyk, format_name, icc_profile=icc)
        photo = codecs.decode(data)
        opened = Image.open(io.BytesIO(data))
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        expected = ImageCms.profileToProfile(
            opened, profile, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB", False, flags
        )
        assert np.array_equal(photo.pixels, np.asarray(expected))
        assert photo.metadata.icc is None
        assert photo.pixels.std() > 10


def test_grey_profile_is_applied() -> None:
    """A grey profile cannot go with RGB pixels; linear grey 0.5 is sRGB 188."""
    linear = profiles.grey_icc(gamma=1.0)
    grey = Image.fromarray(np.full((16, 16), 128, np.uint8))
    for format_name in ("jpeg", "png", "tiff"):
        photo = codecs.decode(samples.save(grey, format_name, icc_profile=linear))
        assert photo.grey
        assert photo.metadata.icc is None
        assert abs(int(photo.pixels[8, 8, 1]) - 188) <= 1
        assert np.ptp(photo.pixels[8, 8]) == 0


def test_foreign_content_is_named() -> None:
    assert "empty (0 bytes)" in refusal(b"")
    assert "b'Dear dia'" in refusal(b"Dear diary, this is a text file named .jpg")
    gif = samples.save(Image.fromarray(samples.picture()), "gif")
    assert "a GIF" in refusal(gif)
    assert "a BMP" in refusal(samples.save(samples.picture(), "bmp"))
    with pytest.raises(UsageError, match="str"):
        codecs.decode("holiday.jpg")  # type: ignore[arg-type]


def test_content_decides_not_the_name() -> None:
    data = samples.save(samples.picture(), "png")
    assert codecs.decode(data, name="photo.jpg").format == "png"


def test_messages_are_one_line_behind_the_name_and_keep_it_whole() -> None:
    name = "a\nb\x1b[31m.jpg"  # the command line escapes it for people; JSON has it as it is
    for data in (b"", b"\x1b]0;title\x07", b"\xff\xd8\xff\n\x1b"):
        with pytest.raises(PhotoError) as caught:
            codecs.decode(data, name=name)
        assert str(caught.value).startswith(f"{name}: ")
        assert str(caught.value).removeprefix(name).isprintable()


def test_lossless_webp_is_told_from_lossy() -> None:
    assert codecs.decode(samples.save(samples.picture(), "webp", lossless=True)).lossless
    assert not codecs.decode(samples.save(samples.picture(), "webp", quality=100)).lossless


def test_limits() -> None:
    data = samples.save(samples.picture(64, 48), "png")
    assert "64x48 = 3,072 pixels exceed the limit of 3,071" in refusal(data, limits=codecs.Limits(max_pixels=3071))
    assert f"{len(data):,} bytes exceed" in refusal(data, limits=codecs.Limits(max_bytes=len(data) - 1))
    codecs.decode(data, limits=codecs.Limits(max_pixels=3072, max_bytes=len(data)))


def test_large_photos_decode_where_the_limit_allows() -> None:
    """Beyond Pillow's own 89 and 179 million pixels: our limit is the one that counts, and nothing is printed."""
    rows = (b"\0" + bytes(14000)) * 13000  # 182 MP, grey, tiny file
    data = samples.raw_png(14000, 13000, 8, 0, rows)
    assert "exceed the limit" in refusal(data)
    assert codecs.open(data, limits=codecs.Limits(max_pixels=200_000_000)).header.width == 14000


def test_open_refuses_what_decode_would() -> None:
    data = samples.raw_png(4, 2, 16, 0, (b"\0" + bytes(8)) * 2)
    assert codecs.peek(data).depth == 16
    with pytest.raises(PhotoError, match="16 bits"):
        codecs.open(data)


def test_from_pil(photos: Path) -> None:
    image = Image.open(io.BytesIO(samples.with_everything("jpeg", samples.picture(), 6)))
    photo = codecs.from_pil(image)
    assert photo.format == "jpeg"
    assert np.array_equal(photo.pixels, np.asarray(ImageOps.exif_transpose(image)))
    assert photo.metadata.icc == profiles.srgb_icc()
    assert codecs.from_pil(Image.new("LA", (3, 2))).alpha is not None
    with pytest.raises(PhotoError, match="8-bit RGB"):
        codecs.from_pil(Image.new("I;16", (3, 2)))
    with pytest.raises(PhotoError, match="3 frames"):
        codecs.from_pil(Image.open(io.BytesIO(samples.animated("webp"))))
