"""Large photos: the steps run at the network's own size, and their change is lifted to the photo once.

A network reads a large photo through a reducing resize, so its steps need no more than the reduced photo. The change
found there becomes the smallest change of the photo whose resize it is (kernel ``lift``). That costs a few passes over
the photo instead of two a step. The 8-bit photo itself is judged afterwards; where it does not fool, exact steps go on
from there.

A change of the reduced photo is a coarse one of the large photo, which anybody sees in a clear sky. So the steps first
keep to what goes unseen (``visibility``), and are allowed more only where that does not fool by a margin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .. import kernels
from ..logits import fooled
from ..models.preprocess import Offsets, Preprocess
from ..types import Floats, Pixels
from .descent import Descent, descend, run_down
from .linf import Ball
from .rules import Judgement
from .task import AttackOutcome, AttackTask, Victim
from .visibility import allowance

#: Photos are lifted from this many pixels for each one that the network's resize makes of them.
LEAST_REDUCTION = 2.0
#: Of the budget, what the steps may use: the least-norm change overshoots the one that it resizes to.
SHARE = 0.75
#: Rounds of steps, and how many times what goes unseen each may use. The first two are equal: more steps inside the
#: same allowance make nothing more visible. Choice, by ``benchmarks/lift_visibility.py`` (``least_likely`` on 34 photos:
#: scenes of 1280 pixels, Kodak's, dark ones, small ones enlarged; against EfficientNet-Lite0): all 34 saved files fool, as
#: they do with the ball spent everywhere alike. The change of smooth parts ("smooth99") is 1.4, with the ball 4.3, and 0.9
#: where the photo is only saved. The price: 25 still fool after JPEG 75 and 28 at half the size, with the ball 33 and 33.
SEEN = (1.0, 1.0, 1.5, 2.0, 3.0, 4.0)
#: A round is the last where the classes to flee are left with less than this probability: what the lift, rounding and
#: the file's own compression take away again must not bring them back.
MARGIN = 1e-4
#: Corrections for what the ball and the range cut off.
ROUNDS = 2


def descend_lifted(
    photos: Sequence[Pixels], task: AttackTask, plan: Descent, discreet: bool = True
) -> list[AttackOutcome]:
    """``descend``, with the photos that are large for the victims lifted; outcomes in the photos' order.

    ``discreet``: the steps keep to what goes unseen as far as that fools; else ``SHARE`` of the ball is theirs at once.

    Choice: where several victims read photos through different resizes no single reduced photo serves them all, and
    every photo takes the exact steps.
    """
    large = [i for i, photo in enumerate(photos) if liftable(photo, task.victims)]
    exact = [i for i in range(len(photos)) if i not in large]
    outcomes: dict[int, AttackOutcome] = {}
    for indices, attack in ((exact, descend), (large, partial(_lift_and_polish, discreet=discreet))):
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


def _lift_and_polish(photos: Sequence[Pixels], task: AttackTask, plan: Descent, discreet: bool) -> list[AttackOutcome]:
    preprocess = task.victims[0].preprocess
    reduced = _changed(photos, task, plan, discreet)
    lifted = [
        preprocess.lift(photo, small.change, plan.ball.levels, ROUNDS)
        for photo, small in zip(photos, reduced, strict=True)
    ]
    # Choice: whoever judges the saved file anyway is not asked about a margin that the lift has never been seen to lose.
    asked = [i for i, small in enumerate(reduced) if task.judged or not small.sure]
    found = dict(zip(asked, _fooled([lifted[i] for i in asked], task.only(asked)), strict=True)) if asked else {}
    outcomes = [
        AttackOutcome(changed, kernels.largest_change(changed, photo), small.steps, found.get(i))
        for i, (photo, changed, small) in enumerate(zip(photos, lifted, reduced, strict=True))
    ]
    failed = [i for i, good in found.items() if not good]
    if failed:
        begin = [_offsets(lifted[i], photos[i], plan.ball.units) for i in failed]
        polish = replace(plan, keep="first_success", random_start=False)
        polished = descend([photos[i] for i in failed], task.only(failed), polish, begin)
        for i, outcome in zip(failed, polished, strict=True):
            outcomes[i] = replace(outcome, steps=outcomes[i].steps + outcome.steps)
    return outcomes


def _changed(photos: Sequence[Pixels], task: AttackTask, plan: Descent, discreet: bool) -> list[_Reduced]:
    """The photos at the victims' size, after all rounds of steps."""
    preprocess = task.victims[0].preprocess
    reduced = [_Reduced.of(i, photo, preprocess, plan.ball) for i, photo in enumerate(photos)]
    pending = reduced
    for seen in SEEN if discreet else (math.inf,):
        pending = _round(pending, seen, task, plan)
    return reduced


@dataclass(slots=True, eq=False)
class _Reduced:
    """A large photo at the victims' size, and the rounds that it went through."""

    index: int
    photo: Pixels
    unseen: Floats  #: of the ball, what goes unseen
    change: Floats  #: what has been found so far, in grey levels
    steps: int = 0
    sure: bool = False  #: whether the last round fools by the margin

    @classmethod
    def of(cls, index: int, photo: Pixels, preprocess: Preprocess, ball: Ball) -> _Reduced:
        small = preprocess.reduced(photo)
        return cls(
            index, small, allowance(small, preprocess) / np.float32(ball.levels), np.zeros(small.shape, np.float32)
        )

    def weights(self, seen: float) -> Floats:
        """Each pixel's share of the ball in a round that may use ``seen`` times what goes unseen."""
        shares: Floats = np.minimum(np.float32(SHARE), np.float32(seen) * self.unseen)
        return shares


def _round(pending: Sequence[_Reduced], seen: float, task: AttackTask, plan: Descent) -> list[_Reduced]:
    """Steps for each photo from where it stands; those that need another round are returned."""
    if not pending:
        return []
    weights = [small.weights(seen) for small in pending]
    begin = [
        np.rint(small.change * plan.ball.units / own).astype(np.int8) if small.steps else None
        for small, own in zip(pending, weights, strict=True)
    ]
    task = replace(task.only([small.index for small in pending]), judged=True)
    runs = run_down([small.photo for small in pending], task, plan, begin, weights)
    for small, run in zip(pending, runs, strict=True):
        small.change, small.steps = run.iterate.change(), small.steps + run.steps
        small.sure = run.judgement is not None and run.judgement.fooled and run.judgement.shown < MARGIN
    return [small for small, run in zip(pending, runs, strict=True) if not (small.sure or _over(run.judgement, plan))]


def _over(judgement: Judgement | None, plan: Descent) -> bool:
    """Whether the attack's own rule, where it has one, asks for no further round."""
    return judgement is not None and judgement.fooled and plan.over(judgement)


def _fooled(photos: Sequence[Pixels], task: AttackTask) -> list[bool]:
    """Whether no victim shows a class to flee, by the fp32 networks on the 8-bit photos."""
    good = np.ones(len(photos), np.bool_)
    for victim, flee in zip(task.victims, task.flee, strict=True):
        seen = np.stack([victim.preprocess.rounded(photo) for photo in photos])
        logits = victim.logits(seen, task.batch)
        good &= [fooled(row, classes) for row, classes in zip(logits, flee, strict=True)]
    return [bool(value) for value in good]


def _offsets(changed: Pixels, start: Pixels, units: int) -> Offsets:
    return ((changed.astype(np.int16) - start) * units).astype(np.int8)
