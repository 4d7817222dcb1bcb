"""The steps of one photo, in their order. ``pipeline`` lists them, says where each runs, and keeps failures apart."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..attacks import Attack, AttackOutcome, AttackTask, ContentSeed, Victim
from ..codecs import EncodeOptions, Limits, encode
from ..codecs.sources import open_content, read
from ..enhance.contract import Enhancement
from ..metrics import Metric
from ..types import Verdict
from .networks import Networks
from .verdicts import classify_all, decoded_pixels, judge, subject_of
from .work import Work

#: Gives the networks, loading them first if needed.
GetNetworks = Callable[[], Networks]

#: Bytes that a photo holds per pixel: the original, the enhanced, the attacked and the decoded one, alpha, and change.
_BYTES_PER_PIXEL = 16


def read_source(work: Work, *, limits: Limits) -> None:
    """Read the file, refused by its size before it is read.

    Parameters
    ----------
    work : Work
        The photo; gets ``content``, and ``sha256`` where it comes as a file.
    limits : Limits
        Bounds of one photo.
    """
    work.content = read(work.source, limits)
    if isinstance(work.content, bytes):
        work.sha256 = hashlib.sha256(work.content).hexdigest()


def open_source(work: Work, *, limits: Limits) -> None:
    """Parse the file and check its header against the limits; no pixel is decoded.

    Parameters
    ----------
    work : Work
        The photo; gets ``opened`` and ``cost``.
    limits : Limits
        Bounds of one photo.
    """
    size = len(work.content) if isinstance(work.content, bytes) else 0
    work.opened = open_content(work.content, work.name, limits)
    work.content = None
    work.cost = size + work.opened.pixel_count * _BYTES_PER_PIXEL


def decode_source(work: Work, *, seed: int) -> None:
    """Decode the photo.

    Parameters
    ----------
    work : Work
        The photo; gets ``photo`` and ``seed``.
    seed : int
        The user's seed; the photo's own comes from it and the pixels.
    """
    if work.opened is None:
        raise RuntimeError(f"{work.name} was not opened")
    work.photo, work.opened = work.opened.decode(), None
    work.seed = ContentSeed(work.photo.pixels, seed)


def enhance(work: Work, *, enhancement: Enhancement) -> None:
    """Enhance the photo; the result is rounded to 8 bits.

    Parameters
    ----------
    work : Work
        The photo; gets ``enhanced``.
    enhancement : Enhancement
        The recipe's enhancement.
    """
    work.enhanced = enhancement(work.photo.pixels)


def classify_originals(works: Sequence[Work], *, networks: GetNetworks, batch: int) -> None:
    """Classify the originals: what is to be hidden is the original's class, never the enhanced photo's.

    Parameters
    ----------
    works : sequence of Work
        The photos; each gets ``subject``.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more; a call is filled up to it.
    """
    classifiers = networks().classifiers
    logits = classify_all(classifiers, [work.photo.pixels for work in works], batch)
    for row, work in enumerate(works):
        work.subject = subject_of(classifiers, [answers[row] for answers in logits], work.accepted)


def attack(works: Sequence[Work], *, attack: Attack | None, networks: GetNetworks, batch: int) -> None:
    """Attack the enhanced photos; without an attack they stay as they are.

    Parameters
    ----------
    works : sequence of Work
        The photos; each gets ``attacked``.
    attack : Attack or None
        The recipe's attack.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more; a call is filled up to it.
    """
    if attack is None:
        for work in works:
            work.attacked = AttackOutcome(work.enhanced, 0, 0, None)
        return
    outcomes = attack.run([work.enhanced for work in works], _task(works, networks().victims, batch))
    for work, outcome in zip(works, outcomes, strict=True):
        work.attacked = outcome


def _task(works: Sequence[Work], victims: Sequence[Victim], batch: int) -> AttackTask:
    count = len(victims)
    return AttackTask(
        victims=tuple(victims),
        flee=tuple(tuple(work.subject.flee[v] for work in works) for v in range(count)),
        original_logits=tuple(np.stack([work.subject.logits[v] for work in works]) for v in range(count)),
        seeds=tuple(work.seed for work in works),
        expired=_expiry(works),
        batch=batch,
        judged=False,  # the verdict is given later, on what is saved
    )


def _expiry(works: Sequence[Work]) -> Callable[[int], bool]:
    """Make the question whether a photo's time is over, its share of the step that begins now included."""
    start = time.perf_counter()

    def expired(index: int) -> bool:
        work = works[index]
        return work.deadline.over(work.seconds + (time.perf_counter() - start) / len(works))

    return expired


def take_pixels(work: Work) -> None:
    """Take the attacked pixels as the result, where nothing is encoded."""
    work.pixels = work.attacked.photo


def encode_file(work: Work, *, options: EncodeOptions, limits: Limits) -> None:
    """Encode the attacked photo and decode the bytes again.

    Parameters
    ----------
    work : Work
        The photo; gets ``encoded`` and ``pixels``.
    options : EncodeOptions
        Format, quality and metadata policy.
    limits : Limits
        Bounds of one photo.
    """
    work.attempts += 1
    work.encoded = encode(work.attacked.photo, like=work.photo, options=options)
    work.pixels = decoded_pixels(work.encoded, work.name, limits)


def verify(works: Sequence[Work], *, networks: GetNetworks, batch: int) -> None:
    """Classify the results in fp32 and judge whether each is protected.

    Parameters
    ----------
    works : sequence of Work
        The photos; each gets ``verdict``.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more; a call is filled up to it.
    """
    classifiers = networks().classifiers
    logits = classify_all(classifiers, [work.pixels for work in works], batch)
    for row, work in enumerate(works):
        protected, judgements = judge(classifiers, work.subject, [answers[row] for answers in logits])
        measured_on = "file" if work.encoded is not None else "pixels"
        work.verdict = Verdict(protected, judgements, work.attacked.linf, {}, measured_on, work.attacked.edit)


def measure(work: Work, *, metrics: Mapping[str, Metric], keys: Sequence[str]) -> None:
    """Compute the metrics of the result's pixels against the oriented original.

    Parameters
    ----------
    work : Work
        The photo; its ``verdict`` gets ``metrics``.
    metrics : mapping of str to Metric
        What is measured, by name.
    keys : sequence of str
        The names that every verdict carries; None stands for what was not measured.
    """
    values: dict[str, float | None] = dict.fromkeys(keys)
    for name, metric in metrics.items():
        values[name] = float(metric(work.pixels, work.photo.pixels))
    work.verdict = replace(work.verdict, metrics=values)
