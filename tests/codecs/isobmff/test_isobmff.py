"""What HEIC's and AVIF's container says: how many pictures, whose the properties are, where metadata stands."""

from __future__ import annotations

import contextlib
import struct
import time
from dataclasses import replace
from typing import Any

import pytest

from pixelpriv_fast.codecs.colours.colour import profile_of_code_points
from pixelpriv_fast.codecs.contract import Damaged, Refused
from pixelpriv_fast.codecs.isobmff.boxes import MAX_ENTRIES
from pixelpriv_fast.codecs.isobmff.container import read_container
from pixelpriv_fast.codecs.isobmff.data import ItemData, read_locations
from pixelpriv_fast.codecs.isobmff.items import ItemReferences

from .. import samples
from ..box_files import ALPHA, File, colours, crop, depth, mirror, size, turn


def container(items: dict[int, str], *references: tuple[str, int, list[int]], hidden: tuple[int, ...] = ()) -> File:
    """A file of ``items`` (number -> type), the first of them the primary one."""
    made = File(b"heic", primary=next(iter(items)), hidden=set(hidden))
    made.kinds = {number: kind.encode() for number, kind in items.items()}
    made.payloads = dict.fromkeys(items, b"1234")
    made.owned = {number: [size(64, 48)] for number in items}
    made.references = [(kind.encode(), holder, targets) for kind, holder, targets in references]
    return made


TILES = [2, 3, 4, 5]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("items", "references", "hidden", "frames"),
    [
        ({1: "hvc1"}, [], (), 1),
        ({1: "hvc1", 2: "hvc1"}, [], (), 2),
        ({1: "av01", 2: "av01", 3: "av01"}, [], (), 3),
        ({1: "hvc1", 2: "hvc1"}, [], (2,), 1),
        ({1: "grid", **dict.fromkeys(TILES, "hvc1"), 6: "Exif", 7: "mime"}, [("dimg", 1, TILES)], (), 1),
        ({1: "grid", **dict.fromkeys(TILES, "hvc1"), 6: "hvc1"}, [("dimg", 1, TILES)], (), 2),
        ({1: "hvc1", 2: "hvc1", 3: "hvc1"}, [("thmb", 2, [1]), ("auxl", 3, [1])], (), 1),
        ({1: "hvc1", 2: "hvc1", 3: "tmap"}, [("dimg", 3, [1, 2])], (), 1),  # a photo, its gain map, and both together
        ({1: "hvc1", 2: "hvc1", 3: "Exif"}, [("cdsc", 3, [1, 2])], (), 2),
    ],
)
def test_how_many_pictures(
    items: dict[int, str],
    references: list[tuple[str, int, list[int]]],
    hidden: tuple[int, ...],
    frames: int,
    wide: bool,
) -> None:
    made = container(items, *references, hidden=hidden)
    assert read_container(replace(made, wide=wide).data()).frames == frames


def test_alternatives_count_once() -> None:
    made = container({1: "hvc1", 2: "av01"})
    assert read_container(made.data()).frames == 2
    made.groups = [(b"altr", [1, 2])]
    assert read_container(made.data()).frames == 1


def test_a_reference_that_promises_more_than_there_is() -> None:
    data = container({1: "grid", 2: "hvc1", 3: "hvc1"}, ("dimg", 1, [2, 3])).data()
    at = data.index(b"dimg") + 6
    assert read_container(data[:at] + b"\xff\xff" + data[at + 2 :]).frames == 1


