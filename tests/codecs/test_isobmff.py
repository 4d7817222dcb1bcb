"""Which files in HEIC's and AVIF's container hold one picture, and which hold several. Boxes are written byte by byte."""

from __future__ import annotations

import struct

import pytest

from pixelpriv_fast.codecs.isobmff import read_container


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def full(kind: bytes, version: int, *content: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def container(
    items: dict[int, str], *references: tuple[str, int, list[int]], wide: bool = False, hidden: tuple[int, ...] = ()
) -> bytes:
    """A file of ``items`` (number -> type), the first of them the primary one; ``wide``: numbers of 32 bits."""
    number = struct.Struct(">I" if wide else ">H").pack
    entries = [
        full(b"infe", 3 if wide else 2, number(item), b"\0\0", kind.encode(), b"\0", flags=int(item in hidden))
        for item, kind in items.items()
    ]
    pointers = [
        box(kind.encode(), number(holder), struct.pack(">H", len(targets)), *map(number, targets))
        for kind, holder, targets in references
    ]
    meta = full(
        b"meta",
        0,
        full(b"pitm", int(wide), number(next(iter(items)))),
        full(b"iinf", 0, struct.pack(">H", len(entries)), *entries),
        full(b"iref", int(wide), *pointers) if pointers else b"",
        box(b"iprp", box(b"ipco", full(b"ispe", 0, struct.pack(">II", 64, 48)))),
        full(b"iloc", 0, bytes(4)),
    )
    return box(b"ftyp", b"heic", bytes(4), b"mif1") + meta


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
    assert read_container(container(items, *references, wide=wide, hidden=hidden)).frames == frames


def test_a_reference_that_promises_more_than_there_is() -> None:
    data = container({1: "grid", 2: "hvc1", 3: "hvc1"}, ("dimg", 1, [2, 3]))
    at = data.index(b"dimg") + 6
    assert read_container(data[:at] + b"\xff\xff" + data[at + 2 :]).frames == 1
