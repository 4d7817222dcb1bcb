"""Under the ``keep`` policy no picture stands beside the protected one, whatever the place, the spelling and the format."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable

import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs.metadata.policies import exif_keep
from pixelpriv_fast.types import Metadata

from ..planted import PICTURES, SPELLINGS, TEXTS, Rows, number, pixels, tag_block, traces, unpacked, written
from ..samples import FORMATS, GPS_LATITUDE

ARTIST, TITLE, LENS, MAKER = b"Artemisia Painter\0", b"A long evening\0", b"Lens 35mm F1.8\0", b"MAKER-SETTINGS"
FIRST: Rows = {0x010E: (2, TITLE), 0x013B: (2, ARTIST), 0x0112: (3, b"\6\0")}
EXIF: Rows = {0x9003: (2, b"2024:05:06 07:08:09\0"), 0xA434: (2, LENS)}
GPS: Rows = {1: (2, b"N\0"), 2: (5, GPS_LATITUDE)}
KEPT = (ARTIST, TITLE, LENS, GPS_LATITUDE)


def note_of(value: bytes, at: int = 0) -> bytes:
    """A maker note: a directory with a short value and the given one, offsets relative to the note."""
    rows = struct.pack("<HHHII", 2, 1, 7, len(MAKER), 38) + struct.pack("<HHII", 2, 7, len(value), 38 + len(MAKER))
    return b"Maker\0II" + rows + bytes(4) + MAKER + value


def jpeg_rows(data: bytes) -> Rows:
    return {0x0201: number(-1), 0x0202: number(len(data))}


def strip_rows(data: bytes) -> Rows:
    size = {0x0100: number(64), 0x0101: number(48), 0x0102: (3, struct.pack("<3H", 8, 8, 8)), 0x0106: (3, b"\2\0")}
    return size | {0x0111: number(-1), 0x0117: number(len(data))}


#: Where EXIF hides a picture.
PLACES: dict[str, Callable[[bytes], bytes]] = {
    "thumbnail": lambda data: tag_block(FIRST, EXIF, GPS, data, second=jpeg_rows(data)),
    "thumbnail in strips": lambda data: tag_block(FIRST, EXIF, GPS, data, second=strip_rows(data)),
    "sub-directory": lambda data: tag_block(FIRST, EXIF, GPS, data, sub=jpeg_rows(data)),
    "strips of a sub-directory": lambda data: tag_block(FIRST, EXIF, GPS, data, sub=strip_rows(data)),
    "strips": lambda data: tag_block(FIRST | strip_rows(data), EXIF, GPS, data),
    "strips beside a maker note": lambda data: tag_block(
        FIRST | strip_rows(data), EXIF | {0x927C: (7, MAKER)}, GPS, data
    ),
    "nowhere": lambda data: tag_block(FIRST, EXIF | {0x927C: (7, MAKER)}, GPS, data),
    "layers": lambda data: tag_block(FIRST | {0x935C: (7, data)}, EXIF, GPS),
    "resources": lambda data: tag_block(FIRST | {0x8649: (1, b"8BIM\x04\x0c\0\0" + data)}, EXIF, GPS),
    "raw file's data": lambda data: tag_block(FIRST | {0xC634: (1, b"Adobe\0" + data)}, EXIF, GPS),
    "unknown tag": lambda data: tag_block(FIRST | {0xC6D2: (7, b"Title" + data)}, EXIF, GPS),
    "comment": lambda data: tag_block(FIRST, EXIF | {0x9286: (7, bytes(8) + data)}, GPS),
    "pointer": lambda data: tag_block(
        FIRST | {0xA005: (7, data)}, EXIF | {0x8825: (7, data)}, GPS | {0x8769: (7, data)}
    ),
    "long pointer": lambda data: tag_block(
        FIRST, EXIF | {0x927C: (7, MAKER), 0xA005: (4, bytes(4) + data[: len(data) // 4 * 4])}, GPS
    ),
    "note in a wrong directory": lambda data: tag_block(
        FIRST | {0x927C: (7, data)}, EXIF | {0x927C: (7, MAKER)}, GPS | {0x927C: (7, data)}
    ),
    "place": lambda data: tag_block(FIRST, EXIF, GPS | {0x001B: (7, bytes(8) + data)}),
    "packet": lambda data: tag_block(FIRST | {0x02BC: (1, data)}, EXIF, GPS),
    "records": lambda data: tag_block(FIRST | {0x83BB: (7, record(2, 202, data))}, EXIF, GPS),
    "maker note": lambda data: tag_block(FIRST, EXIF | {0x927C: (7, b"Maker" + data)}, GPS),
    "maker note's directory": lambda data: tag_block(FIRST, EXIF | {0x927C: (7, note_of(data))}, GPS),
    "behind a maker note's directory": lambda data: tag_block(
        FIRST, EXIF | {0x927C: (7, note_of(b"short") + data)}, GPS
    ),
}


def record(number: int, name: int, value: bytes) -> bytes:
    head = bytes((0x1C, number, name))
    return (
        head
        + (len(value).to_bytes(2, "big") if len(value) < 0x8000 else b"\x80\4" + len(value).to_bytes(4, "big"))
        + value
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_block_of_these_tests_is_read_as_meant(order: str) -> None:
    found = exif_keep.read(tag_block({0x010E: (2, TITLE)}, EXIF, GPS, order=order))
    assert found.first.entries[0x010E].value == TITLE
    assert found.exif.entries[0xA434].value == LENS
    assert found.gps.entries[2].value == GPS_LATITUDE


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("place", PLACES)
def test_no_picture_in_exif(place: str, kind: str) -> None:
    data = PICTURES[kind]
    block = PLACES[place](data)
    assert any(trace in block for trace in traces(data))
    kept = exif_keep.keep(block, 72, 40)
    assert kept is not None
    assert [trace for trace in traces(data) if trace in kept] == []
    assert [value for value in KEPT if value not in kept] == []
    assert len(kept) < len(block)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_no_picture_of_exif_in_any_format(place: str, target: str) -> None:
    for data in (PICTURES["JPEG"], PICTURES["pixels"]):
        found = unpacked(written(Metadata(exif=PLACES[place](data)), target))
        assert [trace for trace in traces(data) if trace in found] == []
        assert [value for value in KEPT if value.rstrip(b"\0") not in found] == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", PICTURES)
def test_no_picture_in_any_spelling(kind: str, spelling: str) -> None:
    if spelling == "base85" and kind != "pixels":
        pytest.skip("a short run of base85 is not told from other long words")
    data = SPELLINGS[spelling](PICTURES[kind])
    wide = data.decode("latin-1").encode("utf-16-le")
    for rows in ({0x9286: (7, b"ASCII\0\0\0" + data)}, {0x9286: (7, b"UNICODE\0" + wide)}, {0xA420: (2, data)}):
        kept = exif_keep.keep(tag_block(FIRST, EXIF | rows, GPS), 72, 40)
        assert kept is not None
        assert LENS in kept
        assert len(kept) < 1000, "the value is still there"


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("spelling", TEXTS)
def test_no_picture_in_texts(target: str, spelling: str) -> None:
    for data in (PICTURES["JPEG"], PICTURES["pixels"]):
        text = SPELLINGS[spelling](data).decode()
        if spelling == "base85" and data is PICTURES["JPEG"]:
            continue
        halves = text[: len(text) // 2], text[len(text) // 2 :]
        texts = (("Comment", text), ("Halves", halves[0]), ("Halves", halves[1]), ("Title", "A long evening"))
        found = unpacked(written(Metadata(text=(*texts, ("Comment", "hello"))), target))
        assert [trace for trace in traces(data) if trace in found] == []
        if target == "png":
            assert b"A long evening" in found
            assert b"Halves" not in found


def test_bytes_read_as_letters_are_bytes() -> None:
    """A JPEG in a PNG's text, which is Latin-1, becomes letters of two bytes each."""
    for data in (PICTURES["JPEG"], PICTURES["pixels"]):
        photo = written(Metadata(text=(("Raw", data.decode("latin-1")), ("Author", "Artemisia"))), "png")
        assert b"Artemisia" in photo
        assert b"Raw" not in photo


