"""Whole JPEGs in files that are not clean are read as they are; half ones are refused, however they are disguised."""

from __future__ import annotations

import contextlib
import io
import logging
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs.contract import Damaged
from pixelpriv_fast.codecs.jpeg_file.segments import read_segments
from pixelpriv_fast.codecs.jpeg_file.stream import JpegStream, read_stream
from pixelpriv_fast.codecs.jpeg_file.whole import checked
from pixelpriv_fast.errors import PhotoError

from .. import jpegs, profiles, samples

KINDS: dict[str, dict[str, object]] = {
    "baseline": {"quality": 90},
    "fine": {"quality": 97, "subsampling": 0},
    "progressive": {"quality": 85, "progressive": True},
    "optimised": {"quality": 60, "optimize": True, "subsampling": 1},
    "restarts": {"quality": 90, "restart_marker_blocks": 3},
    "progressive restarts": {"quality": 90, "progressive": True, "restart_marker_rows": 1},
    "grey": {"quality": 90, "mode": "L"},
    "grey progressive": {"quality": 90, "mode": "L", "progressive": True},
    "four channels": {"quality": 90, "mode": "CMYK", "icc_profile": profiles.cmyk_icc()},
}


def made(kind: str, width: int = 123, height: int = 77) -> bytes:
    options = dict(KINDS[kind])
    mode = str(options.pop("mode", "RGB"))
    return samples.save(Image.fromarray(samples.picture(width, height)).convert(mode), "jpeg", **options)


def stream_of(data: bytes) -> JpegStream:
    return read_stream(data, read_segments(data).frame.height)


