"""Large photos: the steps run at the network's own size, and their change is lifted to the photo once.

A network reads a large photo through a reducing resize, so its steps need no more than the reduced photo. The change
found there becomes the smallest change of the photo whose resize it is (kernel ``lift``). That costs a few passes over
the photo instead of two a step. The 8-bit photo itself is judged afterwards; where it does not fool, exact steps go on
from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..kernels import get
from ..models.preprocess import Offsets
from ..runtime.device import threads
from ..types import Pixels
from .descent import Descent, descend
from .linf import Ball
from .task import AttackOutcome, AttackTask, Victim

#: Photos are lifted from this many pixels for each one that the network's resize makes of them.
LEAST_REDUCTION = 2.0
#: Of the budget, what the steps may use: the least-norm change overshoots the one that it resizes to. Choice, by
#: ``least_likely`` on 16 photos of 640x480 to 1280x1706 against EfficientNet-Lite0, misclassified after JPEG 75 / 50 / 25
#: and the mean PSNR: 1/2 of the budget 16 / 14 / 11, 41.2 dB; 5/8 16 / 15 / 11, 40.2; 3/4 16 / 16 / 12, 39.6; all of it
#: 16 / 16 / 12, 39.2; exact steps 16 / 16 / 12, 40.5.
SHARE = 0.75
#: Corrections for what the ball and the range cut off; the third one brings less than 0.5 % more of the change.
ROUNDS = 2


def descend_lifted(photos: Sequence[Pixels], task: AttackTask, plan: Descent) -> list[AttackOutcome]:
    """``descend``, with the photos that are large for the victims lifted; outcomes in the photos' order.

    Choice: where several victims read photos through different resizes no single reduced photo serves them all, and
    every photo takes the exact steps.
    """
    large = [i for i, photo in enumerate(photos) if liftable(photo, task.victims)]
    exact = [i for i in range(len(photos)) if i not in large]
    outcomes: dict[int, AttackOutcome] = {}
    for indices, attack in ((exact, descend), (large, _lift_and_polish)):
        if indices:
            part = attack([photos[i] for i in indices], task.only(indices), plan)
            outcomes.update(zip(indices, part, strict=True))
    return [outcomes[i] for i in range(len(photos))]


def liftable(photo: Pixels, victims: Sequence[Victim]) -> bool:
    """Whether the victims read the photo through one and the same resize, which leaves few of its pixels."""
    first = victims[0].preprocess
    if any(not victim.preprocess.reads_like(first) for victim in victims[1:]):
        return False
    height, width = photo.shape[:2]
    resized = first.resized(height, width)
    reduced = resized[0] < height and resized[1] < width
    return reduced and bool(height * width >= LEAST_REDUCTION * resized[0] * resized[1])


def _lift_and_polish(photos: Sequence[Pixels], task: AttackTask, plan: Descent) -> list[AttackOutcome]:
    lifted, steps = _lifted(photos, task, plan)
    fooled = _fooled(lifted, task)
    outcomes = [
        AttackOutcome(changed, int(get("largest_change")(changed, photo)), taken, good)
        for photo, changed, taken, good in zip(photos, lifted, steps, fooled, strict=True)
    ]
    failed = [i for i, outcome in enumerate(outcomes) if not outcome.fooled]
    if failed:
        begin = [_offsets(lifted[i], photos[i], plan.ball.units) for i in failed]
        polish = replace(plan, keep="first_success", random_start=False)
        polished = descend([photos[i] for i in failed], task.only(failed), polish, begin)
        for i, outcome in zip(failed, polished, strict=True):
            outcomes[i] = replace(outcome, steps=outcomes[i].steps + outcome.steps)
    return outcomes


def _lifted(photos: Sequence[Pixels], task: AttackTask, plan: Descent) -> tuple[list[Pixels], list[int]]:
    """The lifted photos and the steps that were taken at the victims' size."""
    preprocess = task.victims[0].preprocess
    small = [preprocess.reduced(photo) for photo in photos]
    found = descend(small, replace(task, judged=False), replace(plan, ball=smaller(plan.ball)))
    changed = [
        preprocess.lift(photo, outcome.photo.astype(np.float32) - start, plan.ball.levels, ROUNDS, threads())
        for photo, start, outcome in zip(photos, small, found, strict=True)
    ]
    return changed, [outcome.steps for outcome in found]


def smaller(ball: Ball) -> Ball:
    """The ball for the steps at the victims' size: ``SHARE`` of it in whole grey levels, at least one."""
    return Ball(max(1, int(SHARE * ball.levels)) * ball.units, ball.units)


def _fooled(photos: Sequence[Pixels], task: AttackTask) -> list[bool]:
    """Whether no victim shows a class to flee, by the fp32 networks on the 8-bit photos."""
    good = np.ones(len(photos), np.bool_)
    for victim, flee in zip(task.victims, task.flee, strict=True):
        seen = np.stack([victim.preprocess.rounded(photo) for photo in photos])
        tops = victim.logits(seen, task.batch).argmax(axis=1)
        good &= [int(top) not in row for top, row in zip(tops, flee, strict=True)]
    return [bool(value) for value in good]


def _offsets(changed: Pixels, start: Pixels, units: int) -> Offsets:
    return ((changed.astype(np.int16) - start) * units).astype(np.int8)
