"""JPEG's metadata segments: EXIF over several of them, profiles in parts, and pictures that belong together."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs.jpeg_file.segments import read_segments
from pixelpriv_fast.codecs.metadata.exif import EXIF_IFD, read
from pixelpriv_fast.errors import PhotoError

from .. import jpegs, profiles, samples

PREFIX = b"Exif\0\0"
LENS = b"ACMELENS 35mm behind it all\0"


def long_exif(size: int) -> bytes:
    """EXIF with a comment of ``size`` bytes, and the lens behind it."""
    order, comment = "<", b"ASCII\0\0\0" + (b"a word or two, " * (size // 15 + 1))[: size - 8]
    make = b"ACMEMAKE\0\0"
    entries = [(0x9286, 7, comment), (0xA434, 2, LENS)]
    first_end = 8 + 2 + 3 * 12 + 4
    inner_at = first_end + len(make)
    values_at = inner_at + 2 + 12 * len(entries) + 4
    first = struct.pack(order + "HHHII", 3, 0x010F, 2, len(make), first_end)
    first += struct.pack(order + "HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack(order + "HHII", EXIF_IFD, 4, 1, inner_at)
    inner, values = struct.pack(order + "H", len(entries)), b""
    for tag, kind, value in entries:
        inner += struct.pack(order + "HHII", tag, kind, len(value), values_at + len(values))
        values += value
    return b"II*\0\x08\0\0\0" + first + bytes(4) + make + inner + bytes(4) + values


def in_segments(block: bytes, room: int) -> bytes:
    parts = [samples.segment(0xE1, PREFIX + block[at : at + room]) for at in range(0, len(block), room)]
    return jpegs.with_segments(samples.save(samples.picture(), "jpeg"), *parts)


@pytest.mark.parametrize("size", [100, 70_000, 200_000])
def test_exif_goes_on_in_further_segments(size: int) -> None:
    block = long_exif(size)
    photo = codecs.decode(in_segments(block, 65_000))
    assert photo.metadata.exif == block
    assert photo.pixels.shape == (64, 48, 3)
    private = codecs.decode(codecs.encode(photo.pixels, like=photo)).metadata.exif
    assert private is not None
    assert read(private).exif.entries[0xA434].value == LENS
    assert b"a word" not in private


def test_a_second_block_of_its_own_is_ignored() -> None:
    first, second = samples.exif_block(6), samples.exif_block(3)
    data = samples.save(samples.picture(), "jpeg")
    both = jpegs.with_segments(data, samples.segment(0xE1, PREFIX + first), samples.segment(0xE1, PREFIX + second))
    assert codecs.decode(both).metadata.exif == first
    stray = jpegs.with_segments(data, samples.segment(0xE1, PREFIX + b"rest"), samples.segment(0xE1, PREFIX + second))
    assert codecs.decode(stray).metadata.exif == second


def test_long_exif_is_written_in_several_segments() -> None:
    photo = codecs.decode(in_segments(long_exif(150_000), 65_000))
    out = codecs.encode(photo.pixels, like=photo, options=codecs.EncodeOptions(metadata="keep"))
    written = codecs.decode(out).metadata.exif
    assert written is not None
    assert len(written) > 150_000
    assert sum(content.startswith(PREFIX) for _, content in jpegs.split(out)[0]) == 3
    assert read(written).exif.entries[0xA434].value == LENS
    other = Image.open(io.BytesIO(out)).getexif()
    assert other.get_ifd(EXIF_IFD)[0xA434] == LENS.decode().rstrip("\0")


def test_endless_exif_is_bounded() -> None:
    data = in_segments(long_exif(9_000_000), 65_000)
    assert len(read_segments(data).exif or b"") < 5_000_000


def with_profile(*parts: tuple[int, int, bytes]) -> bytes:
    segments = [
        samples.segment(0xE2, b"ICC_PROFILE\0" + bytes((number, count)) + part) for number, count, part in parts
    ]
    return jpegs.with_segments(samples.save(samples.picture(), "jpeg"), *segments)


def test_profiles_in_parts() -> None:
    icc = profiles.srgb_icc()
    one, two = icc[:200], icc[200:]
    assert codecs.decode(with_profile((1, 2, one), (2, 2, two))).metadata.icc == icc
    assert codecs.decode(with_profile((2, 2, two), (1, 2, one))).metadata.icc == icc
    assert codecs.decode(with_profile((1, 2, one), (1, 2, one), (2, 2, two))).metadata.icc == icc
    assert codecs.decode(with_profile((1, 1, icc + bytes(3)))).metadata.icc == icc
    for parts in ([(1, 2, one)], [(2, 2, two)], [(1, 1, b"x" * 300)]):
        assert codecs.decode(with_profile(*parts)).metadata.icc is None


def several(kinds: list[int]) -> bytes:
    entries = b"".join(struct.pack("<IIIHH", kind, 0, 0, 0, 0) for kind in kinds)
    block = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0xB002, 7, len(entries), 26) + bytes(4) + entries
    plain = samples.save(samples.picture(), "jpeg")
    return jpegs.with_segments(plain, samples.segment(0xE2, b"MPF\0" + block)) + plain


@pytest.mark.parametrize(
    ("kinds", "count", "words"),
    [
        ([0x020002, 0x020002], 2, "a stereo photo of two views"),
        ([0x030000, 0x020002], 2, "a stereo photo of two views"),
        ([0x020001] * 5, 5, "a panorama of several photos"),
        ([0x20020003] * 4, 4, "views from several angles"),
    ],
)
def test_pictures_of_equal_rank_are_told_by_what_they_are(kinds: list[int], count: int, words: str) -> None:
    data = several(kinds)
    assert codecs.peek(data).frames == count
    with pytest.raises(PhotoError, match=f"{words}: {count} frames .* export the frames") as caught:
        codecs.decode(data)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("kinds", [[0x030000], [0x030000, 0x010001], [0x030000, 0x010002, 0], [0x030000, 0x050000], []])
def test_previews_and_gain_maps_are_not_pictures_of_equal_rank(kinds: list[int]) -> None:
    data = several(kinds)
    assert codecs.peek(data).frames == 1
    assert np.array_equal(codecs.decode(data).pixels, codecs.decode(samples.save(samples.picture(), "jpeg")).pixels)


def test_images_that_pillow_opened_are_told_apart_too() -> None:
    pictures = [Image.fromarray(samples.picture(seed=seed)) for seed in range(2)]
    out = io.BytesIO()
    pictures[0].save(out, "MPO", save_all=True, append_images=pictures[1:])
    data = out.getvalue()
    opened = codecs.from_pil(Image.open(io.BytesIO(data)))
    assert opened.format == "jpeg"
    assert np.array_equal(opened.pixels, codecs.decode(data).pixels)
    at = data.index(b"MPF\0") + 4 + 50  # the first picture's kind
    stereo = data[:at] + struct.pack("<I", 0x020002) + data[at + 4 :]
    with pytest.raises(PhotoError, match="2 frames"):
        codecs.from_pil(Image.open(io.BytesIO(stereo)))
