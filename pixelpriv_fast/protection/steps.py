"""The steps of one photo, in their order. ``pipeline`` lists them, says where each runs, and keeps failures apart."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Semaphore

import numpy as np

from ..attacks import Attack, AttackOutcome, AttackTask, ContentSeed
from ..channels.panel import Panel
from ..channels.readings import PanelReader, PanelReadings, file_reads
from ..channels.saved import saving
from ..codecs import EncodeOptions, Limits, encode
from ..codecs.sources import open_content, read
from ..codecs.transparency import BACKGROUNDS, WHITE, blanked, over, seen_through, shown
from ..enhance.contract import Enhancement
from ..errors import PhotoError
from ..metrics import Metric, figure
from ..types import Alpha, Verdict
from .deadline import Abandoned
from .networks import Networks
from .survival import lost_words
from .verdicts import ALONE, classify_seen, decoded, judge, subject_of
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
    """Decode the photo. What is not seen of it is blanked here, so that nothing of it gets further.

    Parameters
    ----------
    work : Work
        The photo; gets ``photo``, ``backgrounds`` and ``seed``.
    seed : int
        The user's seed; the photo's own comes from it and the pixels.
    """
    if work.opened is None:
        raise RuntimeError(f"{work.name} was not opened")
    photo, work.opened = work.opened.decode(), None
    if photo.alpha is not None and not photo.alpha.any():
        raise PhotoError(
            f"{work.name}: wholly transparent, so that nothing of it is seen or could be protected; leave it out"
        )
    work.photo = replace(photo, pixels=blanked(photo.pixels, photo.alpha))
    work.backgrounds = (WHITE,) if seen_through(photo.alpha) is None else BACKGROUNDS
    work.seed = ContentSeed(work.photo.pixels, seed)


def enhance(work: Work, *, enhancement: Enhancement) -> None:
    """Enhance the photo; the result is rounded to 8 bits, and what is not seen of it is blanked again.

    Parameters
    ----------
    work : Work
        The photo; gets ``enhanced``.
    enhancement : Enhancement
        The recipe's enhancement.
    """
    work.enhanced = blanked(enhancement(work.photo.pixels), work.photo.alpha)


def classify_originals(works: Sequence[Work], *, networks: GetNetworks, batch: int) -> None:
    """Classify the originals: what is to be hidden is the original's class, never the enhanced photo's.

    Parameters
    ----------
    works : sequence of Work
        The photos; each gets ``subject`` and ``readings``.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more; a call is filled up to it.
    """
    classifiers = networks().classifiers
    seen = [[shown(work.photo, background) for background in work.backgrounds] for work in works]
    for work, logits in zip(works, classify_seen(classifiers, seen, batch), strict=True):
        work.subject = subject_of(classifiers, logits, work.accepted)
        photo, flee = work.photo, work.subject.flee
        work.readings = PanelReadings(photo.pixels, flee, photo.alpha, work.backgrounds, file_reads(logits, flee))


def attack(
    works: Sequence[Work],
    *,
    attack: Attack | None,
    networks: GetNetworks,
    batch: int,
    encoding: EncodeOptions | None = None,
) -> None:
    """Attack the enhanced photos; without an attack they stay as they are.

    Photos with transparency are attacked by themselves, since each network reads two copies of them.

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
    encoding : EncodeOptions or None
        How the result will be encoded; None if its pixels stay as they are.
    """
    if attack is None:
        for work in works:
            work.attacked = AttackOutcome(work.enhanced, 0, 0, None)
        return
    start = time.perf_counter()
    for backgrounds, size in (((WHITE,), batch), (BACKGROUNDS, ALONE)):
        alike = [work for work in works if work.backgrounds == backgrounds]
        if not alike:
            continue
        task = _task(alike, networks(), backgrounds, size, _expiry(alike, start, len(works)), encoding)
        for work, outcome in zip(alike, attack.run([work.enhanced for work in alike], task), strict=True):
            work.attacked = replace(outcome, photo=blanked(outcome.photo, outcome.alpha))


def _task(
    works: Sequence[Work],
    networks: Networks,
    backgrounds: Sequence[int],
    batch: int,
    expired: Callable[[int], bool],
    encoding: EncodeOptions | None,
) -> AttackTask:
    """Make the task of photos that are judged over the same backgrounds: a victim a network and background."""
    victims = networks.victims
    seats = range(len(victims) * len(backgrounds))
    translucent = len(backgrounds) > 1
    return AttackTask(
        victims=victims * len(backgrounds),
        flee=tuple(tuple(work.subject.flee[v] for work in works) for v in seats),
        original_logits=tuple(np.stack([work.subject.logits[v] for work in works]) for v in seats),
        seeds=tuple(work.seed for work in works),
        expired=expired,
        batch=batch,
        judged=False,  # the verdict is given later, on what is saved
        alphas=tuple(work.photo.alpha for work in works) if translucent else (),
        backgrounds=tuple(grey for grey in backgrounds for _ in victims) if translucent else (),
        saved=() if encoding is None else tuple(saving(work.photo, encoding) for work in works),
        originals=tuple(work.photo.pixels for work in works),
        readings=tuple(work.readings for work in works),
        scorer=networks.scorer,
        rankers=networks.rankers * len(backgrounds),
    )


def _expiry(works: Sequence[Work], start: float, sharing: int) -> Callable[[int], bool]:
    """Make the question whether a photo's time is over, its share of the step that began at ``start`` included."""

    def expired(index: int) -> bool:
        work = works[index]
        return work.deadline.over(work.seconds + (time.perf_counter() - start) / sharing)

    return expired


