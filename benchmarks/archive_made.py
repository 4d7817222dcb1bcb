"""Makes an archive for measurements out of a few photos: many names, nested folders, formats and sizes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_FORMATS = (
    ("jpg", "JPEG", {"quality": 92}),
    ("png", "PNG", {}),
    ("webp", "WEBP", {"quality": 92}),
    ("tif", "TIFF", {"compression": "tiff_lzw"}),
)
_SCALES = (1.0, 0.75, 1.25, 0.5)


def fill(folder: Path, sources: Sequence[Path], count: int, distinct: int) -> None:
    """Write ``count`` photos below ``folder``: copies of ``distinct`` pictures in several formats and sizes.

    The pictures come from the folders ``sources`` in turn; a folder that is named twice gives twice as many. One pixel differs
    in each copy. Every run of ``distinct`` numbers holds each picture once.
    """
    pictures = _pictures(sources, distinct)
    kinds = list(itertools.product(_SCALES, _FORMATS))
    for number in range(count):
        which = number % distinct
        scale, (suffix, name, options) = kinds[
            (which + which // len(sources)) % len(kinds)
        ]  # every folder in all kinds
        photo = pictures[which]
        photo = photo.resize((max(32, int(photo.width * scale)), max(32, int(photo.height * scale))))
        photo.putpixel((0, 0), (number % 256, number // 256 % 256, 0))
        path = folder / f"{number % 20:02}" / f"photo {number:05}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        photo.save(path, name, **options)


def number_of(path: Path) -> int:
    """Return the number of a photo that ``fill`` made."""
    return int(path.stem.split()[1])


def _pictures(sources: Sequence[Path], distinct: int) -> list[Image.Image]:
    found = {folder: _photos(folder) for folder in dict.fromkeys(sources)}
    queues = {folder: itertools.cycle(paths) for folder, paths in found.items()}
    pictures = []
    for folder in itertools.islice(itertools.cycle(sources), distinct):
        with Image.open(next(queues[folder])) as opened:
            pictures.append(opened.convert("RGB"))
    return pictures


def _photos(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise SystemExit(f"no photo below {folder}")
    return paths[:: max(1, len(paths) // 200)]  # all over the folder: neighbours are of one kind
