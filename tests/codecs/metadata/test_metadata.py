"""The three metadata policies, checked by raw byte search and by readers that are not ours."""

from __future__ import annotations

import io
import itertools
import re
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import EncodeOptions
from pixelpriv_fast.codecs.metadata import policies as metadata
from pixelpriv_fast.errors import UsageError, known_words
from pixelpriv_fast.words import MetadataPolicy

from .. import profiles, samples
from ..samples import FORMATS, GPS_LATITUDE, KEPT, SECRETS

PRIVATE_NAMES = sorted(SECRETS)


def searchable(data: bytes) -> bytes:
    """The file with PNG's packed text unpacked behind it, so that a byte search sees everything."""
    unpacked = []
    for kind in (b"zTXt", b"iCCP"):
        for found in re.finditer(kind, data):
            content = data[found.end() :]
            try:
                unpacked.append(zlib.decompressobj().decompress(content[content.index(b"\0") + 2 :], 1 << 20))
            except (zlib.error, ValueError):
                continue
    return data + b"".join(unpacked)


def protect(source: bytes, target: str, policy: str) -> bytes:
    photo = codecs.decode(source)
    return codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format=target, metadata=policy))


def exif_of(data: bytes) -> Image.Exif:
    opened = Image.open(io.BytesIO(data))
    exif = opened.getexif()
    opened.load()
    return exif


def test_the_samples_hold_what_must_go() -> None:
    """Otherwise the searches below would find nothing for the wrong reason."""
    jpeg = samples.with_everything("jpeg", samples.picture())
    assert [name for name in PRIVATE_NAMES if SECRETS[name] not in jpeg] == []
    assert GPS_LATITUDE in jpeg
    exif = exif_of(jpeg)
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[2] == (52.0, 31.0, 98765 / 3457)
    assert exif.get_ifd(ExifTags.IFD.IFD1)[0x0202] > 30
    for format_name in ("png", "webp", "avif"):
        found = searchable(samples.with_everything(format_name, samples.picture()))
        assert SECRETS["owner"] in found
        assert SECRETS["xmp"] in found
        assert GPS_LATITUDE in found


@pytest.mark.parametrize("policy", ["private", "none"])
@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("orientation", [1, 6])
def test_nothing_private_survives(source: str, policy: str, orientation: int) -> None:
    data = samples.with_everything(source, samples.picture(), orientation)
    for target in FORMATS:
        written = searchable(protect(data, target, policy))
        assert [name for name in PRIVATE_NAMES if SECRETS[name] in written] == [], target
        for order in "<>":
            assert np.frombuffer(GPS_LATITUDE, "<u4").astype(order + "u4").tobytes() not in written
        assert b"http://ns.adobe.com" not in written
        assert written.count(b"\xff\xd8\xff") == (target == "jpeg"), "an embedded picture"


@pytest.mark.parametrize("source", FORMATS)
def test_private_keeps_camera_time_and_colour(source: str) -> None:
    data = samples.with_everything(source, samples.picture(), 6)
    for target in FORMATS:
        written = protect(data, target, "private")
        exif = exif_of(written)
        assert exif[ExifTags.Base.Make] == KEPT["make"].decode()
        assert exif[ExifTags.Base.Model] == KEPT["model"].decode()
        assert exif[ExifTags.Base.DateTime] == KEPT["time"].decode()
        assert exif.get(ExifTags.Base.Orientation, 1) == 1
        assert Image.open(io.BytesIO(written)).info["icc_profile"] == profiles.standard()
        if source != "tiff":  # the sample TIFF has one directory only
            inner = exif.get_ifd(ExifTags.IFD.Exif)
            assert inner[ExifTags.Base.ExposureTime] == 1 / 125
            assert inner[ExifTags.Base.LensModel] == KEPT["lens"].decode()
            size = (inner[ExifTags.Base.ExifImageWidth], inner[ExifTags.Base.ExifImageHeight])
            assert size == Image.open(io.BytesIO(written)).size
        assert not exif.get_ifd(ExifTags.IFD.GPSInfo)


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("orientation", [1, 8])
def test_keep_keeps_all_but_orientation_and_thumbnail(source: str, orientation: int) -> None:
    data = samples.with_everything(source, samples.picture(), orientation)
    for target in FORMATS:
        written = protect(data, target, "keep")
        assert SECRETS["thumbnail"][8:] not in written
        assert written.count(b"\xff\xd8\xff") == (target == "jpeg")
        exif = exif_of(written)
        assert exif.get(ExifTags.Base.Orientation, 1) == 1
        assert exif[ExifTags.Base.Artist] == SECRETS["artist"].decode()
        assert SECRETS["xmp"] in written
        assert b'tiff:Orientation="1"' in written
        if source != "tiff":
            assert exif.get_ifd(ExifTags.IFD.GPSInfo)[2] == (52.0, 31.0, 98765 / 3457)
            assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.BodySerialNumber] == SECRETS["body serial"].decode()
        if source == "jpeg" and target != "tiff":
            assert SECRETS["maker note"] in written
        if source == "jpeg" and target in ("jpeg", "tiff"):
            assert SECRETS["iptc"] in written


def test_keep_carries_text_between_formats_that_have_it() -> None:
    png = samples.with_everything("png", samples.picture())
    assert Image.open(io.BytesIO(protect(png, "png", "keep"))).info["Author"] == SECRETS["text"].decode()
    jpeg = samples.with_everything("jpeg", samples.picture())
    assert Image.open(io.BytesIO(protect(jpeg, "jpeg", "keep"))).info["comment"] == SECRETS["text"]
    assert Image.open(io.BytesIO(protect(jpeg, "png", "keep"))).info["Comment"] == SECRETS["text"].decode()