@pytest.mark.parametrize("target", ["jpeg", "tiff"])
def test_no_picture_in_iptc(target: str) -> None:
    for data in (PICTURES["JPEG"], PICTURES["pixels"]):
        spelled = base64.b64encode(data)
        pieces = b"".join(record(2, 25, spelled[at : at + 60]) for at in range(0, len(spelled), 60))
        preview = record(2, 200, b"\0\x0b") + record(2, 201, b"\0\1") + record(2, 202, data)
        other = record(7, 10, b"\1") + record(8, 10, data) + record(9, 10, bytes(4)) + record(2, 240, data)
        stays = record(1, 90, b"\x1b%G") + record(2, 5, b"A title") + record(2, 116, b"(c) Artemisia")
        found = written(Metadata(iptc=stays + preview + other + pieces + record(2, 120, b"A caption")), target)
        assert [trace for trace in traces(data) if trace in found] == []
        assert [word for word in (b"A title", b"(c) Artemisia", b"A caption", b"\x1b%G") if word not in found] == []
        assert [name for name in (200, 201, 202) if bytes((0x1C, 2, name)) in found] == []
        assert b"\x1c\x07\x0a" not in found


def test_iptc_without_pictures_stays_as_it_was() -> None:
    records = b"".join(record(2, 25, word) for word in (b"kitchen", "Küche".encode("latin-1")) * 900)
    kept = codecs.decode(written(Metadata(iptc=records), "jpeg")).metadata.iptc
    assert kept == records


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_note_without_pictures_stays_where_it_was(order: str) -> None:
    """Its offsets may count from the block's start."""
    words = b"F1.8 S1/125 " * 200
    block = tag_block(
        FIRST, EXIF | {0x927C: (7, words)}, GPS, behind=b"behind", second={0x0103: (3, b"\6\0")}, order=order
    )
    kept = exif_keep.keep(block, 72, 40)
    assert kept is not None
    assert kept.index(words) == block.index(words)
    assert b"behind" not in kept


