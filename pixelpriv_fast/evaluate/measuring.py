"""Measures pairs of photo files: what a classifier sees in them, and their metrics."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from .. import defaults
from ..channels.panel import Panel
from ..channels.readings import PanelReader, PanelReadings
from ..codecs import Limits
from ..codecs.sources import load
from ..codecs.transparency import shown
from ..errors import PhotoError, UsageError
from ..metrics import Metric, figure, raised, rate
from ..models import Classifier
from ..runtime.device import threads
from ..types import Logits, Pixels, Prediction, Survival
from .pairs import PhotoPair

A = TypeVar("A")
B = TypeVar("B")

_TOP = 5
#: Maximum number of photos, and of pixels of the originals, in a batch: this bounds memory.
_BATCH = defaults.BATCH
_BATCH_PIXELS = 16_000_000


@dataclass(frozen=True, slots=True)
class PhotoMeasurement:
    """What was measured of one photo file.

    Attributes
    ----------
    prediction : Prediction
        The classifier's answer.
    top1, top5 : bool
        Whether an accepted class is the most probable one, or among the five most probable.
    metrics : mapping of str to float or None
        Metric -> figure; None if it has none for this photo.
    """

    prediction: Prediction
    top1: bool
    top5: bool
    metrics: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class PairMeasurement:
    """What was measured of one pair of files.

    Attributes
    ----------
    pair : PhotoPair
        The files.
    accepted : tuple of int
        The class indices that are right for the photo.
    original : PhotoMeasurement
        Of the original; its ``metrics`` are those that need no original.
    protected : PhotoMeasurement
        Of the protected file.
    survival : Survival or None
        What the protected file survives; None where that was not asked.
    """

    pair: PhotoPair
    accepted: tuple[int, ...]
    original: PhotoMeasurement
    protected: PhotoMeasurement
    survival: Survival | None = None


@dataclass(slots=True)
class _Loaded:
    pair: PhotoPair
    original: Pixels
    protected: Pixels
    compared: dict[str, float | None]  #: figures of the metrics that compare with the original


def measure(
    pairs: Iterable[PhotoPair],
    labels: Mapping[str, tuple[int, ...]],
    classifier: Classifier,
    metrics: Mapping[str, Metric],
    limits: Limits | None = None,
    panel: Panel | None = None,
) -> Iterator[PairMeasurement | PhotoError]:
    """Measure pairs of files, in order; photos with transparency as they are over white.

    Memory is bounded: files are decoded by threads, a few ahead of the networks.

    Parameters
    ----------
    pairs : iterable of PhotoPair
        The files.
    labels : mapping of str to tuple of int
        Pair name -> accepted class indices.
    classifier : Classifier
        The classifier whose accuracy is measured.
    metrics : mapping of str to Metric
        Metrics by name. One that compares with the original gives None if the sizes differ, or if it cannot rate
        the photo.
    limits : Limits, optional
        Limits of the files; None for the defaults.
    panel : Panel, optional
        Treatments that originals and protected files are put to: which of them the protection survives. A class is read if it
        is accepted, or the original's top-1.

    Yields
    ------
    PairMeasurement or PhotoError
        One for every pair; the error if a file cannot be read or rated.
    """
    bounds = limits or Limits()
    compare = {name: metric for name, metric in metrics.items() if metric.reference}
    alone = {name: metric for name, metric in metrics.items() if not metric.reference}
    reader = None if panel is None else PanelReader(panel, [classifier])
    workers = threads()
    with ThreadPoolExecutor(workers, thread_name_prefix="pixelpriv-read") as pool:
        loaded = _ahead(pool, lambda pair: _load(pair, compare, bounds), pairs, 2 * workers)
        for batch in _batches(loaded):
            good = [item for item in batch if isinstance(item, _Loaded)]
            rows = iter(_rows(good, labels, classifier, alone, reader)) if good else iter(())
            yield from (item if isinstance(item, PhotoError) else next(rows) for item in batch)


def _ahead(pool: ThreadPoolExecutor, work: Callable[[A], B], items: Iterable[A], window: int) -> Iterator[B]:
    """Yield ``work`` of every item in order, with at most ``window`` results in progress or waiting."""
    pending: deque[Future[B]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) >= window:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _load(pair: PhotoPair, metrics: Mapping[str, Metric], limits: Limits) -> _Loaded | PhotoError:
    try:
        original, protected = shown(load(pair.original, limits)), shown(load(pair.protected, limits))
    except PhotoError as error:
        return error
    same = original.shape == protected.shape
    compared = {name: figure(metric, protected, original) if same else None for name, metric in metrics.items()}
    return _Loaded(pair, original, protected, compared)


def _batches(loaded: Iterable[_Loaded | PhotoError]) -> Iterator[list[_Loaded | PhotoError]]:
    batch: list[_Loaded | PhotoError] = []
    pixels = 0
    for item in loaded:
        batch.append(item)
        pixels += item.original.size // 3 if isinstance(item, _Loaded) else 0
        if len(batch) == _BATCH or pixels >= _BATCH_PIXELS:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _rows(
    batch: Sequence[_Loaded],
    labels: Mapping[str, tuple[int, ...]],
    classifier: Classifier,
    metrics: Mapping[str, Metric],
    reader: PanelReader | None,
) -> list[PairMeasurement | PhotoError]:
    # Originals and results side by side in one call: one batch for the networks, and the same treatment for both.
    photos = [photo for item in batch for photo in (item.original, item.protected)]
    logits = classifier(photos)
    predictions = classifier.predictions(logits)
    figures = {name: rate(metric, photos) for name, metric in metrics.items()}
    survivals: Sequence[Survival | None] = [None] * len(batch)
    if reader is not None:
        hidden = [{*labels[item.pair.name], predictions[2 * at].index} for at, item in enumerate(batch)]
        originals = [
            PanelReadings(item.original, (tuple(classes),)) for item, classes in zip(batch, hidden, strict=True)
        ]
        survivals = reader.survival(originals, [item.protected for item in batch])

    def seen(at: int, accepted: tuple[int, ...], compared: Mapping[str, float | None]) -> PhotoMeasurement:
        rated = {name: raised(row[at]) for name, row in figures.items()}
        return PhotoMeasurement(predictions[at], *hits(logits[at], accepted), {**rated, **compared})

    rows: list[PairMeasurement | PhotoError] = []
    for index, item in enumerate(batch):
        accepted = labels[item.pair.name]
        try:
            before, after = seen(2 * index, accepted, {}), seen(2 * index + 1, accepted, item.compared)
            rows.append(PairMeasurement(item.pair, accepted, before, after, survivals[index]))
        except PhotoError as error:
            rows.append(PhotoError(f"{item.pair.name}: {error}"))
    return rows


def hits(logits: Logits, accepted: Sequence[int]) -> tuple[bool, bool]:
    """Decide whether an accepted class is on top, and whether one is among the top five.

    Parameters
    ----------
    logits : float32 array of shape (classes,)
        One photo's logits. Of equal logits the lower index counts as higher.
    accepted : sequence of int
        The class indices that are right, at least one.

    Returns
    -------
    top1, top5 : bool
        Whether the highest logit is an accepted class, and whether one of the five highest is.

    Raises
    ------
    UsageError
        If ``accepted`` is empty.
    """
    if not accepted:
        raise UsageError("a photo needs at least one accepted class index")
    order = np.argsort(-logits, kind="stable")[:_TOP]
    return int(order[0]) in accepted, any(int(index) in accepted for index in order)
