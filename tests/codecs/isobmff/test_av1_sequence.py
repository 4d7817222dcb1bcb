"""The header of an AV1 picture, as the encoder writes it and in the forms that it does not write."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.codecs.isobmff.av1_sequence import Sequence, read_sequence

from .. import samples
from ..box_files import taken_apart


def sequence_header(
    width: int, height: int, code_points: tuple[int, int] | None = None, reduced: bool = True, timing: bool = False
) -> bytes:
    """A header of 4:4:4 pixels behind an empty unit; ``reduced`` is the short form of still pictures."""
    bits = "001" + ("11" + "01000" if reduced else "10")
    if timing:  # equal ticks of 1, and a model of the decoder with delays of 5 bits
        bits += "1" + "0" * 64 + "1" + "1" + "1" + "00100" + "0" * 42
    elif not reduced:
        bits += "0"
    if not reduced:
        bits += "1" + "00001"  # a delay before it is shown, and two operating points, of level 9 and of level 4
        first, second = "0" * 12 + "01001" + "0", "0" * 12 + "00100"
        bits += "".join(point + ("1" + "1" * 11 if timing else "") + "1" + "0011" for point in (first, second))
    bits += "1111" + "1110" + f"{width - 1:016b}{height - 1:015b}"
    bits += "" if reduced else "1" + "1010" + "101"
    bits += "111" + ("" if reduced else "1111" + "1" + "11" + "0" + "1" + "0" + "1" + "101") + "111"
    bits += "0" + ("1" + "".join(f"{number:08b}" for number in (*code_points, 6)) if code_points else "0") + "1"
    size = -(-len(bits) // 8)
    return b"\x12\0\x0a" + bytes((size,)) + int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big")


@pytest.mark.parametrize("reduced", [True, False])
@pytest.mark.parametrize("timing", [False, True])
@pytest.mark.parametrize("code_points", [None, (12, 16)])
def test_all_forms(reduced: bool, timing: bool, code_points: tuple[int, int] | None) -> None:
    data = sequence_header(8000, 6000, code_points, reduced, timing and not reduced)
    assert read_sequence(data + b"frames") == Sequence(8000, 6000, code_points)
    cut = [read_sequence(data[:end]) for end in range(len(data) - 2)]  # what follows is not read
    assert cut == [None] * len(cut)


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0", "4:0:0"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (300, 17), (64, 1025)])
def test_what_the_encoder_writes(sampling: str, width: int, height: int) -> None:
    out = io.BytesIO()
    Image.fromarray(samples.picture(width, height)).save(out, "AVIF", subsampling=sampling, speed=10)
    assert read_sequence(taken_apart(out.getvalue()).payloads[1]) == Sequence(width, height, (1, 13))


def test_other_bytes_are_none() -> None:
    rng = np.random.default_rng(0)
    for length in range(200):
        found = read_sequence(rng.integers(0, 256, length).astype(np.uint8).tobytes())
        assert found is None or found.width <= 65_536
