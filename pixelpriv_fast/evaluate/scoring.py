"""How photos are rated: ``score`` for one photo, and the answers behind ``pixelpriv score``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ..codecs import Limits
from ..codecs.sources import Source, load
from ..errors import PhotoError, UsageError
from ..metrics import Metric, create, raised, rate, warm_up
from ..registry import METRICS
from ..types import Pixels

_BATCH = 16


def score(
    image: Source,
    metric: str | Metric = "nima",
    *,
    original: Source | None = None,
    models: str | os.PathLike[str] | None = None,
    device: str = "auto",
) -> float:
    """One figure for ``image`` (path, bytes, PIL image or (height, width, 3) uint8 RGB array).

    ``metric``: a name from the registry, or a metric; keep ``metrics.NIMA(...)`` for many photos, it loads its network
    once. ``original``: what "psnr" and "ssim" compare with. ``models``, ``device``: where a named metric's network is
    looked for first, and where it runs. Raises ``UsageError``, ``PhotoError``, ``ModelError`` or ``DeviceError``.
    """
    chosen = create(metric, models=models, device=device) if isinstance(metric, str) else metric
    if chosen.reference and original is None:
        name = METRICS.name_of(chosen) or type(chosen).__name__
        raise UsageError(f"{name} compares with the original; give it: score(image, ..., original=...)")
    pixels = load(image, Limits()).pixels
    return float(chosen(pixels, pixels if original is None else load(original, Limits()).pixels))


def score_files(
    paths: Sequence[Path],
    names: Sequence[str] = ("nima",),
    *,
    models: Path | None = None,
    device: str = "auto",
    preset: str | None = None,
) -> Iterator[dict[str, Any] | PhotoError]:
    """For every photo ``{source, metrics: {name: figure}}``; for one that cannot be read or rated its error.

    ``names``: metrics that need no original. ``preset``: NIMA's, None for its default. Raises ``UsageError`` or
    ``ModelError`` before the first photo is read.
    """
    options = {"models": models, "device": device} | ({} if preset is None else {"preset": preset})
    metrics = {name: create(name, **options) for name in names}
    for name, metric in metrics.items():
        if metric.reference:
            raise UsageError(f"{name} compares with the original: use pixelpriv evaluate ORIGINALS PROTECTED")
        warm_up(metric)
    remaining = iter(paths)
    while batch := list(islice(remaining, _BATCH)):
        yield from _score_batch(batch, metrics)


def _score_batch(paths: Sequence[Path], metrics: dict[str, Metric]) -> Iterator[dict[str, Any] | PhotoError]:
    read = [_read(path) for path in paths]
    photos = [photo for photo in read if not isinstance(photo, PhotoError)]
    figures = {name: iter(rate(metric, photos)) for name, metric in metrics.items()}
    for path, photo in zip(paths, read, strict=True):
        if isinstance(photo, PhotoError):
            yield photo
            continue
        try:
            yield {"source": str(path), "metrics": {name: raised(next(row)) for name, row in figures.items()}}
        except PhotoError as error:
            yield PhotoError(f"{path}: {error}")


def _read(path: Path) -> Pixels | PhotoError:
    try:
        return load(path, Limits()).pixels
    except PhotoError as error:
        return error
