"""The table of formats and its contracts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import PurePath

import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs.formats import codec
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.registry import CODECS
from tests.conftest import ROOT

from . import samples


@pytest.mark.parametrize("name", list(CODECS))
def test_rows_keep_the_contract(name: str) -> None:
    row = codec(name)
    assert row.name == name
    assert CODECS[name].target == f".codecs.{name}:{name.capitalize()}"
    assert row.can_lossless or row.can_lossy
    assert codecs.suffix_for(name) == row.suffixes[0]
    for suffix in row.suffixes:
        assert suffix == suffix.lower()
        assert codecs.format_of_path(f"a/b{suffix.upper()}") == name
        assert codecs.format_for(PurePath(f"a/b{suffix}")) == name
        assert suffix in codecs.KNOWN_SUFFIXES


def test_one_magic_each() -> None:
    for name in samples.FORMATS:
        data = samples.save(samples.picture(), name)
        assert [row for row in CODECS if codec(row).matches(data)] == [name]
    assert [row for row in CODECS if codec(row).matches(b"")] == []


def test_unknown_suffixes() -> None:
    assert codecs.format_of_path("notes.txt") is None
    assert codecs.format_of_path("README") is None
    with pytest.raises(UsageError, match=r"notes\.txt: \.txt is no known photo suffix; use one of .*\.jpg"):
        codecs.format_for("notes.txt")
    with pytest.raises(UsageError, match="did you mean 'jpg'"):
        codecs.suffix_for("jpge")
    assert codecs.suffix_for("jpg") == ".jpg"


def test_importing_loads_no_image_library() -> None:
    code = "import sys, pixelpriv_fast.codecs; print({'PIL', 'simplejpeg', 'pillow_heif'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "set()"


def test_pillows_limits_and_switches_are_left_alone() -> None:
    code = (
        "from PIL import Image, ImageFile\n"
        "from pixelpriv_fast import codecs\n"
        "from tests.codecs import samples\n"
        "before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)\n"
        "for name in samples.FORMATS:\n"
        "    photo = codecs.decode(samples.with_everything(name, samples.picture()))\n"
        "    codecs.encode(photo.pixels, like=photo)\n"
        "print(before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "True"