@pytest.mark.parametrize("data", [pixels(), PICTURES["JPEG"]])
def test_a_note_loses_its_preview_and_keeps_the_rest(data: bytes) -> None:
    block = tag_block(FIRST, EXIF | {0x927C: (7, note_of(data))}, GPS)
    kept = exif_keep.keep(block, 72, 40)
    assert kept is not None
    note = exif_keep.read(kept).exif.entries[0x927C].value
    assert note.startswith(b"Maker\0II\1\0")
    assert note.endswith(MAKER)
    assert kept.index(MAKER) == block.index(MAKER)


@pytest.mark.parametrize("tag", [0x8769, 0x8825, 0x014A])
def test_directories_far_outside_cost_nothing(tag: int) -> None:
    far: Rows = {tag: (4, b"\xf0\xff\xff\xff")}
    for first, exif in ((FIRST | far, EXIF), (FIRST, EXIF | far | {0xA005: far[tag]})):
        kept = exif_keep.keep(tag_block(first, exif | {0x927C: (7, MAKER)}), 72, 40)
        assert kept is not None
        assert TITLE in kept
        assert len(kept) < 1000
    nested = struct.pack("<HHHII", 2, 1, 13, 1, 0xFFFFFFF0) + struct.pack("<HHII", 2, 7, 8, 38) + bytes(4) + bytes(5000)
    kept = exif_keep.keep(tag_block(FIRST, EXIF | {0x927C: (7, b"Maker\0II" + nested)}), 72, 40)
    assert kept is not None
    assert len(kept) < 6000


def test_sizes_are_those_of_the_upright_photo() -> None:
    stated: Rows = {0x0100: number(4000), 0x0101: (3, struct.pack("<H", 3000))}
    inner: Rows = {0xA002: number(4000), 0xA003: (3, struct.pack("<H", 3000))}
    for note in ({}, {0x927C: (7, MAKER)}):
        kept = exif_keep.keep(tag_block(FIRST | stated, EXIF | inner | note), 72, 99_999)
        assert kept is not None
        found = exif_keep.read(kept)
        assert [found.first.number(tag) for tag in (0x0100, 0x0101, 0x0112)] == [72, 99_999, 1]
        assert [found.exif.number(tag) for tag in (0xA002, 0xA003)] == [72, 99_999]
        assert (MAKER in kept) == bool(note)


def test_long_words_of_people_stay() -> None:
    prose = "The evening was long, and nobody in the café spoke. " * 400
    exif = tag_block(FIRST, EXIF | {0x9286: (7, b"UNICODE\0" + prose.encode("utf-16-le"))})
    kept = exif_keep.keep(exif, 72, 40)
    assert kept is not None
    assert prose.encode("utf-16-le") in kept
    assert prose.encode() in written(Metadata(text=(("Description", prose),)), "png")


def test_a_program_s_json_stays_and_its_packed_pixels_go() -> None:
    nodes = {
        str(i): {"class_type": "KSampler", "inputs": {"seed": i, "steps": 20, "model": ["4", 0]}} for i in range(300)
    }
    settings = json.dumps(nodes, separators=(",", ":"))
    packed = json.dumps({"pixels": list(PICTURES["pixels"])}, separators=(",", ":"))
    ascii85 = base64.a85encode(PICTURES["pixels"]).decode()
    found = written(Metadata(text=(("workflow", settings), ("packed", packed), ("ascii", ascii85))), "png")
    assert settings.encode() in found
    assert b"packed" not in found
    assert b"ascii" not in found


def test_pictures_in_allowed_tags_go_under_private() -> None:
    small = PICTURES["WEBP"]
    assert len(small) < 1024
    exif = tag_block({0x010F: (2, b"TESTCAM\0"), 0x0110: (2, base64.b64encode(small))}, {0x9205: (7, small)})
    found = written(Metadata(exif=exif), "jpeg", "private")
    assert b"TESTCAM" in found
    assert [trace for trace in traces(small) if trace in found] == []
