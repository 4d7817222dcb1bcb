"""Files that are damaged or made to harm: one kind of error, no warning, no memory, no time.

Ten thousand damaged files of seven formats: ``PIXELPRIV_TEST_MUTATIONS=1430 pytest tests/codecs -k mutations``.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.registry import CODECS
from tests.conftest import ROOT

from . import bombs, samples
from .samples import FORMATS

MUTATIONS = int(os.environ.get("PIXELPRIV_TEST_MUTATIONS", "400"))  # a format; more for a release


def try_decode(data: bytes) -> bool:
    """Whether it decodes; anything but PhotoError of one line is a failure of the test, and so is any warning."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            photo = codecs.decode(data, name="x")
        except PhotoError as error:
            photo, message = None, str(error)
    assert [str(warning.message) for warning in seen] == []
    if photo is None:
        assert message.startswith("x: ")
        assert message.isprintable()
        return False
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape[2] == 3
    return True


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    bad = bytearray(data)
    at = int(rng.integers(0, len(bad)))
    match rng.integers(0, 6):
        case 0:
            del bad[at:]
        case 1:
            for place in rng.integers(0, len(bad), rng.integers(1, 9)):
                bad[place] ^= 1 << rng.integers(0, 8)
        case 2:  # the first bytes hold the headers
            bad[int(rng.integers(0, min(300, len(bad))))] = int(rng.integers(0, 256))
        case 3:
            bad[at : at + int(rng.integers(1, 64))] = bytes(int(rng.integers(0, 64)))
        case 4:
            bad[at:at] = rng.bytes(int(rng.integers(1, 64)))
        case _:
            bad[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0"])
    return bytes(bad)


@pytest.mark.parametrize("format_name", [*CODECS, "gif"])
def test_mutations_raise_nothing_but_photo_errors(format_name: str, capfd: pytest.CaptureFixture[str]) -> None:
    seeds = samples.seeds(format_name)
    rng = np.random.default_rng(20)
    slowest = 0.0
    refused = 0
    for turn in range(MUTATIONS):
        data = mutated(seeds[turn % len(seeds)], rng)
        start = time.process_time()
        refused += not try_decode(data)
        slowest = max(slowest, time.process_time() - start)
    assert refused > MUTATIONS // 13
    assert slowest < 5
    assert capfd.readouterr() == ("", ""), "a decoder wrote to the terminal"


def test_there_are_forty_bombs() -> None:
    assert len(bombs.REFUSED) >= 40


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_file_cut_anywhere_is_never_half_a_photo(format_name: str) -> None:
    data = samples.save(samples.picture(), format_name, **({"quality": 90} if format_name != "tiff" else {}))
    cuts = sorted({1, 2, 3, 8, 12, len(data) - 1, len(data) - 2, *range(0, len(data), max(1, len(data) // 60))})
    kept = [cut for cut in cuts if try_decode(data[:cut])]
    # An uncompressed TIFF from Pillow ends with its pixels, after the directory: no cut is harmless there either. Of
    # these files only the end mark of a JPEG (2 bytes) and of a PNG (12) stand behind the pixels.
    behind = {"jpeg": 2, "png": 12}.get(format_name, 0)
    assert kept == [cut for cut in cuts if len(data) - cut <= behind]
    whole = codecs.decode(data).pixels
    assert all(np.array_equal(codecs.decode(data[:cut]).pixels, whole) for cut in kept)


def test_every_damaged_bit_of_a_pngs_pixels_is_noticed() -> None:
    data = samples.save(samples.picture(16, 12), "png")
    start, end = data.index(b"IDAT") + 4, data.index(b"IEND") - 8
    for at in range(start, end):
        bad = bytearray(data)
        bad[at] ^= 4
        with pytest.raises(PhotoError, match="checksum of chunk IDAT is wrong"):
            codecs.decode(bytes(bad))


def test_jpeg_warnings_are_errors() -> None:
    data = bytearray(samples.save(samples.picture(256, 256), "jpeg", quality=95))
    at = data.index(b"\xff\xda") + 400
    data[at : at + 4] = b"\xff\xd5\xff\xd2"  # stray restart markers inside the pixels
    with pytest.raises(PhotoError, match="damaged"):
        codecs.decode(bytes(data))


@pytest.fixture(scope="module")
def bomb_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bombs")
    for name, make in (bombs.REFUSED | bombs.HARMLESS).items():
        (folder / name).write_bytes(make())
    return folder


@pytest.mark.parametrize("name", sorted(bombs.REFUSED | bombs.HARMLESS))
def test_bombs_are_refused_or_left_out(name: str, bomb_files: Path) -> None:
    assert try_decode((bomb_files / name).read_bytes()) == (name in bombs.HARMLESS)


def test_bombs_cost_neither_time_nor_memory(bomb_files: Path) -> None:
    """In a process of its own, so that the peak of its memory is the bombs'."""
    code = (
        "import pathlib, resource, sys, time\n"
        "from pixelpriv_fast import codecs, errors\n"
        "from tests.codecs import samples\n"
        "for name in samples.FORMATS: codecs.decode(samples.save(samples.picture(), name))\n"  # libraries loaded
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    data, best = path.read_bytes(), 9.0\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    for _ in range(3):\n"
        "        start = time.process_time()\n"
        "        try: codecs.decode(data)\n"
        "        except errors.PhotoError: pass\n"
        "        best = min(best, time.process_time() - start)\n"
        "    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "    print(path.name, round(best * 1000, 2), grown // 1024, sep='\\t')\n"
    )
    command = [sys.executable, "-c", code, str(bomb_files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(lines) == len(bombs.REFUSED | bombs.HARMLESS)
    for name, milliseconds, grown in lines:
        assert float(milliseconds) < 50, name
        assert int(grown) <= 32, name


def test_a_decoder_that_disagrees_with_the_header_is_not_believed() -> None:
    """A second size inside the file, larger than the checked one, must not be what is decoded."""
    webp = bytearray(samples.save(samples.picture(), "webp", exif=samples.exif_block()))
    at = webp.index(b"VP8X") + 12
    webp[at] = 7
    with pytest.raises(PhotoError):
        codecs.decode(bytes(webp))
    jpeg = samples.save(samples.picture(), "jpeg")
    frame = jpeg.index(b"\xff\xc0")
    small = jpeg[frame : frame + 5] + struct.pack(">HH", 1, 1) + jpeg[frame + 9 : frame + 19]
    with pytest.raises(PhotoError):
        codecs.decode(jpeg[:frame] + small + jpeg[frame:])


def test_looping_directories_end() -> None:
    block = bytearray(samples.exif_block())
    first = struct.unpack_from("<H", block, 8)[0]
    struct.pack_into("<I", block, 10 + 12 * first, 8)  # the chain leads back to its first directory
    data = samples.save(samples.picture(), "jpeg", exif=b"Exif\0\0" + bytes(block))
    photo = codecs.decode(data)
    for policy in codecs.POLICIES:
        codecs.encode(photo.pixels, like=photo, options=codecs.EncodeOptions(metadata=policy))
    tiff = bytearray(samples.save(samples.picture(), "tiff"))
    at = struct.unpack_from("<I", tiff, 4)[0]
    count = struct.unpack_from("<H", tiff, at)[0]
    struct.pack_into("<I", tiff, at + 2 + 12 * count, at)
    with pytest.raises(PhotoError, match="2 frames"):
        codecs.decode(bytes(tiff))
