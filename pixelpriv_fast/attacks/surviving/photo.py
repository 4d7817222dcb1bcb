"""The attack of one photo, from its first step to what it gives back.

Each round takes steps inside a budget of what is visible and then asks the panel; the first round that passes ends the attack, so
a photo bears no more than it needs. What is not needed of the last budget is given back.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ... import kernels
from ...channels import Chain, Channel
from ...channels.panel import Kind, Panel
from ...channels.training import Training
from ...codecs.transparency import WHITE, over
from ...types import Floats, Pixels
from ..copies import OverBackground
from ..task import AttackOutcome, AttackTask
from .asking import MARGIN, PanelAsked
from .canvas import OwnSize, canvas_of
from .climbing import Climber
from .copies import expected_gradient
from .questions import Answers, Asking, Question

#: How visible the first round's change may be; see ``visible``.
FIRST_BUDGET: Final = 0.25
#: How much more each round may show: e to the logits by which the panel's worst lead is short, over ``SHORT``, within limits.
SHORT: Final = 4.4
GROWTH: Final = (1.2, 2.0)
#: Up to what visibility the panel asks for its whole margin: beyond, for less in proportion, since it costs more there.
DEAR: Final = 1.2
#: How many times as many steps the first round takes: it has the whole way to go.
FIRST_ROUND: Final = 2
#: How many more steps each round takes than the one before. Choice: two; photos that need much gain over a point of SSIMULACRA 2
#: (``benchmarks/decisions/robust_constants.py``).
MORE: Final = 2
#: A step's length relative to the size that the budget allows, first and last in a round.
RATES: Final = (0.4, 0.1)
#: What is tried of the change once the panel passes: the smallest share, and the number of halvings between it and all.
SMALLEST_SHARE: Final = 0.4
HALVINGS: Final = 3


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

    def kinds(self, step: int, failed: Sequence[Kind]) -> list[Kind]:
        """Say what the copies of one step mainly go through; kinds that failed take the place of every other copy.

        Parameters
        ----------
        step : int
            The step's number in the whole attack.
        failed : sequence of str
            Kinds of treatments that failed in the round before.

        Returns
        -------
        list of str
            One kind a copy.
        """
        numbers = range(step * self.copies, (step + 1) * self.copies)
        return [failed[n // 2 % len(failed)] if failed and n % 2 else self.turns[n % len(self.turns)] for n in numbers]


class PhotoAttack:
    """One photo under attack.

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
    """

    def __init__(self, photo: Pixels, index: int, task: AttackTask, plan: RobustPlan) -> None:
        self._photo, self._index, self._task, self._plan = photo, index, task, plan
        self._canvas = canvas_of(photo, task.alpha(index), task.victims, plan.bound)
        self._panel = PanelAsked.of(plan.panel, task, index, photo)
        self._flee = self._panel.flee
        self._first = self._before_sharing(self._panel.saved)
        self._training = Training(plan.panel)
        self._rng = np.random.default_rng(operator.index(task.seeds[index]))
        self._climber = Climber(self._canvas)
        self._steps = 0

    def run(self) -> Asking[AttackOutcome]:
        """Attack the photo.

        Returns
        -------
        AttackOutcome
            The photo as it is kept; nothing is said of whether it fools.
        """
        failed: tuple[str, ...] = ()
        budget = FIRST_BUDGET
        for number in range(self._plan.rounds):
            yield from self._round(number, budget, self._plan.panel.kinds(failed))
            if self._expired:
                break
            margin = MARGIN * min(1.0, DEAR / budget)
            failed = yield from self._panel.failed(self._canvas.result(self._climber.change), margin)
            if not failed:
                yield from self._give_back(margin)
                break
            budget *= min(max(math.exp(self._panel.short() / SHORT), GROWTH[0]), GROWTH[1])
        result = self._canvas.result(self._climber.change)
        return AttackOutcome(result, kernels.largest_change(result, self._photo), self._steps, None)

    def _before_sharing(self, saved: Channel | None) -> Sequence[Channel | None]:
        """Say for each victim what a copy goes through first."""
        if not isinstance(self._canvas, OwnSize):
            saved = None  # what it does is too fine for a reduced photo
        if (alpha := self._canvas.alpha) is None:
            return [saved] * len(self._flee)
        seen = [OverBackground(alpha, background) for background in self._task.backgrounds]
        return seen if saved is None else [Chain((saved, background)) for background in seen]

    @property
    def _expired(self) -> bool:
        return self._task.expired is not None and self._task.expired(self._index)

    def _round(self, number: int, budget: float, failed: Sequence[Kind]) -> Asking[None]:
        """Take one round's steps; kinds of treatments that failed are trained on more."""
        length = self._plan.steps + MORE * number if number else FIRST_ROUND * self._plan.steps
        for step in range(length):
            if self._expired:
                return
            shown = self._climber.pixels
            drawn = [self._training.draw(kind, self._rng) for kind in self._plan.kinds(self._steps, failed)]
            gradient = yield from expected_gradient(shown, self._task, self._flee, self._first, drawn)
            if self._plan.appeal:
                gradient = yield from self._more_appealing(gradient, shown)
            rate = RATES[0] * (RATES[1] / RATES[0]) ** (step / max(1, length - 1))
            self._climber.step(gradient, budget, rate)
            self._steps += 1

    def _give_back(self, margin: float) -> Asking[None]:
        """Shrink the change to the smallest share that still passes the panel, as far as some halvings find it."""
        low, high = SMALLEST_SHARE, 1.0
        for _ in range(HALVINGS):
            share = (low + high) / 2
            less = self._canvas.result(self._climber.change * np.float32(share))
            failed = yield from self._panel.failed(less, margin)
            low, high = (share, high) if failed else (low, share)
        self._climber.change *= np.float32(high)

    def _more_appealing(self, gradient: Floats, shown: Pixels) -> Asking[Floats]:
        """Add the direction in which the scorer's rating rises; both directions by their mean absolute value."""
        if self._task.scorer is None:
            raise RuntimeError("appeal was asked for without a scorer")
        alpha = self._canvas.alpha
        reading = self._task.scorer.preprocess.for_size(*shown.shape[:2])
        seen = np.ascontiguousarray(over(shown, alpha))
        answers: Answers = yield Question("score", [reading.exact(seen, np.zeros(seen.shape, np.int8))])
        slope = np.zeros(shown.shape, np.float32)
        reading.adjoint(answers[0][1], slope)
        if alpha is not None:
            slope = OverBackground(alpha, WHITE).pullback(slope)
        size, other = float(np.abs(slope).mean()), float(np.abs(gradient).mean())
        total: Floats = gradient + slope * np.float32(self._plan.appeal * other / size) if size else gradient
        return total
