"""What programs that are not ours make of written files: exiftool, ImageMagick, Chromium and libheif."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import EncodeOptions
from pixelpriv_fast.types import Photo

from . import samples
from .metadata.test_metadata import searchable

FORMATS = (*samples.FORMATS, *(["heic"] if importlib.util.find_spec("pillow_heif") else []))
COUNT = 100

needs_exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool")
needs_imagemagick = pytest.mark.skipif(
    shutil.which("identify") is None, reason="needs ImageMagick's identify (Debian's package imagemagick)"
)
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")

#: Everything that exiftool may find in a file that was written under the private policy, by its group names: the file
#: system, the format's own structure, the colour profile, and what is worked out from those.
_STRUCTURE = re.compile(
    r"^(SourceFile$|ExifTool:|System:|File:|ICC|Composite:|JFIF:|PNG:|PNG-pHYs:|RIFF:|ItemList:|QuickTime:|Meta:|Ducky:|VP8)"
)
_ALLOWED_EXIF = {
    "Make", "Model", "Orientation", "XResolution", "YResolution", "ResolutionUnit", "DateTimeOriginal", "CreateDate",
    "ModifyDate", "ExifVersion", "LensModel", "LensMake", "ExposureTime", "FNumber", "ISO", "FocalLength", "ColorSpace",
    "ExifImageWidth", "ExifImageHeight", "ComponentsConfiguration", "FlashpixVersion", "YCbCrPositioning",
    "FocalLengthIn35mmFormat", "ExposureProgram", "Flash", "WhiteBalance", "MeteringMode",
}  # fmt: skip
#: TIFF keeps its picture in the very directory that EXIF starts from.
_TIFF_STRUCTURE = {
    "SubfileType", "ImageWidth", "ImageHeight", "BitsPerSample", "Compression", "PhotometricInterpretation", "StripOffsets",
    "SamplesPerPixel", "RowsPerStrip", "StripByteCounts", "PlanarConfiguration", "Predictor", "ExtraSamples",
    "SampleFormat",
}  # fmt: skip


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """``COUNT`` small photos of every format, of many sizes, qualities, with and without metadata and alpha."""
    folder, made = tmp_path_factory.mktemp("outputs"), dict[str, list[Path]]()
    dressed = codecs.decode(samples.with_everything("jpeg", samples.picture(), 1))
    for name in FORMATS:
        made[name] = []
        for n in range(COUNT):
            pixels = samples.picture(16 + 3 * n % 97, 16 + 7 * n % 89, n)
            alpha = None if n % 4 or name in ("jpeg", "heic") else pixels[..., 0].copy()
            like = Photo(pixels, name, alpha, dressed.metadata if n % 2 else Photo(pixels, name).metadata)
            options = EncodeOptions(format=name, quality=70 + n % 31, subsampling=("444", "422", "420")[n % 3])
            path = folder / f"{n:03}{codecs.suffix_for(name)}"
            path.write_bytes(codecs.encode(pixels, like=like, options=options))
            made[name].append(path)
    return made


def exiftool(paths: list[Path]) -> list[dict[str, Any]]:
    command = ["exiftool", "-json", "-G1", "-a", "-u", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    records: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(records) == len(paths)
    return records


@needs_exiftool
@pytest.mark.parametrize("name", FORMATS)
def test_exiftool_opens_every_output(name: str, outputs: dict[str, list[Path]]) -> None:
    for path, record in zip(outputs[name], exiftool(outputs[name]), strict=True):
        assert "ExifTool:Error" not in record, (path, record)
        kind = record["File:MIMEType"].removeprefix("image/")
        assert kind == name or (kind, name) == ("heif", "heic"), path


@needs_exiftool
@pytest.mark.parametrize("source", samples.FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_exiftool_finds_nothing_private(source: str, target: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{codecs.suffix_for(target)}"
    photo = codecs.decode(samples.with_everything(source, samples.picture(), 6))
    path.write_bytes(codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format=target)))
    (record,) = exiftool([path])
    found = {key for key in record if not _STRUCTURE.match(key)}
    allowed = _ALLOWED_EXIF | (_TIFF_STRUCTURE if target == "tiff" else set())
    assert {key for key in found if key.split(":")[1] not in allowed} == set()
    assert {key.split(":")[0] for key in found} <= {"IFD0", "ExifIFD"}
    assert str(record.get("IFD0:Model")) == samples.KEPT["model"].decode()


@needs_exiftool
def test_exiftool_sees_the_secrets_of_the_source(tmp_path: Path) -> None:
    """Otherwise the test above would find nothing for the wrong reason."""
    path = tmp_path / "in.jpg"
    path.write_bytes(samples.with_everything("jpeg", samples.picture(), 6))
    (record,) = exiftool([path])
    assert {"GPS:GPSLatitude", "IFD0:Artist", "ExifIFD:SerialNumber"} <= record.keys()
    assert any(key.startswith("XMP") for key in record)
    assert any(key.startswith("IPTC") for key in record)


#: What exiftool is told to write: in EXIF with GPS, in XMP, and in IPTC where the format holds any.
_FOREIGN = (
    "EXIF:GPSLatitude=52.5166", "EXIF:GPSLatitudeRef=N", "EXIF:GPSLongitude=13.3", "EXIF:GPSLongitudeRef=E",
    "EXIF:Artist=SECRET-artist", "EXIF:ImageDescription=SECRET-title", "EXIF:SerialNumber=SECRET-serial",
    "EXIF:OwnerName=SECRET-owner", "EXIF:UserComment=SECRET-comment", "EXIF:Make=TESTCAM",
    "EXIF:DateTimeOriginal=2024:05:06 07:08:09", "XMP-photoshop:City=SECRET-city", "XMP-aux:SerialNumber=SECRET-aux",
    "XMP-exif:GPSLatitude=52.5166", "XMP-dc:Creator=SECRET-creator", "IPTC:Keywords=SECRET-keyword",
    "IPTC:City=SECRET-place", "IPTC:By-line=SECRET-byline",
)  # fmt: skip
#: How often the word must then stand in the file, so that a search that finds nothing means something.
_SECRETS = {"jpeg": 11, "png": 8, "webp": 8, "tiff": 11, "avif": 8, "heic": 8}


@needs_exiftool
@pytest.mark.parametrize("source", FORMATS)
def test_what_exiftool_wrote_is_gone(source: str, tmp_path: Path) -> None:
    path = tmp_path / f"in{codecs.suffix_for(source)}"
    path.write_bytes(samples.seeds(source)[-1])
    command = ["exiftool", "-q", "-m", "-all=", "-overwrite_original", *(f"-{tag}" for tag in _FOREIGN), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert path.read_bytes().count(b"SECRET-") == _SECRETS[source]
    photo = codecs.decode(path.read_bytes())
    written = []
    for policy in ("private", "none"):
        for target in FORMATS:
            out = tmp_path / f"{policy}{codecs.suffix_for(target)}"
            out.write_bytes(
                codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format=target, metadata=policy))
            )
            found = searchable(out.read_bytes())
            assert b"SECRET-" not in found, out.name
            assert b"SECRET-".hex().encode() not in found, out.name
            written.append(out)
    before, *after = exiftool([path, *written])
    assert {"GPS:GPSLatitude", "XMP-exif:GPSLatitude"} <= before.keys()
    assert ("IPTC:City" in before) == (source in ("jpeg", "png", "tiff"))
    for out, record in zip(written, after, strict=True):
        assert [key for key in record if re.search(r"GPS|^XMP|^IPTC|^Photoshop|Artist|Serial|Owner", key)] == [], (
            out.name
        )
        assert "SECRET-" not in str(record)
        kept = (record.get("IFD0:Make"), record.get("ExifIFD:DateTimeOriginal"))
        wanted = ("TESTCAM", "2024:05:06 07:08:09") if out.stem == "private" else (None, None)
        assert kept == wanted, out.name


@needs_imagemagick
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "heic"])
def test_imagemagick_opens_every_output(name: str, outputs: dict[str, list[Path]]) -> None:
    command = ["identify", "-regard-warnings", "-format", "%m %w %h\n", *map(str, outputs[name])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.split("\n")[:COUNT]
    for path, line in zip(outputs[name], lines, strict=True):
        height, width = codecs.decode(path.read_bytes()).pixels.shape[:2]
        assert line.split()[1:] == [str(width), str(height)], path


def test_libheif_opens_every_heic(outputs: dict[str, list[Path]]) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs the extra [heic]")
    assert len(outputs["heic"]) == COUNT
    for path in outputs["heic"]:
        read = pillow_heif.open_heif(io.BytesIO(path.read_bytes()))
        ours = codecs.decode(path.read_bytes()).pixels
        assert np.array_equal(np.asarray(read.to_pillow().convert("RGB")), ours), path


@pytest.mark.slow
@needs_chromium
def test_chromium_opens_every_output(outputs: dict[str, list[Path]], tmp_path: Path) -> None:
    paths = [path for name in ("jpeg", "png", "webp", "avif") for path in outputs[name]]
    images = "".join(f'<img src="{path.as_uri()}">' for path in paths)
    count = (
        "addEventListener('load', () => document.body.append('sizes ' + "
        "[...document.images].map((i) => i.naturalWidth + 'x' + i.naturalHeight).join(' ') + ' end'))"
    )
    page = tmp_path / "page.html"
    page.write_text(f"<body>{images}<script>{count}</script></body>", encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    command += ["--disable-background-networking", "--disable-component-update", "--virtual-time-budget=20000"]
    command += [f"--user-data-dir={tmp_path / 'user'}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    found = re.search(r"sizes ([\dx ]*) end(?!'\))", done.stdout)
    assert found is not None, done.stderr[-2000:]
    shapes = [codecs.decode(path.read_bytes()).pixels.shape for path in paths]
    assert found.group(1).split() == [f"{width}x{height}" for height, width, _ in shapes]
