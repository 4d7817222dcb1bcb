"""What a classifier and the metrics say of pairs of photos, as read from their files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..codecs import Limits
from ..codecs.sources import load
from ..errors import PhotoError, UsageError
from ..metrics import Metric, raised, rate
from ..models import Classifier
from ..runtime.device import threads
from ..types import Logits, Pixels, Prediction
from .pairs import Pair

A = TypeVar("A")
B = TypeVar("B")

_TOP = 5
#: A batch ends with this many photos or pixels (of the originals): memory follows neither their number nor their size.
_BATCH = 16
_BATCH_PIXELS = 16_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one photo, before or after: the classifier's answer, whether an accepted class is its first or
    among its first five, and the metrics (None where one has no figure)."""

    prediction: Prediction
    top1: bool
    top5: bool
    metrics: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One pair's measurements. ``original.metrics`` holds the metrics that need no original."""

    pair: Pair
    accepted: tuple[int, ...]
    original: Seen
    protected: Seen


@dataclass(slots=True)
class _Loaded:
    pair: Pair
    original: Pixels
    protected: Pixels
    compared: dict[str, float | None]  #: the metrics with reference


def measure(
    pairs: Iterable[Pair],
    labels: Mapping[str, tuple[int, ...]],
    classifier: Classifier,
    metrics: Mapping[str, Metric],
    limits: Limits | None = None,
) -> Iterator[Row | PhotoError]:
    """A row for every pair in order, or the error of a file that cannot be read or rated. Memory stays bounded: files
    are decoded by threads, a few ahead of the networks.

    ``labels``: pair name -> accepted indices. ``metrics``: one with reference gives None where sizes differ.
    """
    bounds = limits or Limits()
    compare = {name: metric for name, metric in metrics.items() if metric.reference}
    alone = {name: metric for name, metric in metrics.items() if not metric.reference}
    workers = threads()
    with ThreadPoolExecutor(workers, thread_name_prefix="pixelpriv-read") as pool:
        loaded = _ahead(pool, lambda pair: _load(pair, compare, bounds), pairs, 2 * workers)
        for batch in _batches(loaded):
            good = [item for item in batch if isinstance(item, _Loaded)]
            rows = iter(_rows(good, labels, classifier, alone)) if good else iter(())
            yield from (item if isinstance(item, PhotoError) else next(rows) for item in batch)


def _ahead(pool: ThreadPoolExecutor, work: Callable[[A], B], items: Iterable[A], window: int) -> Iterator[B]:
    """``work`` of every item in order, at most ``window`` of them under way or waiting."""
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


def _load(pair: Pair, metrics: Mapping[str, Metric], limits: Limits) -> _Loaded | PhotoError:
    try:
        original, protected = load(pair.original, limits).pixels, load(pair.protected, limits).pixels
    except PhotoError as error:
        return error
    same = original.shape == protected.shape
    compared = {name: float(metric(protected, original)) if same else None for name, metric in metrics.items()}
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
) -> list[Row | PhotoError]:
    # Originals and results side by side in one call: one batch for the networks, and the same treatment for both.
    photos = [photo for item in batch for photo in (item.original, item.protected)]
    logits = classifier(photos)
    predictions = classifier.predictions(logits)
    figures = {name: rate(metric, photos) for name, metric in metrics.items()}

    def seen(at: int, accepted: tuple[int, ...], compared: Mapping[str, float | None]) -> Seen:
        rated = {name: raised(row[at]) for name, row in figures.items()}
        return Seen(predictions[at], *hits(logits[at], accepted), {**rated, **compared})

    rows: list[Row | PhotoError] = []
    for index, item in enumerate(batch):
        accepted = labels[item.pair.name]
        try:
            before, after = seen(2 * index, accepted, {}), seen(2 * index + 1, accepted, item.compared)
            rows.append(Row(item.pair, accepted, before, after))
        except PhotoError as error:
            rows.append(PhotoError(f"{item.pair.name}: {error}"))
    return rows


def hits(logits: Logits, accepted: Sequence[int]) -> tuple[bool, bool]:
    """Whether the highest of one photo's ``logits`` (classes,) is an accepted index, and whether one of the five
    highest is. Ties go to the lower index."""
    if not accepted:
        raise UsageError("a photo needs at least one accepted class index")
    order = np.argsort(-logits, kind="stable")[:_TOP]
    return int(order[0]) in accepted, any(int(index) in accepted for index in order)