def refusal(data: bytes) -> str:
    with pytest.raises(PhotoError) as caught:
        codecs.decode(data, name="x.jpg")
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(123, 77), (8, 8), (1, 1), (17, 300)], ids=str)
def test_every_block_of_a_good_file_is_found(kind: str, size: tuple[int, int]) -> None:
    """Neither more nor less: all of the data is used, and a byte less is noticed."""
    data = made(kind, *size)
    stream = stream_of(data)
    assert checked(stream).scans == stream.scans
    if kind != "four channels":  # which need their profile
        assert np.array_equal(codecs.decode(stream.written()).pixels, codecs.decode(data).pixels)
    for number, scan in enumerate(stream.scans):
        short = replace(scan, data=scan.data[: len(scan.data) * 2 // 3 - 1])
        if len(scan.data) > 40:
            with pytest.raises(Damaged):
                checked(stream.changed((*stream.scans[:number], short, *stream.scans[number + 1 :])))


def before_the_end(extra: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[:-2] + extra + data[-2:]


def in_the_header(extra: bytes) -> Callable[[bytes], bytes]:
    return lambda data: jpegs.with_segments(data, extra)


def _before_last(data: bytes, marker: bytes) -> bytes:
    at = data.rindex(marker)
    return data[:at] + b"some junk of 21 bytes" + data[at:]


PROFILE = b"ICC_PROFILE\0\1\1" + profiles.srgb_icc()
UNCLEAN: dict[str, Callable[[bytes], bytes]] = {
    "stray": before_the_end(b"\x5a" * 12),
    "zeros": before_the_end(bytes(2000)),
    "words": before_the_end(b"Scanner firmware 1.2"),
    "restart": before_the_end(b"\xff\xd7"),
    "stray restart": before_the_end(b"\xff\xd7" + b"\x11\x22\x33" * 8),
    "stuffed": before_the_end(b"\xff\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b"),
    "stray marker": before_the_end(b"\x5a" * 9 + b"\xff\x3a" + b"\x5a" * 9),
    "no end": lambda data: data[:-2],
    "half an end": lambda data: data[:-1],
    "zeros for the end": lambda data: data[:-2] + bytes(3000),
    "words for the end mark": lambda data: data[:-2] + b"\xff\xfe\0\x0ebehind a photo",
    "junk before the last scan": lambda data: _before_last(data, b"\xff\xda"),
    "junk before the last table": lambda data: _before_last(data, b"\xff\xc4"),  # in a progressive file: behind a scan
    "junk at once": lambda data: data[:2] + b"junk!" + data[2:],
    "junk": in_the_header(b"junk!"),
    "junk with marks": in_the_header(b"\xff\0\xff\0junk\xff\1\xff\xd0\xff\xff"),
    "profile twice": in_the_header(2 * samples.segment(0xE2, PROFILE)),
    "profile without number": in_the_header(samples.segment(0xE2, b"ICC_PROFILE\0\0\0" + profiles.srgb_icc())),
    "profile without its half": in_the_header(samples.segment(0xE2, b"ICC_PROFILE\0\1\2" + profiles.srgb_icc()[:300])),
    "a segment of no length": in_the_header(b"\xff\xe5\0\0"),
    "bad exif": in_the_header(samples.segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")),
}


@pytest.mark.parametrize("kind", ["baseline", "fine", "progressive", "restarts", "grey", "grey progressive"])
@pytest.mark.parametrize("how", UNCLEAN)
def test_whole_pictures_in_unclean_files_are_read(kind: str, how: str) -> None:
    data = made(kind)
    photo = codecs.decode(UNCLEAN[how](data))
    assert np.array_equal(photo.pixels, codecs.decode(data).pixels)
    again = codecs.decode(codecs.encode(photo.pixels, like=photo))
    assert again.notes == ()


def test_what_was_mended_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    data = made("baseline")
    assert codecs.decode(data).notes == ()
    photo = codecs.decode(UNCLEAN["stray"](data), name="scan.jpg")
    assert photo.notes == (
        "the file is not clean, but all pixels are there (libjpeg: Corrupt JPEG data: 11 extraneous bytes before marker 0xd9)",
    )
    assert [record.getMessage() for record in caplog.records] == [f"scan.jpg: {photo.notes[0]}"]


def test_parts_that_a_result_lacks_are_said() -> None:
    promise = b'<x:xmpmeta><rdf:Description hdrgm:Version="1.0" GCamera:MotionPhoto="1"/></x:xmpmeta>'
    data = jpegs.with_segments(made("baseline"), samples.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + promise))
    assert [note.split(" shows")[0] for note in codecs.decode(data + b"a film").notes] == [
        "its HDR gain map",
        "its film",
    ]
    none = data.replace(b'MotionPhoto="1"', b'MotionPhoto="0"')
    assert len(codecs.decode(none).notes) == 1
    iso = jpegs.with_segments(made("baseline"), samples.segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"))
    assert len(codecs.decode(iso).notes) == 1


@pytest.mark.parametrize(
    ("behind", "what"),
    [
        (b"\0\0\0\x18ftypmp42" + bytes(400), "its film"),
        (b"\0\0\0\x14ftypqt  " + bytes(400), "its film"),
        (b"MotionPhoto_Data" + b"\0\0\0\x18ftypisom" + bytes(400), "its film"),
        (b"\xff\xd8\xff\xe1" + b'xml HDRGainMap:HDRGainMapVersion="65536"', "its HDR gain map"),
    ],
)
def test_parts_that_no_segment_promises_are_said_too(behind: bytes, what: str) -> None:
    data = made("baseline")
    assert [note.split(" shows")[0] for note in codecs.decode(data + behind).notes] == [what]
    assert codecs.decode(data + bytes(400)).notes == ()


def half(share: float) -> Callable[[bytes], bytes]:
    def cut(data: bytes) -> bytes:
        pixels = data.index(b"\xff\xda")
        return data[: pixels + 20 + int((len(data) - pixels - 22) * share)]

    return cut


HALF: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: half(0.5)(data),
    "cut near the end": lambda data: half(0.97)(data),
    "cut, then closed": lambda data: half(0.5)(data) + b"\xff\xd9",
    "cut near the end, then closed": lambda data: half(0.97)(data) + b"\xff\xd9",
    "zeros for a half": lambda data: half(0.5)(data) + bytes(len(data)),
    "zeros for a half, then closed": lambda data: half(0.5)(data) + bytes(3 * len(data)) + b"\xff\xd9",
    "another photo for a half": lambda data: half(0.5)(data) + made("baseline"),
    "a hole": lambda data: half(0.4)(data) + data[len(half(0.6)(data)) :],
    "zeros inside": lambda data: half(0.4)(data) + bytes(1500) + data[len(half(0.4)(data)) + 1500 :],
    "bytes too many inside": lambda data: half(0.4)(data) + b"\x35\xa9\x6c\xd3" * 60 + data[len(half(0.4)(data)) :],
}


@pytest.mark.parametrize("kind", ["baseline", "fine", "progressive", "restarts", "grey", "grey progressive"])
@pytest.mark.parametrize("how", HALF)
def test_half_a_picture_stays_refused(kind: str, how: str) -> None:
    message = refusal(HALF[how](made(kind, 240, 200)))
    assert "the file is damaged (" in message
    assert "restore it from a copy" in message


@pytest.mark.parametrize("kind", ["progressive", "grey progressive"])
def test_a_progressive_picture_needs_all_its_scans(kind: str) -> None:
    data = made(kind)
    stream = stream_of(data)
    for count in range(1, len(stream.scans)):
        shorter = stream.changed(stream.scans[:count]).written()
        assert "more belong to it" in refusal(shorter[:-2])
        assert "more belong to it" in refusal(jpegs.with_segments(shorter, b"junk"))


def test_data_for_more_blocks_is_damage() -> None:
    """A picture whose blocks were lost goes on behind its last block, and does so in order."""
    for kind in ("baseline", "grey", "fine"):
        data = made(kind, 128, 96)
        at = data.index(b"\xff\xc0") + 5
        assert "more blocks than the picture has" in refusal(data[:at] + (80).to_bytes(2, "big") + data[at + 2 :])


def test_stray_bytes_have_bounds() -> None:
    data, noise = made("baseline"), np.random.default_rng(5).bytes(5000).replace(b"\xff", b"\xfe")
    assert codecs.decode(before_the_end(noise[:1000])(data)).notes
    assert "5,000 bytes behind" in refusal(before_the_end(noise)(data))
    assert "damaged" in refusal(data[:-2] + noise[:1000])  # and no end mark


ODD = {
    "4:1:0": [(4, 2), (1, 1), (1, 1)],
    "3x1": [(3, 1), (1, 1), (1, 1)],
    "Cr taller": [(2, 2), (1, 1), (1, 2)],
    "chroma finer": [(1, 1), (2, 2), (2, 2)],
    "luma coarser": [(1, 1), (2, 1), (2, 1)],
    "odd": [(2, 1), (1, 2), (2, 1)],
    "1x4": [(1, 4), (1, 1), (1, 1)],
}


@pytest.mark.parametrize("restart", [0, 2])
@pytest.mark.parametrize("name", ODD)
def test_every_sampling_that_libjpeg_reads(name: str, restart: int) -> None:
    data = jpegs.coded(ODD[name], 101, 67, restart=restart)
    photo = codecs.decode(data)
    assert np.array_equal(photo.pixels, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    assert photo.notes == ()
    assert np.ptp(photo.pixels) > 50
    for extra in (b"\x5a" * 12, bytes(2000)):
        stray = codecs.decode(before_the_end(extra)(data))
        assert np.array_equal(stray.pixels, photo.pixels)
        assert stray.notes
    assert np.array_equal(codecs.decode(data[:-2]).pixels, photo.pixels)
    for how in ("cut", "cut near the end, then closed", "a hole", "another photo for a half"):
        assert "damaged" in refusal(HALF[how](data))


def test_samplings_that_nobody_reads_are_not_damage() -> None:
    message = refusal(jpegs.coded([(3, 1), (2, 1), (1, 1)], 48, 16))
    assert "odd ratios (3x1, 2x1, 1x1)" in message
    assert "damaged" not in message


def test_a_height_behind_the_pixels() -> None:
    data = made("baseline")
    frame = data.index(b"\xff\xc0") + 5
    late = data[:frame] + b"\0\0" + data[frame + 2 : -2] + samples.segment(0xDC, (77).to_bytes(2, "big")) + data[-2:]
    assert codecs.peek(late).height == 77
    assert codecs.decode(late).notes == ()
    assert np.array_equal(codecs.decode(late).pixels, codecs.decode(data).pixels)
    assert "holds no pixels" in refusal(data[:frame] + b"\0\0" + data[frame + 2 :])


def test_colour_marks_are_kept() -> None:
    """RGB without a transform is told by Adobe's segment alone, or by the names of the channels."""
    data = samples.save(samples.picture(), "jpeg", keep_rgb=True, quality=95)
    for how in ("stray", "junk", "profile twice"):
        assert np.array_equal(codecs.decode(UNCLEAN[how](data)).pixels, codecs.decode(data).pixels)
    cmyk = made("four channels")
    assert np.array_equal(codecs.decode(UNCLEAN["stray"](cmyk)).pixels, codecs.decode(cmyk).pixels)


@pytest.mark.parametrize(
    "tail",
    [b"\xff" * 3_000_000, b"\xff\xd0" * 1_500_000, b"\xff\x01" * 1_500_000, b"\xff\0" * 1_500_000, bytes(3_000_000)],
    ids=["fill", "restarts", "marks", "stuffed", "zeros"],
)
def test_hostile_tails_end_soon(tail: bytes) -> None:
    data = made("progressive")
    start = time.process_time()
    for at in (len(data) - 2, len(data) // 2, data.index(b"\xff\xda"), 20):
        for ending in (b"", data[at:]):
            with contextlib.suppress(PhotoError):
                codecs.decode(data[:at] + tail + ending)
    assert time.process_time() - start < 5
