"""The stages of the pipeline, each a function over the photos of one batch. A photo that fails keeps its error and
is passed over by every later stage."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..attacks import Attack, AttackTask, ContentSeed, Victim
from ..codecs import EncodeOptions, Limits, encode
from ..codecs.sources import Source, decoded, pixels_of, read
from ..enhance.contract import Enhancement
from ..errors import ModelError, PhotoError, PixelPrivError, StorageError
from ..metrics import Metric
from ..models import Classifier
from ..types import Logits, Photo, Pixels, Verdict
from .deadline import Abandoned, Patience
from .verdicts import Subject, classify_all, decoded_pixels, judge, subject_of

_LOG = logging.getLogger(__name__)

#: What a photo on its way holds: the original, the enhanced, the attacked and the decoded one, alpha, and change.
_BYTES_A_PIXEL = 16

#: Asked with a source and the sha256 of its bytes before anything is decoded; a reason means: leave this one out.
Skip = Callable[[Source, str], str | None]


@dataclass(slots=True)
class Work:
    """One photo on its way through the stages; each stage sets the fields that the next ones read."""

    name: str
    source: Source = field(repr=False)
    accepted: tuple[int, ...] = ()
    patience: Patience = field(default_factory=Patience)
    content: Source = field(default=None, repr=False)  #: what was read, until it is decoded
    sha256: str | None = None  #: of the file's bytes
    skipped: str | None = None  #: why it was left out
    photo: Photo = field(init=False)
    seed: ContentSeed = field(init=False)
    original_logits: tuple[Logits, ...] = field(init=False)
    subject: Subject = field(init=False)
    enhanced: Pixels = field(init=False)
    attacked: Pixels = field(init=False)
    linf: int = 0  #: the attack's largest change, in whole grey levels
    result_pixels: Pixels = field(init=False)
    verdict: Verdict = field(init=False)
    encoded: bytes | None = None
    error: PixelPrivError | None = None
    attempts: int = 0
    seconds: float = 0.0

    @property
    def alive(self) -> bool:
        return self.error is None and self.skipped is None


#: Shown a finished photo while its pixels are at hand.
Look = Callable[[Work], None]


def each(works: Sequence[Work], stage: Callable[[Work], None]) -> None:
    """Runs ``stage`` on every photo that is still alive, one by one; a failure stays with its photo."""
    for work in works:
        together([work], lambda alone: stage(alone[0]))


def together(works: Sequence[Work], stage: Callable[[Sequence[Work]], None]) -> None:
    """Runs ``stage`` once on all photos that are still alive. Where it fails they are taken one by one, so that the
    failure stays with the photo that caused it.

    A photo whose time is over fails after the stage. Choice: a file comes of the whole recipe or not at all, so that
    no file depends on how busy the machine was. Only what no other photo could survive either (a missing model, a full
    disk, an interrupt) is passed on.
    """
    ready = [work for work in works if work.alive]
    if not ready:
        return
    try:
        with timed(ready):
            stage(ready)
        for work in ready:
            _check_time(work)
    except (ModelError, StorageError, Abandoned):
        raise
    except Exception as error:  # noqa: BLE001 - the boundary between photos: one's bug must not lose the rest
        if len(ready) == 1:
            _LOG.debug("%s failed", ready[0].name, exc_info=True)
            ready[0].error = _as_photos(ready[0], error)
        else:
            each(ready, lambda work: stage([work]))


def _check_time(work: Work) -> None:
    if work.patience.gone.is_set():
        raise Abandoned
    if work.alive and work.patience.over(work.seconds):
        limit = work.patience.seconds
        work.error = PhotoError(f"{work.name}: took over {limit:g} s; raise --timeout, or shrink the photo")


def _as_photos(work: Work, error: Exception) -> PixelPrivError:
    if isinstance(error, PixelPrivError):
        return error
    return PhotoError(f"{work.name}: {type(error).__name__}: {error}")


@contextmanager
def timed(works: Sequence[Work]) -> Iterator[None]:
    """Adds the block's wall time to the photos in it, in equal shares."""
    start = time.perf_counter()
    try:
        yield
    finally:
        share = (time.perf_counter() - start) / max(1, len(works))
        for work in works:
            work.seconds += share


def read_one(work: Work, *, limits: Limits, skip: Skip | None) -> int:
    """Stage 1, first half: the file's bytes, refused by size and header. The bytes that the photo will need."""

    def run(work: Work) -> None:
        work.content = read(work.source, limits)
        if isinstance(work.content, bytes):
            work.sha256 = hashlib.sha256(work.content).hexdigest()
            work.skipped = skip(work.source, work.sha256) if skip is not None else None
        if work.alive:
            cost.append(len(work.content) if isinstance(work.content, bytes) else 0)
            cost.append(pixels_of(work.content, work.name, limits) * _BYTES_A_PIXEL)

    cost: list[int] = []
    each([work], run)
    if not work.alive:
        work.content = None
    return sum(cost)