@pytest.mark.parametrize("wide", [False, True])
def test_each_item_has_its_own_properties(wide: bool) -> None:
    """What others own, thumbnails, gain maps and nobody, says nothing of the photo."""
    strange = [size(9000, 9000), depth(10, 10, 10), colours(12, 13), crop(8, 8), turn(1), mirror(0)]
    items = {1: "hvc1", 2: "hvc1", 3: "hvc1", 4: "tmap", 5: "hvc1"}
    made = container(items, ("thmb", 2, [1]), ("auxl", 3, [1]), ("dimg", 4, [1, 5]))
    made.owned |= {2: strange, 3: strange, 4: strange, 5: strange}
    made.unowned = strange
    made.owned[1] = [size(64, 48), depth(8, 8, 8), colours(1, 13, 5)]
    found = read_container(replace(made, wide=wide).data())
    assert (found.size, found.decoded_pixels, found.frames) == ((64, 48), 64 * 48, 1)
    assert (found.depth, found.shown.orientation, found.shown.box) == (8, 1, (0, 0, 64, 48))
    assert found.icc is None
    made.owned[1] = strange
    found = read_container(replace(made, wide=wide).data())
    assert (found.size, found.depth, found.icc) == ((9000, 9000), 10, profile_of_code_points(12, 13))
    assert (found.shown.width, found.shown.height, found.shown.orientation) == (8, 8, 5)


def test_tiles_and_alpha_belong_to_the_photo() -> None:
    items = {1: "grid", **dict.fromkeys(TILES, "hvc1"), 6: "grid", 7: "hvc1"}
    made = container(items, ("dimg", 1, TILES), ("auxl", 6, [1]), ("dimg", 6, [7]))
    made.owned |= {tile: [size(512, 512), depth(8), colours(12, 13)] for tile in TILES}
    made.owned |= {6: [size(64, 48)], 7: [size(4096, 4096), depth(12)]}
    found = read_container(made.data())
    assert (found.decoded_pixels, found.depth, found.icc) == (4 * 512 * 512, 8, profile_of_code_points(12, 13))
    made.owned[6] = [size(64, 48), ALPHA]
    found = read_container(made.data())
    assert (found.decoded_pixels, found.depth) == (4096 * 4096, 12)


EXIF_ITEM = bytes(4) + samples.exif_block()


@pytest.mark.parametrize("method", [0, 1, 2])
def test_where_metadata_stands(method: int) -> None:
    made = container({1: "hvc1", 2: "hvc1"}, ("thmb", 2, [1]))
    made.describe(b"Exif", bytes(4) + b"of the thumbnail", whom=2)
    assert read_container(made.data()).exif is None
    made.describe(b"Exif", b"\0\0\0\6Exif\0\0" + EXIF_ITEM[4:], method)
    made.describe(b"mime", samples.xmp_packet(), method)
    found = read_container(made.data())
    assert (found.exif, found.xmp) == (samples.exif_block(), samples.xmp_packet())
    assert len(found.types_at) == 3
    assert b"Exif\0" not in found.without_metadata(made.data()).replace(b"Exif\0\0", b"")


@pytest.mark.parametrize(("method", "source"), [(0, "file"), (1, "idat")])
def test_an_item_of_several_parts(method: int, source: str) -> None:
    """Offsets count from a base; a length of 0 means all that follows."""
    data = b"0123456789 the file"
    rows = [(1, method, 2, [(1, 3), (5, 2)]), (2, method, 4, [(0, 0)]), (3, method, 0, [(0, 3), (100, 1)])]
    table = b"\1\0\0\0\x44\x40" + struct.pack(">H", len(rows))
    for number, how, base, extents in rows:
        table += struct.pack(">HHHIH", number, how, 0, base, len(extents))
        table += b"".join(struct.pack(">II", *extent) for extent in extents)
    idat = b"abcdefghij idat"
    items = ItemData(data, idat, read_locations(table, 0, len(table)), ItemReferences({}))
    whole = data if source == "file" else idat
    assert items.content(1) == whole[3:6] + whole[7:9]
    assert items.content(2) == whole[4:]
    assert items.content(3) is items.content(9) is None
    assert [items.head(number, 4) for number in (1, 2, 9)] == [whole[3:6] + whole[7:8], whole[4:8], b""]
    assert [items.is_cut_off(number) for number in (1, 2, 3, 9)] == [False, False, True, False]
    short = read_locations(table, 0, len(table) - 1)
    assert sorted(short) == [1, 2]  # what the cut left


