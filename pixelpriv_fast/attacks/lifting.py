"""Large photos: the steps run at the network's own size, and their change is lifted to the photo once.

A network reads a large photo through a reducing resize, so its steps need only the reduced photo. The change found there
becomes the smallest change of the photo whose resize it is (kernel ``lift``). That reads the photo a few times altogether,
instead of twice a step. The 8-bit photo itself is judged afterwards; if it does not fool, exact steps go on from there.

A change of the reduced photo is a coarse one of the large photo, which anybody sees in a clear sky. So the steps first
keep to what is hardly seen (``visibility``), and are allowed more only where that does not fool by a margin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .. import kernels
from ..models.preprocess import Preprocess
from ..types import Alpha, Floats, Offsets, Pixels
from .copies import reduced_with_alpha
from .descent import descend, run_to_end
from .linf import Ball
from .photo_state import Start
from .plan import Descent
from .rules import Assessment
from .task import AttackOutcome, AttackTask, Victim
from .visibility import allowance

#: Photos are lifted from this number of pixels for each one that the network's resize makes of them.
MIN_REDUCTION = 2.0
#: The share of the ball that the steps may use: the least-norm change overshoots the one that it resizes to.
SHARE = 0.75
#: One entry a round of steps: how many times the unseen change each pixel may use in it. The first two are equal, since more
#: steps inside the same allowance make nothing more visible. Choice: by ``benchmarks/decisions/lift_visibility.py``, which
#: measures how visible the change is and what survives of it, with the allowance and without.
SEEN = (1.0, 1.0, 1.5, 2.0, 3.0, 4.0)
#: A round is the last one if it leaves the classes to flee less than this probability. The lift, rounding and the file's own
#: compression take some of it back, and must not bring these classes back.
MARGIN = 1e-4
#: Correction rounds after clamping to the ball and to 0..255.
ROUNDS = 2


def descend_lifted(
    photos: Sequence[Pixels], task: AttackTask, plan: Descent, discreet: bool = True
) -> list[AttackOutcome]:
    """Attack every photo as ``plan`` says, and lift those that are large for the victims.

    Choice: where several victims read photos through different resizes, no single reduced photo serves them all, and
    every photo takes the exact steps.

    Parameters
    ----------
    photos : sequence of uint8 arrays of shape (height, width, 3), RGB
        The photos, of any sizes; they are not written to.
    task : AttackTask
        The victims and what each photo must flee.
    plan : Descent
        The attack, spelled out.
    discreet : bool
        Whether the steps keep to what is hardly seen as far as that fools; otherwise ``SHARE`` of the ball is theirs at once.

    Returns
    -------
    list of AttackOutcome
        One a photo, in their order.
    """
    large = [i for i, photo in enumerate(photos) if liftable(photo, task.victims)]
    exact = [i for i in range(len(photos)) if i not in large]
    outcomes: dict[int, AttackOutcome] = {}
    if exact:
        part = descend([Start(photos[i]) for i in exact], task.only(exact), plan)
        outcomes.update(zip(exact, part, strict=True))
    if large:
        part = _lift_and_polish([photos[i] for i in large], task.only(large), plan, discreet)
        outcomes.update(zip(large, part, strict=True))
    return [outcomes[i] for i in range(len(photos))]


def liftable(photo: Pixels, victims: Sequence[Victim]) -> bool:
    """Decide whether a photo is attacked at the victims' size.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3)
        The photo.
    victims : sequence of GradientEngine
        The networks to fool.

    Returns
    -------
    bool
        True if the victims read the photo through the same resize, and it leaves at most half of the photo's pixels.
    """
    first = victims[0].preprocess.geometry
    if any(victim.preprocess.geometry != first for victim in victims[1:]):
        return False
    height, width = photo.shape[:2]
    resized = first.resized(height, width)
    reduced = resized[0] < height and resized[1] < width
    return reduced and bool(height * width >= MIN_REDUCTION * resized[0] * resized[1])


def _lift_and_polish(photos: Sequence[Pixels], task: AttackTask, plan: Descent, discreet: bool) -> list[AttackOutcome]:
    reduced = _changed(photos, task, plan, discreet)
    lifted = [_lift(photo, small, task, plan) for photo, small in zip(photos, reduced, strict=True)]
    # Choice: if the saved file is judged anyway, photos that fooled by the full margin are not judged here; none has lost it.
    # Photos with transparency are: at its edges the change of the colours that one sees is not quite what was found.
    asked = [i for i, small in enumerate(reduced) if task.judged or not small.sure or small.alpha is not None]
    found = dict(zip(asked, task.only(asked).fooled([lifted[i] for i in asked]), strict=True)) if asked else {}
    outcomes = [
        AttackOutcome(changed, kernels.largest_change(changed, photo), small.steps, found.get(i))
        for i, (photo, changed, small) in enumerate(zip(photos, lifted, reduced, strict=True))
    ]
    failed = [i for i, good in found.items() if not good]
    if failed:
        starts = [Start(photos[i], _offsets(lifted[i], photos[i], plan.ball.units)) for i in failed]
        polish = replace(plan, keep="first_success", random_start=False)
        for i, outcome in zip(failed, descend(starts, task.only(failed), polish), strict=True):
            outcomes[i] = replace(outcome, steps=outcomes[i].steps + outcome.steps)
    return outcomes


def _lift(photo: Pixels, small: _Reduced, task: AttackTask, plan: Descent) -> Pixels:
    """Return the photo with the smallest change that is the reduced photo's, none of it where the photo is not seen."""
    reading = task.victims[0].preprocess.for_size(*photo.shape[:2])
    lifted = reading.lift(photo, small.change, plan.ball.levels, ROUNDS)
    if (alpha := task.alpha(small.index)) is not None:
        hidden = alpha == 0
        lifted[hidden] = photo[hidden]
    return lifted