def decode_one(work: Work, *, limits: Limits, seed: int) -> None:
    """Stage 1, second half: the photo and its content seed."""

    def run(work: Work) -> None:
        work.photo = decoded(work.content, work.name, limits)
        work.content = None
        work.seed = ContentSeed(work.photo.pixels, seed)

    each([work], run)


def classify_originals(works: Sequence[Work], classifiers: Sequence[Classifier], slots: int) -> None:
    """Stage 2: what there is to hide. ``slots``, here and below: the static number of photos in a network pass."""

    def classify(ready: Sequence[Work]) -> None:
        logits = classify_all(classifiers, [work.photo.pixels for work in ready], slots)
        for row, work in enumerate(ready):
            work.original_logits = tuple(answers[row] for answers in logits)
            before = [c.predictions(answers[row][None])[0] for c, answers in zip(classifiers, logits, strict=True)]
            work.subject = subject_of(before, work.accepted)

    together(works, classify)


def enhance_all(works: Sequence[Work], enhancement: Enhancement) -> None:
    """Stage 3: the enhanced photo, rounded to 8 bits."""

    def enhance(work: Work) -> None:
        work.enhanced = enhancement(work.photo.pixels)

    each(works, enhance)


def attack_all(works: Sequence[Work], attack: Attack | None, victims: Sequence[Victim], slots: int) -> None:
    """Stage 4: the attacked photo; without an attack the enhanced one."""

    def run(ready: Sequence[Work]) -> None:
        if attack is None:
            for work in ready:
                work.attacked, work.linf = work.enhanced, 0
            return
        outcomes = attack.run([work.enhanced for work in ready], _task(ready, victims, slots))
        for work, outcome in zip(ready, outcomes, strict=True):
            work.attacked, work.linf = outcome.photo, outcome.linf

    together(works, run)


def _task(works: Sequence[Work], victims: Sequence[Victim], slots: int) -> AttackTask:
    count = len(victims)
    return AttackTask(
        victims=tuple(victims),
        flee=tuple(tuple(work.subject.flee[v] for work in works) for v in range(count)),
        original_logits=tuple(np.stack([work.original_logits[v] for work in works]) for v in range(count)),
        seeds=tuple(work.seed for work in works),
        expired=_expiry(works),
        batch=slots,
        judged=False,  # the verdict is another, on what is saved
    )


def _expiry(works: Sequence[Work]) -> Callable[[int], bool]:
    """Whether a photo's time is over, its share of the stage that begins now included."""
    start = time.perf_counter()

    def expired(index: int) -> bool:
        work = works[index]
        return work.patience.over(work.seconds + (time.perf_counter() - start) / len(works))

    return expired


def verify_pixels(works: Sequence[Work], classifiers: Sequence[Classifier], slots: int) -> None:
    """Stage 6 where nothing is encoded: the verdict on the 8-bit pixels."""
    for work in works:
        if work.alive:
            work.result_pixels = work.attacked
    together(works, partial(_judge, classifiers=classifiers, slots=slots, measured_on="pixels"))


def encode_and_verify(
    works: Sequence[Work],
    classifiers: Sequence[Classifier],
    options: EncodeOptions,
    limits: Limits,
    slots: int,
) -> None:
    """Stages 5 and 6: the file's bytes, and the verdict on those bytes decoded again."""

    def write(work: Work) -> None:
        work.attempts += 1
        work.encoded = encode(work.attacked, like=work.photo, options=options)
        work.result_pixels = decoded_pixels(work.encoded, work.name, limits)

    each(works, write)
    together(works, partial(_judge, classifiers=classifiers, slots=slots, measured_on="file"))


def _judge(works: Sequence[Work], *, classifiers: Sequence[Classifier], slots: int, measured_on: str) -> None:
    logits = classify_all(classifiers, [work.result_pixels for work in works], slots)
    for row, work in enumerate(works):
        good, judgements = judge(classifiers, work.subject, [answers[row] for answers in logits])
        work.verdict = Verdict(good, judgements, work.linf, {}, measured_on)


def measure(works: Sequence[Work], metrics: Mapping[str, Metric], keys: Sequence[str]) -> None:
    """Stage 7: the metrics of the result's pixels against the oriented original."""

    def score(work: Work) -> None:
        values: dict[str, float | None] = dict.fromkeys(keys)
        for name, metric in metrics.items():
            values[name] = float(metric(work.result_pixels, work.photo.pixels))
        work.verdict = replace(work.verdict, metrics=values)

    each(works, score)


def show(works: Sequence[Work], look: Look) -> None:
    """Lets ``look`` see every photo that is still alive. Not timed: what it sees may not depend on its haste."""
    for work in works:
        if work.alive:
            look(work)


def why_not(work: Work) -> str:
    """Which classifier is not fooled, and what it still says."""
    for judgement, flee in zip(work.verdict.judgements, work.subject.flee, strict=True):
        if judgement.after.index in flee:
            return f"{judgement.classifier} still says {judgement.after.label} ({judgement.after.probability:.2f})"
    return "not protected"
