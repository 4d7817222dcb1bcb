"""Photos made in code, with the metadata that a phone writes. Files are built with Pillow, independently of the codecs
under test; what Pillow cannot write is spliced in by hand."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from pixelpriv_fast.codecs.formats import codec
from pixelpriv_fast.registry import CODECS
from pixelpriv_fast.types import Pixels

from .profiles import srgb_icc

#: What the base package reads; a format of an extra has tests of its own beside the contract's.
FORMATS = tuple(name for name in CODECS if codec(name).extra is None)

#: Words that must not survive the private policy, and where they stand in the sample's EXIF, XMP, IPTC, text.
SECRETS = {
    "owner": b"Wilhelmina Ownersdotter",
    "artist": b"Artemisia Painter",
    "copyright": b"(c) Somebody Named",
    "body serial": b"BODY-0042-SERIAL",
    "lens serial": b"LENS-0815-SERIAL",
    "host": b"wilhelminas-phone",
    "maker note": b"MAKERNOTE-PRIVATE-BLOB",
    "comment": b"at grandmother's kitchen",
    "unique id": b"UNIQUE-IMAGE-ID-0123456789",
    "gps area": b"GPSAREA Home Street 7",
    "thumbnail": b"THUMBNAIL-PIXELS-OF-THE-ORIGINAL",
    "title": b"Kitchen of the Ownersdotters",
    "xmp": b"XMP-LOCATION-CITY",
    "iptc": b"IPTC-KEYWORD-KITCHEN",
    "text": b"TEXT-CHUNK-SECRET",
}
KEPT = {"make": b"TESTCAM WORKS", "model": b"Model T-1000", "time": b"2024:05:06 07:08:09", "lens": b"Lens 35mm F1.8"}
GPS_LATITUDE = struct.pack("<6I", 52, 1, 31, 1, 98765, 3457)  # as three fractions


def picture(width: int = 64, height: int = 48, seed: int = 0) -> Pixels:
    """Smooth colours with some texture: compresses like a photo, every corner differs."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    rng = np.random.default_rng(seed)
    planes = [120 + 100 * np.sin(x / 9 + p) * np.cos(y / 7 - p) for p in (0.0, 1.0, 2.0)]
    texture = rng.normal(0, 4, (height, width, 1))
    return np.clip(np.stack(planes, 2) + texture, 0, 255).astype(np.uint8)


def exif_block(orientation: int = 1, order: str = "<") -> bytes:
    """EXIF with two directories, GPS, maker note and a thumbnail; written here byte by byte."""
    text = {name: secret + b"\0" for name, secret in (SECRETS | KEPT).items()}
    first = {
        0x010E: (2, text["title"]),
        0x010F: (2, text["make"]),
        0x0110: (2, text["model"]),
        0x0112: (3, struct.pack(order + "H", orientation)),
        0x013B: (2, text["artist"]),
        0x013C: (2, text["host"]),
        0x0132: (2, text["time"]),
        0x8298: (2, text["copyright"]),
    }
    inner = {
        0x829A: (5, struct.pack(order + "II", 1, 125)),
        0x9003: (2, text["time"]),
        0x927C: (7, text["maker note"]),
        0x9286: (7, b"ASCII\0\0\0" + text["comment"]),
        0xA002: (4, struct.pack(order + "I", 9999)),
        0xA003: (3, struct.pack(order + "H", 8888)),
        0xA420: (2, text["unique id"]),
        0xA430: (2, text["owner"]),
        0xA431: (2, text["body serial"]),
        0xA434: (2, text["lens"]),
        0xA435: (2, text["lens serial"]),
    }
    gps = {1: (2, b"N\0"), 2: (5, GPS_LATITUDE), 0x1C: (7, text["gps area"])}
    thumbnail = b"\xff\xd8\xff\xfe" + SECRETS["thumbnail"] + b"\xff\xd9"
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8))
    inner_at = 8 + 2 + 12 * (len(first) + 2) + 4
    gps_at = inner_at + 2 + 12 * len(inner) + 4
    second_at = gps_at + 2 + 12 * len(gps) + 4
    values_at = second_at + 2 + 12 * 2 + 4
    values = bytearray()
    first |= {0x8769: (4, struct.pack(order + "I", inner_at)), 0x8825: (4, struct.pack(order + "I", gps_at))}

    def directory(entries: dict[int, tuple[int, bytes]], following: int) -> bytes:
        rows = struct.pack(order + "H", len(entries))
        for tag in sorted(entries):
            kind, value = entries[tag]
            count = len(value) // {2: 1, 3: 2, 4: 4, 5: 8, 7: 1}[kind]
            rows += struct.pack(order + "HHI", tag, kind, count)
            if len(value) <= 4:
                rows += value.ljust(4, b"\0")
            else:
                rows += struct.pack(order + "I", values_at + len(values))
                values.extend(value)
        return rows + struct.pack(order + "I", following)

    out += directory(first, second_at) + directory(inner, 0) + directory(gps, 0)
    all_values = sum(len(v) for d in (first, inner, gps) for _, v in d.values() if len(v) > 4)
    place = {
        0x0201: (4, struct.pack(order + "I", values_at + all_values)),
        0x0202: (4, struct.pack(order + "I", len(thumbnail))),
    }
    out += directory(place, 0)
    return bytes(out + values + thumbnail)


