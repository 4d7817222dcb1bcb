"""Metrics of single photos: ``score`` for one photo, and the answers behind ``pixelpriv score``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from .. import defaults
from ..codecs import Limits
from ..codecs.sources import Source, load
from ..codecs.transparency import shown
from ..errors import PhotoError, UsageError
from ..metrics import Metric, create, raised, rate, warm_up
from ..registry import METRICS
from ..types import Pixels

_BATCH = defaults.BATCH


def score(
    image: Source,
    metric: str | Metric = "nima",
    *,
    original: Source | None = None,
    models: str | os.PathLike[str] | None = None,
    device: str = "auto",
) -> float:
    """Measure one photo; one with transparency as it is over white.

    Parameters
    ----------
    image : path, bytes, PIL image or uint8 array of shape (height, width, 3), RGB
        The photo.
    metric : str or Metric
        A name from the registry, or a metric. For many photos keep ``metrics.NIMA(...)``: it loads its network once.
    original : like ``image``, optional
        What metrics with a reference ("psnr", "ssim", "ssimulacra2") compare with.
    models : path, optional
        Folder of models in which a named metric's network is looked for first.
    device : str
        A word of ``words.Device``: where a named metric's network runs.

    Returns
    -------
    float
        The metric's figure; its class says what range it has and whether higher is better.

    Raises
    ------
    UsageError
        If the metric is unknown, or compares and no original is given.
    PhotoError
        If a photo cannot be read or rated.
    ModelError
        If the metric's network is missing or damaged.
    DeviceError
        If the requested device does not work.
    """
    chosen = create(metric, models=models, device=device) if isinstance(metric, str) else metric
    if chosen.reference and original is None:
        name = METRICS.name_of(chosen) or type(chosen).__name__
        raise UsageError(f"{name} compares with the original; give it: score(image, ..., original=...)")
    pixels = shown(load(image, Limits()))
    return float(chosen(pixels, pixels if original is None else shown(load(original, Limits()))))


def score_files(
    paths: Sequence[Path],
    names: Sequence[str] = ("nima",),
    *,
    models: Path | None = None,
    device: str = "auto",
    preset: str | None = None,
) -> Iterator[dict[str, Any] | PhotoError]:
    """Measure photo files by metrics that need no original.

    Parameters
    ----------
    paths : sequence of Path
        The photos.
    names : sequence of str
        The metrics.
    models : Path, optional
        Folder of models that is searched first.
    device : str
        A word of ``words.Device``.
    preset : str, optional
        A word of ``words.NimaPreset``; None for NIMA's default.

    Yields
    ------
    dict or PhotoError
        For every photo ``{source, metrics: {name: figure}}``; for one that cannot be read or rated, its error.

    Raises
    ------
    UsageError
        If a metric is unknown or compares with an original. Raised before the first photo is read.
    ModelError
        If a network is missing or damaged. Raised before the first photo is read.
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
        return shown(load(path, Limits()))
    except PhotoError as error:
        return error
