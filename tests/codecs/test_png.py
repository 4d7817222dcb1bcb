"""PNG: animations, files cut behind their pixels, Apple's kind, and metadata written as hexadecimal text."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs.metadata.exif import read
from pixelpriv_fast.codecs.png_file.profiles import RawProfile, read_raw_profile
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.words import MetadataPolicy

from . import samples

CONTROL = struct.pack(">IIIIIHHBB", 0, 64, 48, 0, 0, 1, 10, 0, 0)
ROWS = (b"\0" + bytes(3 * 64)) * 48


def animated(frames: int, control_before: bool) -> bytes:
    """A PNG whose animation control promises ``frames``; the default picture is one of them or stands apart."""
    extra = samples.png_chunk(b"acTL", struct.pack(">II", frames, 0))
    if control_before:
        extra += samples.png_chunk(b"fcTL", CONTROL)
    return samples.raw_png(64, 48, 8, 2, ROWS, extra)


@pytest.mark.parametrize(
    ("promised", "control_before", "pictures"),
    [(1, True, 1), (2, True, 2), (1, False, 2), (3, False, 4), (0, False, 1)],
)
def test_a_hidden_default_picture_is_counted(promised: int, control_before: bool, pictures: int) -> None:
    data = animated(promised, control_before)
    assert codecs.peek(data).frames == pictures
    if pictures == 1:
        assert codecs.decode(data).pixels.shape == (48, 64, 3)
    else:
        with pytest.raises(PhotoError, match=f"an animation: {pictures} frames"):
            codecs.decode(data)


def test_animation_control_behind_the_pixels_does_not_count() -> None:
    data = samples.save(samples.picture(), "png")
    late = samples.png_chunk(b"acTL", struct.pack(">II", 9, 0))
    assert codecs.peek(data[:-12] + late + data[-12:]).frames == 1


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_cut_behind_the_pixels_costs_nothing(mode: str) -> None:
    from PIL import Image

    data = samples.save(Image.fromarray(samples.picture()).convert(mode), "png")
    whole = codecs.decode(data).pixels
    behind = samples.png_chunk(b"tEXt", b"Comment\0" + b"x" * 40)
    for cut in range(1, 13):
        assert np.array_equal(codecs.decode(data[:-cut]).pixels, whole)
        assert np.array_equal(codecs.decode(data[:-12] + behind[: -cut * 3]).pixels, whole)
        assert codecs.decode(data[:-cut]).notes == ("the file is cut off, but all pixels are there",)
    assert codecs.decode(data).notes == ()
    with pytest.raises(PhotoError, match="damaged"):
        codecs.decode(data[:-13])


def test_a_cut_between_two_pixel_chunks_is_half_a_picture() -> None:
    packed = zlib.compress(samples.picture().tobytes(), 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in samples.picture()), 0)
    assert len(packed) > 4000
    head = samples.raw_png(64, 48, 8, 2, b"")
    start = head[: head.index(b"IDAT") - 4]
    first, second = samples.png_chunk(b"IDAT", rows[:4000]), samples.png_chunk(b"IDAT", rows[4000:])
    assert np.array_equal(codecs.decode(start + first + second).pixels, samples.picture())
    with pytest.raises(PhotoError, match="damaged"):
        codecs.decode(start + first)


def test_apples_kind_is_named_with_a_way_out() -> None:
    data = samples.save(samples.picture(), "png")
    apple = data[:8] + samples.png_chunk(b"CgBI", b"\x50\0\x20\2") + data[8:]
    with pytest.raises(PhotoError, match=r"Apple's own kind of PNG .* convert it") as caught:
        codecs.decode(apple)
    assert "damaged" not in str(caught.value)


def profile_text(name: str, block: bytes, announced: int | None = None) -> bytes:
    digits = block.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return f"\n{name}\n{len(block) if announced is None else announced:8d}\n{lines}\n".encode()


def text_chunk(kind: bytes, keyword: bytes, text: bytes) -> bytes:
    packing = {b"tEXt": b"\0" + text, b"zTXt": b"\0\0" + zlib.compress(text)}
    packing[b"iTXt"] = b"\0\1\0\0\0" + zlib.compress(text)
    return samples.png_chunk(kind, keyword + packing[kind])


def with_chunk(extra: bytes, late: bool = False) -> bytes:
    data = samples.save(samples.picture(), "png")
    at = len(data) - 12 if late else 33
    return data[:at] + extra + data[at:]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", ["exif", "APP1"])
@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
def test_exif_as_hexadecimal_text(kind: bytes, name: str, late: bool) -> None:
    block = samples.exif_block(6)
    for prefix in (b"Exif\0\0", b""):
        keyword = b"Raw profile type " + name.encode()
        data = with_chunk(text_chunk(kind, keyword, profile_text(name, prefix + block)), late)
        photo = codecs.decode(data)
        assert codecs.peek(data).orientation == 6
        assert photo.pixels.shape == (64, 48, 3)
        assert photo.metadata.exif == block
        assert photo.metadata.text == ()
        out = codecs.decode(codecs.encode(photo.pixels, like=photo))
        assert out.metadata.exif is not None
        assert read(out.metadata.exif).first.entries[0x010F].value.startswith(samples.KEPT["make"])


def test_the_chunk_for_exif_is_preferred_to_text() -> None:
    text = text_chunk(b"zTXt", b"Raw profile type exif", profile_text("exif", samples.exif_block(6)))
    own = samples.png_chunk(b"eXIf", samples.exif_block(3))
    assert codecs.peek(with_chunk(text + own)).orientation == 3
    assert codecs.peek(with_chunk(own + text)).orientation == 3
    damaged = own[:-1] + bytes([own[-1] ^ 1])
    assert codecs.peek(with_chunk(text + damaged)).orientation == 6


def test_xmp_and_iptc_as_hexadecimal_text() -> None:
    xmp, iptc = samples.xmp_packet(), samples.iptc_records()
    resources = (
        b"8BIM\x04\x25\0\0" + (2).to_bytes(4, "big") + b"ab" + b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc
    )
    for name, block in (("xmp", xmp), ("APP1", b"http://ns.adobe.com/xap/1.0/\0" + xmp)):
        data = with_chunk(text_chunk(b"zTXt", b"Raw profile type " + name.encode(), profile_text(name, block)))
        assert codecs.decode(data).metadata.xmp == xmp
    for name, block in (("iptc", iptc), ("iptc", resources), ("8bim", resources)):
        data = with_chunk(text_chunk(b"tEXt", b"Raw profile type " + name.encode(), profile_text(name, block)))
        assert codecs.decode(data).metadata.iptc == iptc


@pytest.mark.parametrize("policy", ["private", "keep", "none"])
def test_iptc_is_written_where_it_is_kept(policy: MetadataPolicy) -> None:
    iptc = samples.iptc_records()
    data = with_chunk(text_chunk(b"tEXt", b"Raw profile type iptc", profile_text("iptc", iptc)))
    photo = codecs.decode(data)
    written = codecs.encode(photo.pixels, like=photo, options=codecs.EncodeOptions(metadata=policy))
    assert codecs.decode(written).metadata.iptc == (iptc if policy == "keep" else None)
    assert (b"Raw profile type" in written) == (policy == "keep")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\nexif\n",
        "\nexif\n   x\n4949",
        "\nexif\n      12\n49492a00",
        "\nexif\n       4\n4949zz00",
        "\nexif\n4\nä",
    ],
)
def test_damaged_hexadecimal_is_left_out(text: str) -> None:
    assert read_raw_profile("Raw profile type exif", text) == RawProfile()
    chunk = text_chunk(b"tEXt", b"Raw profile type exif", text.encode("latin-1"))
    assert codecs.decode(with_chunk(chunk)).metadata.exif is None
