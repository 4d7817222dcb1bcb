"""TIFF's layouts: every cut, packing and byte order gives the same pixels."""

from __future__ import annotations

import io
import struct
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast import codecs
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.types import Photo

from . import samples


def by_tifffile(pixels: np.ndarray[Any, Any], **options: Any) -> bytes:
    tifffile = pytest.importorskip("tifffile")
    out = io.BytesIO()
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    tifffile.imwrite(out, pixels, **{"photometric": photometric, "metadata": None, **options})
    return out.getvalue()


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA"])
def test_packings(compression: str, mode: str) -> None:
    base = Image.fromarray(samples.picture(75, 41))
    if mode in ("RGBA", "LA"):
        base.putalpha(Image.fromarray(samples.picture(75, 41, seed=1)[:, :, 0]))
    options: dict[str, Any] = {} if compression == "raw" else {"compression": compression}
    for rows, predictor in ((None, 1), (7, 1), (7, 2)):
        tags = {278: rows} if rows else {}
        if predictor == 2 and compression in ("tiff_lzw", "tiff_adobe_deflate") and mode not in ("P", "1"):
            tags[317] = 2
        data = samples.save(base.convert(mode), "tiff", tiffinfo=tags, **options)
        photo = codecs.decode(data)
        expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
        assert np.array_equal(photo.pixels, expected[:, :, :3])
        assert photo.alpha is None or np.array_equal(photo.alpha, expected[:, :, 3])
        assert photo.lossless


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"tile": (16, 32)},
        {"tile": (16, 16), "byteorder": ">"},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "rowsperstrip": 5},
        {"rowsperstrip": 5},
        {"rowsperstrip": 1000},
    ],
    ids=str,
)
def test_layouts(options: dict[str, Any]) -> None:
    pixels = samples.picture(61, 43)
    planar = options.get("planarconfig") == "separate"
    data = by_tifffile(np.ascontiguousarray(pixels.transpose(2, 0, 1)) if planar else pixels, **options)
    assert np.array_equal(codecs.decode(data).pixels, pixels)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("extra", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize(
    "options", [{}, {"tile": (16, 32)}, {"rowsperstrip": 5, "compression": "deflate", "predictor": 2}], ids=str
)
def test_transparency_channel_by_channel(grey: bool, extra: str, options: dict[str, Any]) -> None:
    pixels, alpha = samples.picture(61, 43), np.maximum(samples.picture(61, 43, 1)[:, :, 0], 128)
    colours = pixels[:, :, :1] if grey else pixels
    stored = np.round(colours * (alpha[:, :, None] / 255)).astype(np.uint8) if extra == "assocalpha" else colours
    planes = np.ascontiguousarray(np.dstack([stored, alpha]).transpose(2, 0, 1))
    kind = "minisblack" if grey else "rgb"
    data = by_tifffile(planes, photometric=kind, planarconfig="separate", extrasamples=[extra], **options)
    photo = codecs.decode(data)
    assert np.array_equal(photo.alpha, alpha)
    assert np.abs(photo.pixels.astype(int) - colours).max() <= (2 if extra == "assocalpha" else 0)


def test_white_is_zero() -> None:
    grey = samples.picture()[:, :, 0]
    photo = codecs.decode(by_tifffile(grey, photometric="miniswhite"))
    assert np.array_equal(photo.pixels[:, :, 0], 255 - grey)
    assert photo.grey


def _with_tag(data: bytes, tag: int, value: int) -> bytes:
    out = bytearray(data)
    at = struct.unpack_from("<I", out, 4)[0]
    for row in range(struct.unpack_from("<H", out, at)[0]):
        place = at + 2 + 12 * row
        if struct.unpack_from("<H", out, place)[0] == tag:
            struct.pack_into("<HHII", out, place, tag, 4, 1, value)
    return bytes(out)


@pytest.mark.parametrize(
    ("tag", "value", "message"),
    [
        (259, 7, "compression 7 is not supported"),
        (259, 2, "compression 2 is not supported"),
        (262, 32803, "photometric kind 32803"),
        (262, 8, "photometric kind 8"),
        (273, 3, "lies outside the file"),
        (273, 2**31, "lies outside the file"),
        (278, 7, "pieces are needed"),
        (257, 0, "holds no pixels"),
        (279, 11, "a piece of"),
    ],
)
def test_what_cannot_be_read_is_named(tag: int, value: int, message: str) -> None:
    with pytest.raises(PhotoError, match=message):
        codecs.decode(_with_tag(samples.save(samples.picture(), "tiff"), tag, value))


def test_raw_files_and_bigtiff_are_refused() -> None:
    plain = samples.save(samples.picture(), "tiff")
    for data, message in (
        (plain[:2] + b"+" + plain[3:], "BigTIFF"),
        (samples.save(samples.picture(), "tiff", tiffinfo={254: 1}), "lone preview"),
        (samples.save(samples.picture(), "tiff", tiffinfo={50706: b"\1\4\0\0"}), "camera raw"),
    ):
        with pytest.raises(PhotoError, match=message):
            codecs.decode(data)


@pytest.mark.parametrize(("kind", "pages"), [(0, 2), (1, 1), (2, 2)])
def test_previews_are_no_pages(kind: int, pages: int) -> None:
    tifffile = pytest.importorskip("tifffile")
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(samples.picture(), photometric="rgb", metadata=None)
        writer.write(samples.picture(8, 6), photometric="rgb", subfiletype=kind, metadata=None)
    assert codecs.peek(out.getvalue()).frames == pages
    if pages == 1:
        assert np.array_equal(codecs.decode(out.getvalue()).pixels, samples.picture())


def test_written_files_follow_the_source_tags_byte_order() -> None:
    pixels = samples.picture()
    for order, magic in (("<", b"II*\0"), (">", b"MM\0*")):
        data = samples.save(pixels, "jpeg", exif=b"Exif\0\0" + samples.exif_block(1, order))
        photo = codecs.decode(data)
        options = codecs.EncodeOptions(format="tiff", metadata="keep")
        written = codecs.encode(photo.pixels, like=photo, options=options)
        assert written.startswith(magic)
        opened = Image.open(io.BytesIO(written))
        assert np.array_equal(np.asarray(opened), photo.pixels)
        assert opened.getexif()[0x010F] == samples.KEPT["make"].decode()


def test_many_strips() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1500, 2001, 3)).astype(np.uint8)
    data = codecs.encode(pixels, like=Photo(pixels, "tiff"))
    opened = Image.open(io.BytesIO(data))
    assert len(opened.tag_v2[273]) > 5  # type: ignore[attr-defined]
    assert np.array_equal(np.asarray(opened), pixels)
    assert np.array_equal(codecs.decode(data).pixels, pixels)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
def test_packed_data_is_unpacked_within_bounds(compression: str) -> None:
    """Whatever a strip's packed bytes turn into, no more than the strip's own size is taken, and no less accepted."""
    pixels = np.full((400, 300, 3), 9, np.uint8)
    data = samples.save(pixels, "tiff", compression=compression, tiffinfo={278: 400})
    assert len(data) < 20_000
    assert np.array_equal(codecs.decode(_with_tag(data, 257, 1)).pixels, pixels[:1])
    with pytest.raises(PhotoError, match="a piece of 360,900 bytes has 360,000 only"):
        codecs.decode(_with_tag(_with_tag(data, 257, 401), 278, 401))


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(PhotoError, match=r"packed with LZW needs the package imagecodecs; pip install '.*\[tiff\]'"):
        codecs.decode(samples.save(samples.picture(), "tiff", compression="tiff_lzw"))
    for compression in ("packbits", "tiff_adobe_deflate"):
        data = samples.save(samples.picture(), "tiff", compression=compression)
        assert np.array_equal(codecs.decode(data).pixels, samples.picture())