def test_metadata_of_nobody_is_the_photos() -> None:
    made = container({1: "hvc1"})
    made.add(b"Exif", EXIF_ITEM)
    assert read_container(made.data()).exif == samples.exif_block()


@pytest.mark.parametrize("method", [0, 1, 2])
def test_damaged_metadata_is_none(method: int) -> None:
    made = container({1: "hvc1"})
    made.describe(b"Exif", EXIF_ITEM, method)
    data = made.data()
    at = data.index(len(EXIF_ITEM).to_bytes(4, "big"), data.index(b"iloc"))
    data = data[:at] + b"\x7f\xff\xff\xff" + data[at + 4 :]
    assert read_container(data).exif is None


def test_what_is_refused_by_name() -> None:
    def refusal(kind: type[Exception], made: File) -> str:
        with pytest.raises(kind) as caught:
            read_container(made.data())
        return str(caught.value)

    assert "a picture of kind 'unci'" in refusal(Refused, container({1: "unci"}))
    made = container({1: "hvc1", 2: "hvc1"})
    made.groups = [(b"ster", [1, 2])]
    assert "a spatial photo" in refusal(Refused, made)
    made = container({1: "hvc1"})
    made.primary = 7
    assert "item 7, which is to be shown, is missing" in refusal(Damaged, made)
    made = container({1: "hvc1"})
    made.owned[1] = [depth(8)]
    assert "does not state its size" in refusal(Damaged, made)
    for broken, words in ((crop(0, 8), "leaves nothing"), (b"\0\0\0\x0cclap1234", "of 4 bytes")):
        made.owned[1] = [size(64, 48), broken]
        assert words in refusal(Damaged, made)


def test_a_picture_that_is_cut_off_is_damaged_and_what_follows_it_is_not() -> None:
    data = container({1: "hvc1"}).data()
    assert read_container(data + b"SEFT somebody's own data").frames == 1
    at = data.index(b"mdat") - 4
    shorter = data[:at] + (11).to_bytes(4, "big") + data[at + 4 : -1]
    with pytest.raises(Damaged, match="item 1, a part of the picture, runs past the end"):
        read_container(shorter)
    with pytest.raises(Damaged, match="box b'mdat' of 12 bytes runs past"):
        read_container(data[:-1])


@pytest.mark.parametrize(
    ("entries", "fine"),
    [
        ({"owned": {number: [size(64, 48)] * 200 for number in range(1, 1000)}}, False),
        ({"kinds": dict.fromkeys(range(1, 30_000), b"hvc1")}, False),
        ({"references": [(b"auxl", 2, [1] * 30_000)]}, False),
        ({"references": [(b"dimg", number, [number + 1]) for number in range(1, MAX_ENTRIES // 2)]}, True),
        ({"references": [(b"auxl", number, [1]) for number in range(1, MAX_ENTRIES // 2)]}, True),
        ({"groups": [(b"altr", [1] * 60_000)]}, True),
        ({"unowned": [size(number, 1) for number in range(30_000)]}, False),
        (
            {
                "kinds": {1: b"hvc1"} | dict.fromkeys(range(2, MAX_ENTRIES // 2), b"Exif"),
                "references": [(b"cdsc", number, []) for number in range(2, MAX_ENTRIES)],
            },
            True,
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_work_is_bounded(entries: dict[str, Any], fine: bool) -> None:
    """What lists without end is refused; a long chain or a long list within the bound takes little time."""
    made = container({1: "hvc1"})
    kinds = entries.get("kinds", made.kinds)
    data = replace(made, **entries, payloads=dict.fromkeys(kinds, b"")).data()
    start = time.process_time()
    with contextlib.nullcontext() if fine else pytest.raises(Damaged, match="more than"):
        read_container(data)
    assert time.process_time() - start < 1