def test_none_leaves_colour_alone() -> None:
    for source, target in itertools.product(FORMATS, FORMATS):
        written = protect(samples.with_everything(source, samples.picture()), target, "none")
        assert Image.open(io.BytesIO(written)).info["icc_profile"] == profiles.standard()
        assert KEPT["make"] not in written
        assert KEPT["time"] not in written


@pytest.mark.parametrize("target", FORMATS)
def test_icc_beyond_one_segment(target: str) -> None:
    icc = profiles.table_icc(b"mft2", grid=33)
    kept = profiles.cleaned(icc)
    assert len(kept) > 200_000
    data = samples.with_everything("jpeg", samples.picture(), icc=icc)
    photo = codecs.decode(data)
    assert photo.metadata.icc == icc
    written = protect(data, target, "private")
    assert codecs.decode(written).metadata.icc == kept
    assert Image.open(io.BytesIO(written)).info["icc_profile"] == kept


@pytest.mark.parametrize("target", ["jpeg", "png", "tiff"])
@pytest.mark.parametrize("source", ["jpeg", "png", "tiff"])
def test_resolution_is_kept(source: str, target: str) -> None:
    written = protect(samples.with_everything(source, samples.picture()), target, "private")
    assert Image.open(io.BytesIO(written)).info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_previews_in_xmp_and_maker_notes_go_even_under_keep() -> None:
    picture = b"/9j/4AAQ" + b"A" * 600
    xmp = b"<a><xmpGImg:image>" + picture + b'</xmpGImg:image><b GImage:Data="' + picture + b'" keep="1"/></a>'
    exif = samples.exif_block()
    secret = b"MAKERNOTE-PRIVATE-BLOB"
    exif = exif.replace(secret, b"\xff\xd8\xff\xe0" + secret[4:])
    plain = samples.save(samples.picture(), "jpeg", exif=b"Exif\0\0" + exif)
    data = plain[:2] + samples.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp) + plain[2:]
    written = protect(data, "jpeg", "keep")
    assert picture not in written
    assert b'keep="1"' in written
    assert secret[4:] not in written
    assert SECRETS["owner"] in written  # the rest of the block is still there
    assert GPS_LATITUDE in written


def test_extended_xmp_trailers_and_multi_picture_data_are_not_carried() -> None:
    """Where phones put depth maps, motion pictures and second images."""
    plain = samples.save(samples.picture(), "jpeg")
    extended = samples.segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"E" * 900)
    data = plain[:2] + extended + samples.segment(0xE2, b"MPF\0garbage") + plain[2:] + b"TRAILER" * 50
    written = protect(data, "jpeg", "keep")
    for gone in (b"E" * 100, b"MPF\0", b"TRAILER"):
        assert gone not in written


def test_png_colour_statements_survive_without_a_profile() -> None:
    gamma, primaries = (45455).to_bytes(4, "big"), profiles.P3_CHUNK
    chunks = samples.png_chunk(b"gAMA", gamma) + samples.png_chunk(b"cHRM", primaries)
    data = samples.raw_png(2, 1, 8, 2, b"\0" + bytes(6), chunks)
    assert chunks in protect(data, "png", "none")
    jpeg = codecs.decode(protect(data, "jpeg", "private")).metadata
    assert jpeg.colour_chunks == ()
    assert jpeg.icc is not None


@pytest.mark.parametrize("policy", ["private", "keep", "none"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_damaged_exif_never_fails_the_photo(policy: str, order: str) -> None:
    good, pixels = samples.exif_block(6, order), samples.picture()
    rng = np.random.default_rng(3)
    for _ in range(200):
        bad = bytearray(good)
        for at in rng.integers(0, len(good), 12):
            bad[at] = rng.integers(0, 256)
        data = samples.save(pixels, "jpeg", exif=b"Exif\0\0" + bytes(bad[: rng.integers(1, len(bad))]))
        written = protect(data, "jpeg", policy)
        assert SECRETS["thumbnail"] not in written or policy == "keep"
        assert codecs.decode(written).pixels.size == pixels.size


def test_photos_without_metadata_stay_without() -> None:
    for source in FORMATS:
        data = samples.save(samples.picture(), source)
        for policy in codecs.POLICIES:
            written = codecs.decode(protect(data, source, policy)).metadata
            assert (written.icc, written.exif, written.xmp, written.iptc, written.text) == (None, None, None, None, ())


def test_damaged_and_foreign_profiles_are_left_out() -> None:
    """A block that is no profile shows no colours, but can hold anything."""
    for icc in (b"SERIAL-IN-A-PROFILE" * 20, profiles.srgb_icc().replace(b"RGB ", b"Lab ", 1)):
        data = samples.save(samples.picture(), "png", icc_profile=icc)
        for policy in codecs.POLICIES:
            assert codecs.decode(protect(data, "jpeg", policy)).metadata.icc is None


def test_unknown_policy_is_refused() -> None:
    photo = codecs.decode(samples.save(samples.picture(), "png"))
    with pytest.raises(UsageError, match="private, keep, none"):
        codecs.encode(photo.pixels, like=photo, options=EncodeOptions(metadata="public"))


def test_every_policy_has_its_function() -> None:
    assert tuple(metadata._BY_POLICY) == known_words(MetadataPolicy) == codecs.POLICIES
