"""Small files that promise huge pictures, or make a careless reader work without end."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from . import samples


def _png(width: int, height: int, depth: int = 8, colour: int = 2, extra: bytes = b"") -> bytes:
    return samples.raw_png(width, height, depth, colour, bytes(100_000), extra)


def _png_full() -> bytes:
    """169 million pixels that really are there, in 160 kB."""
    return samples.raw_png(13_000, 13_000, 8, 0, bytes(13_001 * 13_000))


def _apng() -> bytes:
    return _png(64, 48, extra=samples.png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)))


def _packed(kind: bytes, head: bytes) -> bytes:
    """A good small PNG but for a chunk that unpacks to 300 MB."""
    chunk = samples.png_chunk(kind, head + zlib.compress(bytes(300_000_000), 9))
    return _png(64, 48, extra=chunk)


def _patched(format_name: str, find: bytes, skip: int, value: bytes, **options: bool) -> bytes:
    data = bytearray(samples.save(samples.picture(), format_name, **options))
    at = data.index(find) + skip
    data[at : at + len(value)] = value
    return bytes(data)


def _tiff(**changes: int) -> bytes:
    """Pillow's TIFF with tags' values replaced; names are ``t<tag>``."""
    data = bytearray(samples.save(samples.picture(), "tiff", compression="tiff_lzw"))
    at = struct.unpack_from("<I", data, 4)[0]
    for row in range(struct.unpack_from("<H", data, at)[0]):
        tag = struct.unpack_from("<H", data, at + 2 + 12 * row)[0]
        if f"t{tag}" in changes:
            struct.pack_into("<HHII", data, at + 2 + 12 * row, tag, 4, 1, changes[f"t{tag}"])
    return bytes(data)


def _tiff_tiles() -> bytes:
    """A small picture in one tile of 4 gigapixels."""
    entries = {256: 64, 257: 48, 258: 8, 259: 1, 262: 1, 277: 1, 322: 65536, 323: 65536, 324: 8, 325: 100}
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    return b"II*\0" + struct.pack("<I", 200) + bytes(192) + struct.pack("<H", len(entries)) + rows + bytes(4)


def _tiff_tags() -> bytes:
    """A good small picture with 5,000 tags that all hold the whole file of 63 kB."""
    numbers = {256: 64, 257: 48, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 48, 279: 64 * 48}
    size = 12 * 5000
    rows = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in numbers.items()]
    rows += [struct.pack("<HHII", 40_000 + number, 1, size, 8) for number in range(5000)]
    pixels = bytes(64 * 48)
    return (
        b"II*\0"
        + struct.pack("<I", 8 + len(pixels))
        + pixels
        + struct.pack("<H", len(rows))
        + b"".join(rows)
        + bytes(4)
    )


def _tiff_channels() -> bytes:
    """One strip of 65 MB in 64 kB, which a thousand rows of 65,535 channels share."""
    strip = zlib.compress(bytes(65_535_000), 9)
    directory_at = 8 + len(strip) + len(strip) % 2
    lists_at = directory_at + 2 + 12 * 9 + 4
    entries = {256: (4, 1, 1000), 257: (4, 1, 1000), 258: (3, 1, 8), 259: (3, 1, 8), 262: (3, 1, 2)}
    entries |= {273: (4, 1000, lists_at), 277: (3, 1, 65_535), 278: (4, 1, 1), 279: (4, 1000, lists_at + 4000)}
    rows = b"".join(struct.pack("<HHII", tag, *row) for tag, row in sorted(entries.items()))
    lists = struct.pack("<1000I", *[8] * 1000) + struct.pack("<1000I", *[len(strip)] * 1000)
    head = b"II*\0" + struct.pack("<I", directory_at) + strip + bytes(len(strip) % 2)
    return head + struct.pack("<H", len(entries)) + rows + bytes(4) + lists


def _tiff_pages() -> bytes:
    frame = Image.new("L", (8, 8))
    out = io.BytesIO()
    frame.save(out, "TIFF", save_all=True, append_images=[frame] * 200)
    return out.getvalue()


def _interlaced(png: bytes) -> bytes:
    """With the header's last field set, and its checksum right again."""
    head = png[16:28] + b"\1"
    return png[:8] + samples.png_chunk(b"IHDR", head) + png[33:]


def _webp_frames() -> bytes:
    frames = [Image.new("RGB", (32, 32), (n, 0, 0)) for n in range(60)]
    return samples.save(frames[0], "webp", save_all=True, append_images=frames[1:], lossless=True)


def _gif_frames() -> bytes:
    frames = [Image.new("P", (64, 64), colour) for colour in range(100)]
    return samples.save(frames[0], "gif", save_all=True, append_images=frames[1:])


