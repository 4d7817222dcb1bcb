"""A format that the package does not have: PPM, as somebody would add it. One class, and one row in ``CODECS``."""

from __future__ import annotations

import numpy as np

from pixelpriv_fast.codecs.contract import Codec, Damaged, EncodeJob, Header
from pixelpriv_fast.types import Photo


class Ppm(Codec[int]):
    """Portable pixmaps, binary and without comments; ``parse`` hands on where the pixels start."""

    name = "ppm"
    suffixes = (".ppm", ".pnm")
    has_alpha = False
    can_lossless = True
    can_lossy = False
    max_side = 65_535

    def matches(self, data: bytes) -> bool:
        return data.startswith(b"P6\n")

    def parse(self, data: bytes) -> tuple[Header, int]:
        lines = data[:64].split(b"\n", 3)
        width, height = map(int, lines[1].split())
        start = sum(len(line) + 1 for line in lines[:3])
        if lines[2] != b"255" or len(data) != start + 3 * width * height:
            raise Damaged("the pixels are cut off")
        return Header("ppm", width, height, lossless=True), start

    def decode(self, data: bytes, header: Header, parsed: int) -> Photo:
        pixels = np.frombuffer(data, np.uint8, offset=parsed).reshape(header.height, header.width, 3)
        return Photo(pixels.copy(), self.name, lossless=True)

    def encode(self, job: EncodeJob) -> bytes:
        height, width = job.pixels.shape[:2]
        return b"P6\n%d %d\n255\n" % (width, height) + job.pixels.tobytes()


class ReadOnly(Ppm):
    """The same, and not to be written."""

    can_write = False
