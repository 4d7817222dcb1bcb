"""AVIF and HEIC files taken apart into items and properties, changed, and put together again, box by box."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from pixelpriv_fast.types import Pixels

from . import samples

XMP = b"application/rdf+xml\0"
ALPHA = struct.pack(">I4sI", 56, b"auxC", 0) + b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
_ESSENTIAL = frozenset({b"av1C", b"hvcC", b"clap", b"irot", b"imir"})


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def full(kind: bytes, version: int, *content: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def size(width: int, height: int) -> bytes:
    return full(b"ispe", 0, struct.pack(">II", width, height))


def depth(*bits: int) -> bytes:
    return full(b"pixi", 0, bytes((len(bits), *bits)))


def colours(primaries: int, transfer: int, matrix: int = 6) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, 128))


def crop(width: float, height: float, right: float = 0, down: float = 0) -> bytes:
    """A clean aperture, as fractions of 60."""
    return box(b"clap", *(struct.pack(">ii", round(value * 60), 60) for value in (width, height, right, down)))


def turn(quarters: int) -> bytes:
    return box(b"irot", bytes((quarters,)))


def mirror(axis: int) -> bytes:
    return box(b"imir", bytes((axis,)))


@dataclass
class File:
    """Items by number: what they are, what they hold, and their properties as whole boxes."""

    brand: bytes
    kinds: dict[int, bytes] = field(default_factory=dict)
    payloads: dict[int, bytes] = field(default_factory=dict)
    owned: dict[int, list[bytes]] = field(default_factory=dict)
    references: list[tuple[bytes, int, list[int]]] = field(default_factory=list)
    primary: int = 1
    hidden: set[int] = field(default_factory=set)
    groups: list[tuple[bytes, list[int]]] = field(default_factory=list)
    unowned: list[bytes] = field(default_factory=list)  #: properties of nobody
    methods: dict[int, int] = field(default_factory=dict)  #: where a payload goes: 0 mdat, 1 idat, 2 another item
    wide: bool = False  #: whether items' numbers have 32 bits

    def add(self, kind: bytes, payload: bytes, *properties: bytes, hidden: bool = False) -> int:
        number = max(self.kinds, default=0) + 1
        self.kinds[number], self.payloads[number], self.owned[number] = kind, payload, list(properties)
        self.hidden |= {number} if hidden else set()
        return number

    def describe(self, kind: bytes, payload: bytes, method: int = 0, whom: int | None = None) -> int:
        """Add EXIF or XMP of a picture, the primary one if none is named."""
        number = self.add(kind, payload)
        self.references.append((b"cdsc", number, [whom or self.primary]))
        self.methods[number] = method
        return number

    def data(self) -> bytes:
        """The file."""
        head = box(b"ftyp", self.brand, bytes(4), b"mif1", b"miaf", self.brand)
        inside = [number for number in self.kinds if self.methods.get(number) == 2]
        outer = File(**vars(self))
        if inside:
            holder = max(self.kinds) + 1
            outer.kinds, outer.references = {**self.kinds, holder: b"mime"}, [*self.references]
            outer.payloads = {**self.payloads, holder: b"".join(self.payloads[n] for n in inside)}
            outer.references += [(b"iloc", number, [holder]) for number in inside]
        blank = outer._meta(0)
        return head + outer._meta(len(head) + len(blank) + 8) + box(b"mdat", *outer._stored(0))

    def _stored(self, method: int) -> list[bytes]:
        return [self.payloads[number] for number in self.kinds if self.methods.get(number, 0) == method]

    def _meta(self, mdat: int) -> bytes:
        """The box meta, if the file's data starts at ``mdat``."""
        return full(
            b"meta",
            0,
            full(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
            full(b"pitm", int(self.wide), self._number(self.primary)),
            self._locations(mdat),
            full(b"iinf", 0, struct.pack(">H", len(self.kinds)), *map(self._info, self.kinds)),
            full(b"iref", int(self.wide), *map(self._reference, self.references)) if self.references else b"",
            self._properties(),
            box(b"idat", *self._stored(1)) if self._stored(1) else b"",
            box(b"grpl", *map(_group, self.groups)) if self.groups else b"",
        )

    def _info(self, number: int) -> bytes:
        kind = self.kinds[number]
        content_type = XMP if kind == b"mime" and number in self.owned else b"text/plain\0"
        tail = b"\0" + (content_type if kind == b"mime" else b"")
        head = self._number(number) + bytes(2) + kind
        return full(b"infe", 2 + self.wide, head, tail, flags=int(number in self.hidden))

    def _number(self, item: int) -> bytes:
        return struct.pack(">I" if self.wide else ">H", item)

    def _reference(self, row: tuple[bytes, int, list[int]]) -> bytes:
        kind, holder, targets = row
        return box(kind, self._number(holder), struct.pack(">H", len(targets)), *map(self._number, targets))

    def _locations(self, mdat: int) -> bytes:
        ends, rows, indexed = {0: mdat, 1: 0, 2: 0}, [], 2 in self.methods.values()
        for number in self.kinds:
            method, length = self.methods.get(number, 0), len(self.payloads[number])
            rows.append(self._number(number) + struct.pack(">3H", method, 0, 1) + struct.pack(">I", 1) * indexed)
            rows.append(struct.pack(">II", ends[method], length))
            ends[method] += length
        return full(b"iloc", 1 + self.wide, b"\x44", bytes((4 * indexed,)), self._number(len(self.kinds)), *rows)

    def _properties(self) -> bytes:
        every = [*self.unowned, *dict.fromkeys(one for several in self.owned.values() for one in several)]
        index = {content: place + 1 for place, content in enumerate(every)}
        rows = [
            self._number(number)
            + struct.pack(f">B{len(several)}H", len(several), *(index[one] | _bit(one) for one in several))
            for number, several in self.owned.items()
            if several
        ]
        return box(
            b"iprp", box(b"ipco", *every), full(b"ipma", int(self.wide), struct.pack(">I", len(rows)), *rows, flags=1)
        )


def _group(row: tuple[bytes, list[int]]) -> bytes:
    kind, members = row
    return full(kind, 0, struct.pack(f">{len(members) + 2}I", 999, len(members), *members))


def _bit(content: bytes) -> int:
    return (content[4:8] in _ESSENTIAL) << 15


def taken_apart(data: bytes) -> File:
    """A file that Pillow or libheif wrote."""
    top = {kind: (start, end) for kind, start, end in _inner(data, 0, len(data))}
    start, end = top[b"meta"]
    meta = {kind: (at, stop) for kind, at, stop in _inner(data, start + 4, end)}
    found = File(data[8:12], primary=struct.unpack_from(">H", data, meta[b"pitm"][0] + 4)[0])
    for _, at, _ in _inner(data, meta[b"iinf"][0] + 6, meta[b"iinf"][1]):
        number = struct.unpack_from(">H", data, at + 4)[0]
        found.kinds[number], found.owned[number] = data[at + 8 : at + 12], []
        found.hidden |= {number} if data[at + 3] & 1 else set()
    _read_payloads(data, found, meta[b"iloc"][0])
    for kind, at, _ in _inner(data, meta[b"iref"][0] + 4, meta[b"iref"][1]) if b"iref" in meta else ():
        holder, count = struct.unpack_from(">HH", data, at)
        found.references.append((kind, holder, list(struct.unpack_from(f">{count}H", data, at + 4))))
    iprp = {kind: (at, stop) for kind, at, stop in _inner(data, *meta[b"iprp"])}
    boxes = [data[at - 8 : stop] for _, at, stop in _inner(data, *iprp[b"ipco"])]
    at = iprp[b"ipma"][0] + 8
    for _ in range(struct.unpack_from(">I", data, at - 4)[0]):
        number, count = struct.unpack_from(">HB", data, at)
        found.owned[number] = [boxes[(index & 127) - 1] for index in data[at + 3 : at + 3 + count]]
        at += 3 + count
    return found


def _inner(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start < end:
        length, kind = struct.unpack_from(">I4s", data, start)
        yield kind, start + 8, start + length
        start += length


def _read_payloads(data: bytes, found: File, at: int) -> None:
    """Read box iloc, of lone extents."""
    version, sizes = data[at], struct.unpack_from(">H", data, at + 4)[0]
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    count = struct.unpack_from(">H", data, at + 6)[0]
    at += 8
    for _ in range(count):
        number = struct.unpack_from(">H", data, at)[0]
        at += 6 if version else 4
        start = int.from_bytes(data[at : at + base_size], "big")
        at += base_size + 2
        start += int.from_bytes(data[at : at + offset_size], "big")
        length = int.from_bytes(data[at + offset_size : at + offset_size + length_size], "big")
        found.payloads[number] = data[start : start + length]
        at += offset_size + length_size


def avif(pixels: Pixels, **options: Any) -> File:
    """An AVIF by Pillow of the pixels, nearly without loss."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "AVIF", quality=95, subsampling="4:4:4", speed=9, **options)
    return taken_apart(out.getvalue())


def heic(heif: Any, pixels: Pixels, **options: Any) -> File:
    """A HEIC by libheif; ``heif`` is the module pillow_heif."""
    out = io.BytesIO()
    heif.from_pillow(Image.fromarray(pixels)).save(out, quality=95, chroma=444, **options)
    return taken_apart(out.getvalue())


def grid(tiles: list[File], columns: int, width: int, height: int) -> File:
    """A picture of ``width`` x ``height`` put together of the first items of equal files."""
    made = File(tiles[0].brand)
    layout = struct.pack(">BBBBHH", 0, 0, len(tiles) // columns - 1, columns - 1, width, height)
    plain = [one for one in tiles[0].owned[1] if one[4:8] in (b"pixi", b"colr")]
    whole = made.add(b"grid", layout, size(width, height), *plain)
    kind = tiles[0].kinds[1]
    numbers = [made.add(kind, tile.payloads[1], *tile.owned[1], hidden=True) for tile in tiles]
    made.references.append((b"dimg", whole, numbers))
    return made


def picture(width: int = 96, height: int = 64, seed: int = 0) -> Pixels:
    """A smooth picture whose borders are red, a sixth of its size on each side."""
    pixels = samples.picture(width, height, seed)
    pixels[: height // 6], pixels[-(height // 6) :] = (255, 0, 0), (255, 0, 0)
    pixels[:, : width // 6], pixels[:, -(width // 6) :] = (255, 0, 0), (255, 0, 0)
    return pixels