def _jpeg_segments() -> bytes:
    return b"\xff\xd8" + samples.segment(0xE5, b"") * 500_000 + samples.save(samples.picture(), "jpeg")[2:]


def _avif_size(width: int, height: int) -> bytes:
    return _patched("avif", b"ispe", 8, struct.pack(">II", width, height))


#: Good pictures with a bomb beside them, which is left out.
HARMLESS: dict[str, Callable[[], bytes]] = {
    "png text": lambda: _packed(b"zTXt", b"Comment\0\0"),
    "png profile": lambda: _packed(b"iCCP", b"icc\0\0"),
    "png packed xmp": lambda: _packed(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"),
    "png 100 texts": lambda: _png(
        64, 48, extra=samples.png_chunk(b"zTXt", b"A\0\0" + zlib.compress(bytes(4_000_000), 9)) * 100
    ),
    "tiff overlapping tags": _tiff_tags,
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "png 65500 squared": lambda: _png(65_500, 65_500),
    "png widest": lambda: _png(2**31 - 1, 1),
    "png tallest": lambda: _png(1, 2**31 - 1),
    "png largest": lambda: _png(2**31 - 1, 2**31 - 1),
    "png one bit": lambda: _png(100_000, 100_000, 1, 0),
    "png 16 bit": lambda: _png(50_000, 50_000, 16, 6),
    "png 169 MP filled": _png_full,
    "png frames": _apng,
    "jpeg 65500 squared": lambda: _patched("jpeg", b"\xff\xc0", 5, struct.pack(">HH", 65_500, 65_500)),
    "jpeg progressive": lambda: samples.save(samples.picture(), "jpeg", progressive=True).replace(
        struct.pack(">HH", 48, 64), struct.pack(">HH", 65_000, 65_000), 1
    ),
    "jpeg no height": lambda: _patched("jpeg", b"\xff\xc0", 5, b"\0\0"),
    "jpeg segments": _jpeg_segments,
    "webp lossy": lambda: _patched("webp", b"\x9d\x01\x2a", 3, b"\xff\x3f\xff\x3f"),
    "webp lossless": lambda: _patched("webp", b"VP8L", 9, b"\xff\xff\xff\x0f", lossless=True),
    "webp canvas": lambda: b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\xff" * 6,
    "tiff 100000 squared": lambda: _tiff(t256=100_000, t257=100_000),
    "tiff widest": lambda: _tiff(t256=2**32 - 1),
    "tiff strips": lambda: _tiff(t256=60_000, t257=60_000, t278=60_000),
    "tiff tiles": _tiff_tiles,
    "tiff pages": _tiff_pages,
    "tiff channels": _tiff_channels,
    "avif 65536 squared": lambda: _avif_size(65_536, 65_536),
    "avif widest": lambda: _avif_size(2**32 - 1, 1),
    "avif largest": lambda: _avif_size(2**32 - 1, 2**32 - 1),
    "gif frames": _gif_frames,
    "gif screen": lambda: b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + samples.save(samples.picture(), "gif")[10:],
    "png grey alpha": lambda: _png(60_000, 60_000, 16, 4),
    "png palette": lambda: _png(90_000, 90_000, 8, 3, samples.png_chunk(b"PLTE", bytes(768))),
    "png interlaced": lambda: _interlaced(_png(80_000, 80_000)),
    "png just over": lambda: _png(10_001, 10_000),
    "jpeg widest": lambda: _patched("jpeg", b"\xff\xc0", 5, struct.pack(">HH", 2_000, 65_535)),
    "jpeg twelve bits": lambda: _patched("jpeg", b"\xff\xc0", 4, b"\x0c" + struct.pack(">HH", 65_500, 65_500)),
    "webp tall": lambda: _patched("webp", b"\x9d\x01\x2a", 3, struct.pack("<HH", 16_383, 16_383)),
    "webp frames": _webp_frames,
    "tiff one row": lambda: _tiff(t256=2**31 - 1, t257=1),
    "tiff strip bytes": lambda: _tiff(t279=2**32 - 1, t256=65_000, t257=65_000),
    "tiff bits": lambda: _tiff(t258=64, t256=40_000, t257=40_000),
    "tiff samples": lambda: _tiff(t277=65_535, t256=20_000, t257=20_000),
    "avif tallest": lambda: _avif_size(1, 2**32 - 1),
    "avif just over": lambda: _avif_size(10_001, 10_000),
    "bitmap": lambda: b"BM" + struct.pack("<IIIIiiHH", 100, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24) + bytes(60),
    "portable pixmap": lambda: b"P6\n99999 99999\n255\n" + bytes(100),
    "photoshop": lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 300_000, 300_000, 8, 3) + bytes(100),
}
