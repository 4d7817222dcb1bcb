"""Whatever a caller hands over as a photo is read, opened and decoded alike."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.codecs import Limits, Opened, sources
from pixelpriv_fast.errors import PhotoError

from . import samples

PIXELS = samples.picture()
FILE = samples.save(PIXELS, "png")


@pytest.mark.parametrize("kind", ["path", "str", "bytes", "bytearray", "memoryview", "array", "PIL"])
def test_every_kind_of_source(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(FILE)
    source: Any = {
        "path": path,
        "str": str(path),
        "bytes": FILE,
        "bytearray": bytearray(FILE),
        "memoryview": memoryview(FILE),
        "array": PIXELS,
        "PIL": Image.open(io.BytesIO(FILE)),
    }[kind]
    content = sources.read(source, Limits())
    assert isinstance(content, bytes) == (kind not in ("array", "PIL"))
    opened = sources.open_content(content, sources.name_of(source), Limits())
    assert opened.pixel_count == 64 * 48
    assert np.array_equal(opened.decode().pixels, PIXELS)
    assert np.array_equal(sources.load(source, Limits()).pixels, PIXELS)
    assert sources.weight(source) == (len(FILE) if kind in ("path", "str") else 0)
    assert sources.name_of(source) == (str(path) if kind in ("path", "str") else f"<{type(source).__name__}>")


def test_a_files_header_comes_with_it() -> None:
    opened = sources.open_content(FILE, "photo.png", Limits())
    assert isinstance(opened, Opened)
    assert (opened.header.format, opened.header.width, opened.header.height) == ("png", 64, 48)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (7, "cannot read a photo from int; give a path, bytes, a PIL image or a uint8 RGB array"),
        (PIXELS.astype(np.float32), "array is float32 of shape"),
        (PIXELS[:, :, 0], r"array is uint8 of shape \(48, 64\)"),
        (PIXELS[:0], r"array is empty: shape \(0, 64, 3\)"),
        (FILE[:-20], "here: the file is damaged"),
        (b"", "here: the file is empty"),
    ],
)
def test_what_is_not_a_photo(content: Any, message: str) -> None:
    with pytest.raises(PhotoError, match=message):
        sources.open_content(content, "here", Limits()).decode()


def test_limits_hold_before_reading_and_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(FILE)
    with pytest.raises(PhotoError, match=f"{len(FILE)} bytes, the limit is 10; raise it with --max-bytes"):
        sources.read(path, Limits(max_bytes=10))
    with pytest.raises(PhotoError, match="3,072 pixels exceed the limit of 100"):
        sources.open_content(FILE, "photo.png", Limits(max_pixels=100))
    for missing, message in ((tmp_path / "none.png", "no such file"), (tmp_path, "not a regular file")):
        with pytest.raises(PhotoError, match=message):
            sources.read(missing, Limits())
