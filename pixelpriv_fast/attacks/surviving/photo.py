"""The attack of one photo, from its first step to what it gives back.

Each round takes steps inside a radius of visible change and then asks the panel; the first round that passes ends the attack, so
a photo bears no more than it needs. What is not needed of the last radius is given back.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ... import kernels
from ...channels.panel import Kind, Panel
from ...channels.training import Training
from ...types import Floats, Pixels
from ..goals import ClassSet
from ..task import AttackOutcome, AttackTask
from .asking import PanelAsked
from .canvas import Canvas, canvas_of
from .climbing import climb
from .copies import expected_gradient
from .questions import Answers, Asking, Question

#: The first round's radius in grey levels, root mean square where all pixels count alike, and how it grows with each round.
RADIUS: Final = 1.0
GROWTH: Final = 1.3
#: A step's length relative to the radius, first and last in a round.
RATES: Final = (0.4, 0.1)
#: What is tried of the change once the panel passes: the smallest share, and the number of halvings between it and all.
SMALLEST_SHARE: Final = 0.7
HALVINGS: Final = 2


@dataclass(frozen=True, slots=True)
class RobustPlan:
    """An attack that survives sharing, spelled out; ``Robust`` says what its fields mean.

    Attributes
    ----------
    bound : int
        The largest change of a sample, in grey levels.
    copies, steps, rounds
        See ``Robust``.
    turns : tuple of str
        The kinds of copies, in turn.
    panel : Panel
        What ends the attack.
    appeal : float
        See ``Robust``.
    """

    bound: int
    copies: int
    steps: int
    rounds: int
    turns: tuple[Kind, ...]
    panel: Panel
    appeal: float

    def kinds(self, copies: int, step: int, failed: Sequence[Kind]) -> list[Kind]:
        """Return what the copies of one step mainly go through; kinds that failed take the last copy's place."""
        kinds = [self.turns[(step * copies + j) % len(self.turns)] for j in range(copies)]
        if failed:
            kinds[-1] = failed[step % len(failed)]
        return kinds


def attack_photo(photo: Pixels, index: int, task: AttackTask, plan: RobustPlan) -> Asking[AttackOutcome]:
    """Attack one photo.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo; it is not written to.
    index : int
        Its place in ``task``.
    task : AttackTask
        The victims and what the photo must flee.
    plan : RobustPlan
        The attack, spelled out.

    Returns
    -------
    AttackOutcome
        The photo as it is kept; nothing is said of whether it fools.
    """
    canvas = canvas_of(photo, task.alpha(index), task.victims, plan.bound)
    flee = _flee(task, index)
    saved = task.saved[index] if task.saved else None
    original = task.originals[index] if task.originals else photo
    panel = PanelAsked(plan.panel, task, index, flee, saved, original)
    training = Training(plan.panel)
    rng = np.random.default_rng(operator.index(task.seeds[index]))
    expired: Callable[[int], bool] = task.expired or (lambda _: False)
    change, momentum = np.zeros(canvas.start.shape, np.float32), np.zeros(canvas.start.shape, np.float32)
    failed: tuple[str, ...] = ()
    steps = 0
    for number in range(plan.rounds):
        radius = RADIUS * GROWTH**number
        copies = plan.copies if number else 1  # momentum averages over steps: alone it is enough for half of the photos
        length = plan.steps * plan.copies // copies
        wanted = plan.panel.kinds(failed)
        for step in range(length):
            if expired(index):
                break
            kinds = plan.kinds(copies, steps, wanted)
            shown = canvas.pixels(change)
            through = saved if canvas.start is photo else None
            gradient = yield from expected_gradient(shown, index, task, flee, through, training, kinds, rng)
            if plan.appeal:
                gradient = yield from _more_appealing(gradient, shown, task, plan.appeal)
            rate = RATES[0] * (RATES[1] / RATES[0]) ** (step / max(1, length - 1))
            climb(canvas, change, momentum, gradient, radius, rate)
            steps += 1
        failed = yield from panel.failed(canvas.result(change))
        if not failed or expired(index):
            break
    if not failed:
        change = yield from _given_back(change, canvas, panel)
    result = canvas.result(change)
    return AttackOutcome(result, kernels.largest_change(result, photo), steps, None)


def _flee(task: AttackTask, index: int) -> tuple[ClassSet, ...]:
    sets = []
    for victim, rows in zip(task.victims, task.flee, strict=True):
        flee = np.zeros(victim.classes, np.bool_)
        flee[list(rows[index])] = True
        sets.append(flee)
    return tuple(sets)


def _more_appealing(gradient: Floats, shown: Pixels, task: AttackTask, weight: float) -> Asking[Floats]:
    """Add the direction in which the scorer's rating rises; both directions by their mean absolute value."""
    if task.scorer is None:
        raise RuntimeError("appeal was asked for without a scorer")
    reading = task.scorer.preprocess.for_size(*shown.shape[:2])
    answers: Answers = yield Question("score", [reading.exact(shown, np.zeros(shown.shape, np.int8))])
    slope = np.zeros(shown.shape, np.float32)
    reading.adjoint(answers[0][1], slope)
    size, other = float(np.abs(slope).mean()), float(np.abs(gradient).mean())
    total: Floats = gradient + slope * np.float32(weight * other / size) if size else gradient
    return total


def _given_back(change: Floats, canvas: Canvas, panel: PanelAsked) -> Asking[Floats]:
    """Return the smallest share of a change that still passes the panel, as far as some halvings find it."""
    low, high = SMALLEST_SHARE, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        failed = yield from panel.failed(canvas.result(change * np.float32(share)), quickly=True)
        low, high = (share, high) if failed else (low, share)
    kept: Floats = change * np.float32(high)
    return kept