def take_pixels(work: Work) -> None:
    """Take the attacked pixels as the result, where nothing is encoded."""
    work.pixels, work.alpha = work.attacked.photo, _alpha(work)


def _alpha(work: Work) -> Alpha | None:
    """Return the transparency after the attack."""
    return work.photo.alpha if work.attacked.alpha is None else work.attacked.alpha


def encode_file(work: Work, *, options: EncodeOptions, limits: Limits) -> None:
    """Encode the attacked photo and decode the bytes again.

    Parameters
    ----------
    work : Work
        The photo; gets ``encoded``, ``pixels`` and ``alpha``.
    options : EncodeOptions
        Format, quality and metadata policy.
    limits : Limits
        Bounds of one photo.
    """
    work.attempts += 1
    work.encoded = encode(work.attacked.photo, like=replace(work.photo, alpha=_alpha(work)), options=options)
    result = decoded(work.encoded, work.name, limits)
    work.pixels, work.alpha = result.pixels, result.alpha


def verify(works: Sequence[Work], *, networks: GetNetworks, batch: int) -> None:
    """Classify the results in fp32 and judge whether each is protected.

    Parameters
    ----------
    works : sequence of Work
        The photos; each gets ``verdict`` and ``reads``.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more; a call is filled up to it.
    """
    classifiers = networks().classifiers
    seen = [[over(work.pixels, work.alpha, background) for background in work.backgrounds] for work in works]
    for work, logits in zip(works, classify_seen(classifiers, seen, batch), strict=True):
        work.reads = file_reads(logits, work.subject.flee)
        protected, judgements = judge(classifiers, work.subject, logits)
        measured_on = "file" if work.encoded is not None else "pixels"
        over_white, over_black = judgements[: len(classifiers)], judgements[len(classifiers) :]
        attacked = work.attacked
        work.verdict = Verdict(protected, over_white, attacked.linf, {}, measured_on, attacked.edit, over_black)


def survive(
    works: Sequence[Work], *, networks: GetNetworks, batch: int, panel: Panel, required: bool, slots: Semaphore
) -> None:
    """Find out which treatments of a panel the results are still protected after.

    Parameters
    ----------
    works : sequence of Work
        The photos; each gets ``survival``, and ``lost`` if it must survive and does not.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more; a call is filled up to it.
    panel : Panel
        The treatments.
    required : bool
        Whether a photo that does not survive all of them counts as unprotected.
    slots : Semaphore
        Bounds how many treated photos there are at one time.
    """
    reader = PanelReader(panel, networks().classifiers, batch, slots)
    for start in range(0, len(works), batch):
        if works[start].deadline.cancelled.is_set():  # a panel takes as long as some steps of an attack
            raise Abandoned
        part = works[start : start + batch]
        columns = zip(*((work.readings, work.pixels, work.alpha, work.reads) for work in part), strict=True)
        for work, found in zip(part, reader.survival(*columns), strict=True):
            work.survival = found
            work.lost = lost_words(found.failed) if required else ""


def measure(work: Work, *, metrics: Mapping[str, Metric], keys: Sequence[str]) -> None:
    """Compute the metrics of the result's pixels against the oriented original, both as they are over white.

    Parameters
    ----------
    work : Work
        The photo; its ``verdict`` gets ``metrics``.
    metrics : mapping of str to Metric
        What is measured, by name.
    keys : sequence of str
        The names that every verdict carries; None stands for what was not measured or cannot be.
    """
    values: dict[str, float | None] = dict.fromkeys(keys)
    result, original = over(work.pixels, work.alpha), shown(work.photo)
    for name, metric in metrics.items():
        values[name] = figure(metric, result, original)
    work.verdict = replace(work.verdict, metrics=values)