def _changed(photos: Sequence[Pixels], task: AttackTask, plan: Descent, discreet: bool) -> list[_Reduced]:
    """Return the photos at the victims' size, after all rounds of steps."""
    preprocess = task.victims[0].preprocess
    reduced = [_Reduced.of(i, photo, task.alpha(i), preprocess, plan.ball) for i, photo in enumerate(photos)]
    pending = reduced
    for seen in SEEN if discreet else (math.inf,):
        pending = _round(pending, seen, task, plan)
    return reduced


@dataclass(slots=True, eq=False)
class _Reduced:
    """A large photo at the victims' size, and what its rounds of steps made of it."""

    index: int
    photo: Pixels
    alpha: Alpha | None  #: the reduced photo's transparency
    unseen: Floats  #: the share of the ball that is hardly seen, for each pixel
    change: Floats  #: the change found so far, in grey levels
    steps: int = 0
    sure: bool = False  #: whether the last round fools by the margin

    @classmethod
    def of(cls, index: int, photo: Pixels, alpha: Alpha | None, preprocess: Preprocess, ball: Ball) -> _Reduced:
        reading, faint = preprocess.for_size(*photo.shape[:2]), None
        if alpha is None:
            small = reading.reduced(photo)
        else:
            small, faint = reduced_with_alpha(photo, alpha, reading)
        unseen = allowance(small, preprocess) / np.float32(ball.levels)
        return cls(index, small, faint, unseen, np.zeros(small.shape, np.float32))

    def start(self, seen: float, ball: Ball) -> Start:
        """Begin a round that may use ``seen`` times the unseen change, where the last round ended."""
        weights: Floats = np.minimum(np.float32(SHARE), np.float32(seen) * self.unseen)
        offsets = np.rint(self.change * ball.units / weights).astype(np.int8) if self.steps else None
        return Start(self.photo, offsets, weights)


def _round(pending: Sequence[_Reduced], seen: float, task: AttackTask, plan: Descent) -> list[_Reduced]:
    """Take each photo's steps from where it stands; return those that need another round."""
    if not pending:
        return []
    task = replace(task.only([small.index for small in pending]), judged=True)
    if task.alphas:
        task = replace(task, alphas=tuple(small.alpha for small in pending))
    states = run_to_end([small.start(seen, plan.ball) for small in pending], task, plan)
    for small, state in zip(pending, states, strict=True):
        small.change, small.steps = state.iterate.change(), small.steps + state.steps
        small.sure = state.assessment is not None and state.assessment.fooled and state.assessment.shown < MARGIN
    again = zip(pending, states, strict=True)
    return [small for small, state in again if not (small.sure or _over(state.assessment, plan))]


def _over(assessment: Assessment | None, plan: Descent) -> bool:
    """Return whether the attack's own rule, if it has one, asks for no further round."""
    return assessment is not None and assessment.fooled and plan.over(assessment)


def _offsets(changed: Pixels, start: Pixels, units: int) -> Offsets:
    return ((changed.astype(np.int16) - start) * units).astype(np.int8)
