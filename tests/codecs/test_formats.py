"""The table of formats and its contracts."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs.contract import Codec
from pixelpriv_fast.codecs.formats import codec
from pixelpriv_fast.errors import PhotoError, UsageError
from pixelpriv_fast.registry import CODECS
from pixelpriv_fast.types import Photo
from tests.conftest import ROOT

from . import profiles, samples


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
        assert suffix in codecs.known_suffixes()


def usable(name: str) -> Codec[Any]:
    """The codec of a row; skips the test where its extra is not installed."""
    row = codec(name)
    if row.extra is not None:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        for requirement in extras[row.extra]:
            pytest.importorskip(Requirement(requirement).name.replace("-", "_"), reason=f"needs [{row.extra}]")
    return row


@pytest.mark.parametrize("name", list(CODECS))
def test_what_a_codec_writes_it_reads(name: str) -> None:
    """Size, pixels, losslessness, alpha and the metadata policy, as the codec's attributes promise."""
    row, pixels = usable(name), samples.picture(61, 43)
    assert row.can_write, "read-only codecs need a test of their own"
    alpha = samples.picture(61, 43, seed=1)[:, :, 0] if row.has_alpha else None
    source = codecs.decode(samples.with_everything("jpeg", pixels))
    like = Photo(pixels, name, alpha, source.metadata, lossless=row.can_lossless)
    written = codecs.encode(pixels, like=like)
    assert written == codecs.encode(pixels, like=like)
    opened = codecs.open(written, name=f"photo{row.suffixes[0]}")
    assert opened.codec is row
    assert opened.header.upright_size == (61, 43)
    assert opened.header.format == name
    photo = opened.decode()
    change = np.abs(photo.pixels.astype(int) - pixels).mean()
    assert photo.lossless == opened.header.lossless == row.can_lossless
    assert change == 0 if row.can_lossless else change < 3
    assert (photo.alpha is not None) == row.has_alpha
    assert samples.SECRETS["owner"] not in written
    assert source.metadata.icc == profiles.srgb_icc()
    assert photo.metadata.icc == profiles.standard()


@pytest.mark.parametrize("name", list(CODECS))
def test_what_a_format_cannot_hold_is_refused(name: str) -> None:
    row, pixels = codec(name), samples.picture()
    transparent = Photo(pixels, name, pixels[:, :, 0])
    if not row.has_alpha:
        with pytest.raises(
            UsageError, match=f"{name} cannot hold the photo's transparency; choose png, webp, tiff or avif"
        ):
            codecs.encode(pixels, like=transparent)
    if row.max_side < 70_000:
        wide = np.zeros((1, row.max_side + 1, 3), np.uint8)
        with pytest.raises(PhotoError, match=f"exceed {name}'s"):
            codecs.encode(wide, like=Photo(wide, name))
    for lossless, possible in ((True, row.can_lossless), (False, row.can_lossy)):
        options = codecs.EncodeOptions(format=name, lossless=lossless)
        if possible:
            codecs.check_options(options)
            assert codecs.is_lossy(options, transparent) != lossless
        else:
            with pytest.raises(UsageError, match=f"{name} is (always|never) lossless"):
                codecs.check_options(options)


@pytest.mark.parametrize("name", [name for name in CODECS if codec(name).extra])
def test_an_extra_is_named_in_the_row(name: str) -> None:
    assert f"[{codec(name).extra}]" in CODECS[name].summary


#: Adds a row for a format that the package does not have, in a process of its own: the tables are read while importing.
_WITH_A_ROW = """
import sys
from pixelpriv_fast.registry import CODECS, Row
CODECS._rows["ppm"] = Row("tests.codecs.dummy_format:" + sys.argv.pop(1), "a dummy")
"""


def with_a_row(which: str, code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _WITH_A_ROW + code, which, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_new_row_is_found_everywhere(tmp_path: Path) -> None:
    """Suffixes, folders, ``--format``, decoding, encoding and the benchmark's cases follow from the row alone."""
    code = """
from pathlib import Path
import numpy as np
from pixelpriv_fast import codecs, errors
from pixelpriv_fast.bench.cases import all_cases
from pixelpriv_fast.cli.options import Format
from pixelpriv_fast.codecs.folders import photos_below
from pixelpriv_fast.errors import known_words
from pixelpriv_fast.types import Photo
from tests.codecs import samples
folder = Path(sys.argv[1])
pixels = samples.picture()
written = codecs.encode(pixels, like=Photo(pixels, "png"), options=codecs.EncodeOptions(format="ppm"))
(folder / ("one" + codecs.suffix_for("ppm"))).write_bytes(written)
assert np.array_equal(codecs.decode(written).pixels, pixels)
assert {".ppm", ".pnm"} <= codecs.known_suffixes()
assert codecs.format_of_path("a.pnm") == "ppm"
assert [name for _, name in photos_below(folder)] == ["one.ppm"]
assert "ppm" in known_words(Format)
assert "codec/ppm" in [case.name for case in all_cases()]
assert "ppm" in samples.FORMATS
try:
    codecs.decode(b"no photo")
except errors.PhotoError as error:
    assert "heic, ppm" in str(error), error
print("found")
"""
    done = with_a_row("Ppm", code, tmp_path)
    assert done.stdout == "found\n", done.stderr


def test_the_command_line_takes_a_new_row(tmp_path: Path) -> None:
    code = "from pixelpriv_fast.cli import main\nsys.argv[0] = 'pixelpriv'\nsys.exit(main())\n"
    listed = with_a_row("Ppm", code, "list", "formats", "--json")
    assert '"name": "ppm"' in listed.stdout, listed.stderr
    refused = with_a_row("Ppm", code, "protect", tmp_path, tmp_path / "out", "--format", "ppn", "--dry-run")
    assert refused.returncode == 2
    assert "did you mean 'ppm'" in " ".join(refused.stderr.split())


def test_a_format_that_is_only_read_is_not_written() -> None:
    code = """
from pixelpriv_fast import codecs, errors
from tests.codecs import samples
try:
    codecs.check_options(codecs.EncodeOptions(format="ppm"))
except errors.UsageError as error:
    print(error)
"""
    done = with_a_row("ReadOnly", code)
    assert done.stdout == "ppm can be read and not written; choose one of jpeg, png, webp, tiff, avif, heic\n", (
        done.stderr
    )


def test_one_magic_each() -> None:
    for name in samples.FORMATS:
        data = samples.save(samples.picture(), name)
        assert [row for row in CODECS if codec(row).matches(data)] == [name]
    assert [row for row in CODECS if codec(row).matches(b"")] == []


def test_unknown_suffixes() -> None:
    assert codecs.format_of_path("notes.txt") is None
    assert codecs.format_of_path("README") is None
    with pytest.raises(UsageError, match=r"notes\.txt: \.txt is not a known photo suffix; use one of .*\.jpg"):
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
