"""Mutations of good photo files, and what must hold for each: one kind of error, in bounded time.

``tests/stress/container_fuzz.py`` runs a million of them, ``test_fuzzing.py`` a few thousand.
"""

from __future__ import annotations

import io
import struct
import time
import zlib
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, PngImagePlugin

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs.metadata.policies import POLICIES, apply_policy
from pixelpriv_fast.errors import PhotoError

from . import samples

#: Longest that one file may take, in seconds of this process's CPU: its header alone, and all of it.
HEADER_SECONDS, WHOLE_SECONDS = 1.0, 5.0
_LIMITS = codecs.Limits(max_pixels=4_000_000, max_bytes=1_000_000, max_frames=1)


def seeds() -> dict[str, bytes]:
    """Twelve files: every container, each with metadata in as many places as it has."""
    photo = samples.picture()
    plain = {f"{name}_plain": samples.save(photo, name) for name in ("jpeg", "png", "tiff")}
    full = {name: samples.with_everything(name, photo, 6) for name in samples.FORMATS}
    return {**full, **plain, **_further(photo)}


def _further(photo: samples.Pixels) -> dict[str, bytes]:
    blocks = {"exif": samples.exif_block(6), "xmp": samples.xmp_packet(6), "icc_profile": samples.srgb_icc()}
    alpha = np.dstack([photo, photo[:, :, :1]])
    info = PngImagePlugin.PngInfo()
    exif = b"Exif\0\0" + samples.exif_block(6)
    info.add_text("Raw profile type exif", f"\nexif\n{len(exif):8}\n{exif.hex()}\n", zip=True)
    found = {
        "jpeg_progressive": samples.save(photo, "jpeg", progressive=True, quality=80, exif=exif),
        "png_raw_profile": samples.save(photo, "png", pnginfo=info),
        "avif_alpha": samples.save(Image.fromarray(alpha), "avif", quality=80, **blocks),
    }
    try:
        import pillow_heif
    except ImportError:
        return found | {"webp_lossy": samples.save(Image.fromarray(alpha), "webp", quality=80, **blocks)}
    out = io.BytesIO()
    pillow_heif.from_bytes("RGBA", (64, 48), alpha.tobytes()).save(out, quality=90, exif=samples.exif_block(6))
    return found | {"heic": out.getvalue()}


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """Cut, filled, shifted, with changed bits, numbers and copies; a PNG's checksums are often made right again."""
    bad = bytearray(data)
    for _ in range(int(random.integers(1, 4))):
        _mutate(bad, random)
    if bad.startswith(b"\x89PNG") and random.integers(0, 4):
        _mend_checksums(bad)
    return bytes(bad)


def _mutate(bad: bytearray, random: np.random.Generator) -> None:
    if not bad:
        return
    at = int(random.integers(0, len(bad)))
    near = int(random.integers(0, min(400, len(bad))))  # headers stand at the beginning
    match int(random.integers(0, 8)):
        case 0:
            del bad[at:]
        case 1:
            bad[at] ^= 1 << int(random.integers(0, 8))
        case 2:
            bad[near] = int(random.integers(0, 256))
        case 3:
            bad[near : near + 4] = struct.pack(">I", int(random.choice(_NUMBERS)))
        case 4:
            bad[near : near + 2] = struct.pack("<H", int(random.choice(_NUMBERS)) & 0xFFFF)
        case 5:
            del bad[near : near + int(random.integers(1, 64))]
        case 6:
            bad[at:at] = random.bytes(int(random.integers(1, 64)))
        case _:  # a part a second time, elsewhere: tables that name each other, blocks that come twice
            length = int(random.integers(4, 200))
            bad[near:near] = bad[at : at + length]


_NUMBERS = (0, 1, 2, 7, 8, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def _mend_checksums(png: bytearray) -> None:
    at = 8
    while at + 12 <= len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        end = at + 8 + size
        if end + 4 > len(png):
            return
        png[end : end + 4] = zlib.crc32(png[at + 4 : end]).to_bytes(4, "big")
        at = end + 4


@dataclass
class Findings:
    """What a run saw: counts, the slowest file of each reading, and the files that broke a rule."""

    files: int = 0
    accepted: int = 0
    slowest: float = 0.0
    broken: list[tuple[str, str, bytes]] = field(default_factory=list)

    def read(self, name: str, data: bytes, *, whole: bool) -> None:
        """Read a file: its header, or all of it and its metadata under every policy."""
        begin, self.files = time.process_time(), self.files + 1
        try:
            _read_whole(data) if whole else codecs.open(data, name="x", limits=_LIMITS)
            self.accepted += 1
        except PhotoError as error:
            if not str(error).isprintable() or not str(error).startswith("x: "):
                self.broken.append((name, f"message {str(error)!r}", data))
        except Exception as error:  # noqa: BLE001 - any other kind is what is looked for
            self.broken.append((name, f"{type(error).__name__}: {error}", data))
        taken = time.process_time() - begin
        self.slowest = max(self.slowest, taken)
        if taken > (WHOLE_SECONDS if whole else HEADER_SECONDS):
            self.broken.append((name, f"{taken:.2f} s", data))


def _read_whole(data: bytes) -> None:
    photo = codecs.decode(data, name="x", limits=_LIMITS)
    height, width = photo.pixels.shape[:2]
    for policy in POLICIES:
        apply_policy(photo.metadata, policy, width, height)


def fuzz(count: int, *, whole: bool, seed: int = 0) -> Findings:
    """Read ``count`` mutations of the seeds in turn."""
    random, files, found = np.random.default_rng(seed), list(seeds().items()), Findings()
    for number in range(count):
        name, good = files[number % len(files)]
        found.read(name, mutated(good, random), whole=whole)
    return found
