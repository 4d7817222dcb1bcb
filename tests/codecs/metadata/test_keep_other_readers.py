"""Files of every format with pictures planted in all blocks, protected under ``keep`` and read by exiftool."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import PngImagePlugin

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import EncodeOptions

from ..planted import PICTURES, traces, unpacked
from ..samples import FORMATS, picture, save, segment
from .test_keep_policy import EXIF, FIRST, GPS, jpeg_rows, note_of, record, tag_block
from .test_xmp import PROMISES, STAYS, THUMBNAILS, packet

needs_exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool")
JPEG, PLAIN = PICTURES["JPEG"], PICTURES["pixels"]


def exif() -> bytes:
    note = {0x927C: (7, note_of(PLAIN)), 0x9286: (7, b"ASCII\0\0\0" + base64.b64encode(JPEG))}
    return tag_block(FIRST | {0x935C: (7, PLAIN)}, EXIF | note, GPS, JPEG, second=jpeg_rows(JPEG))


def xmp() -> bytes:
    promises = "".join(f'<z:{name} xmlns:z="{space}">{value}</z:{name}>' for space, name, value in PROMISES)
    return packet(THUMBNAILS.format(base64.b64encode(JPEG).decode()) + promises)


def source(format_name: str) -> bytes:
    """A photo whose every block holds pictures; written by Pillow."""
    shown = picture(72, 40, seed=13)
    if format_name == "jpeg":
        plain = save(shown, "jpeg", exif=b"Exif\0\0" + exif())
        records = record(2, 5, b"A long evening") + record(2, 202, JPEG)
        resource = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + records
        blocks = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp()) + segment(0xED, b"Photoshop 3.0\0" + resource)
        return plain[:2] + blocks + segment(0xFE, base64.b64encode(JPEG)) + plain[2:] + JPEG
    if format_name == "png":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp().decode(), zip=True)
        info.add_text("Preview", base64.b64encode(JPEG).decode(), zip=True)
        return save(shown, "png", pnginfo=info, exif=exif())
    if format_name == "tiff":
        tags: dict[int, Any] = {
            0x013B: "Artemisia Painter",
            0x02BC: xmp(),
            0x935C: PLAIN,
            0x8649: b"8BIM\x04\x0c" + JPEG,
        }
        return save(shown, "tiff", tiffinfo=tags)
    return save(shown, format_name, exif=exif(), xmp=xmp())


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("original", FORMATS)
def test_nothing_planted_is_found_by_bytes(original: str, target: str) -> None:
    data = source(original)
    assert [name for name, seen in (("a", JPEG), ("b", PLAIN)) if any(t in unpacked(data) for t in traces(seen))]
    photo = codecs.decode(data)
    written = codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format=target, metadata="keep"))
    found = unpacked(written)
    assert [trace for trace in (*traces(JPEG), *traces(PLAIN)) if trace in found] == []
    assert b"Artemisia Painter" in found
    assert STAYS.encode() in found
    assert np.abs(codecs.decode(written).pixels.astype(int) - photo.pixels).mean() < 12


@needs_exiftool
@pytest.mark.parametrize("original", FORMATS)
def test_nothing_planted_is_found_by_exiftool(original: str, tmp_path: Path) -> None:
    photo = codecs.decode(source(original))
    file = tmp_path / f"photo.{original}"
    file.write_bytes(codecs.encode(photo.pixels, like=photo, options=EncodeOptions(metadata="keep")))
    extracted = subprocess.run(["exiftool", "-a", "-b", "-all", file], capture_output=True, check=True).stdout
    assert [trace for trace in (*traces(JPEG), *traces(PLAIN)) if trace in extracted] == []
    listed = subprocess.run(["exiftool", "-a", "-G1", "-s", "-j", file], capture_output=True, check=True).stdout
    tags = {name.rpartition(":")[2]: value for name, value in json.loads(listed)[0].items()}
    assert {name for _, name, _ in PROMISES} & set(tags) == set()
    assert not [name for name in tags if "Thumbnail" in name or "Preview" in name]
    assert tags["Artist"] == "Artemisia Painter"
    assert tags["Title"] == "A <long> evening"
    if original != "tiff":  # the sample TIFF has one directory
        assert tags["LensModel"] == "Lens 35mm F1.8"
        assert tags["GPSLatitude"].startswith("52 deg")