def xmp_packet(orientation: int = 1) -> bytes:
    return (
        b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="%d">'
        % orientation
        + b"<photoshop:City>"
        + SECRETS["xmp"]
        + b"</photoshop:City></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def iptc_records() -> bytes:
    word = SECRETS["iptc"]
    return b"\x1c\x02\x19" + len(word).to_bytes(2, "big") + word


def save(pixels: Pixels | Image.Image, format_name: str, **options: Any) -> bytes:
    """A file by Pillow."""
    out = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(out, format_name.upper(), **options)
    return out.getvalue()


def with_everything(format_name: str, pixels: Pixels, orientation: int = 1, icc: bytes | None = None) -> bytes:
    """A file of the format with ICC, EXIF, XMP and, where it can hold them, IPTC and text."""
    icc, exif = icc or srgb_icc(), exif_block(orientation)
    if format_name == "jpeg":
        plain = save(pixels, "jpeg", quality=90, dpi=(300, 300), icc_profile=icc, exif=b"Exif\0\0" + exif)
        packet = b"http://ns.adobe.com/xap/1.0/\0" + xmp_packet(orientation)
        resource = (
            b"8BIM\x04\x0c\0\0\0\0\0\x08" + SECRETS["thumbnail"][:8]
        )  # a thumbnail stands before the IPTC records
        resource += b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc_records())) + iptc_records()
        blocks = segment(0xE1, packet) + segment(0xED, b"Photoshop 3.0\0" + resource) + segment(0xFE, SECRETS["text"])
        return plain[:2] + blocks + plain[2:]
    if format_name == "png":
        info = PngImagePlugin.PngInfo()
        info.add_text("Author", SECRETS["text"].decode(), zip=True)
        info.add_text("Title", SECRETS["title"].decode())
        info.add_itxt("XML:com.adobe.xmp", xmp_packet(orientation).decode())
        return save(pixels, "png", pnginfo=info, icc_profile=icc, exif=exif, dpi=(300, 300))
    if format_name == "tiff":
        tags = {0x0112: orientation, 0x010F: KEPT["make"].decode(), 0x0110: KEPT["model"].decode()}
        tags |= {
            0x0132: KEPT["time"].decode(),
            0x013B: SECRETS["artist"].decode(),
            0x8298: SECRETS["copyright"].decode(),
        }
        tags |= {0x010E: SECRETS["title"].decode(), 0x013C: SECRETS["host"].decode(), 0x02BC: xmp_packet(orientation)}
        return save(pixels, "tiff", tiffinfo=tags, icc_profile=icc, dpi=(300, 300), compression="tiff_adobe_deflate")
    options: dict[str, Any] = {"lossless": True} if format_name == "webp" else {"quality": 95, "subsampling": "4:4:4"}
    return save(pixels, format_name, icc_profile=icc, exif=exif, xmp=xmp_packet(orientation), **options)


def seeds(format_name: str) -> list[bytes]:
    """Good files of one format to damage, with and without metadata; "heic" and "gif" besides ``FORMATS``. Skips the
    test where pillow-heif is missing."""
    if format_name == "gif":
        return [save(picture(), "gif")]
    if format_name == "heic":
        heif = pytest.importorskip("pillow_heif", reason="HEIC: [heic]")
        out = io.BytesIO()
        heif.from_bytes("RGB", (64, 48), picture().tobytes()).save(out, quality=90, exif=exif_block())
        return [out.getvalue()]
    return [with_everything(format_name, picture(), 6), save(picture(), format_name)]


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def raw_png(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG of any header; ``rows`` are filtered rows, ``extra`` finished chunks before the pixels."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + extra
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )


def animated(format_name: str) -> bytes:
    frames = [Image.fromarray(picture(seed=seed)) for seed in range(3)]
    return save(frames[0], format_name, save_all=True, append_images=frames[1:])
