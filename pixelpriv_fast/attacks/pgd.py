"""Projected gradient descent (Madry et al. 2017, "Towards deep learning models resistant to adversarial attacks")."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import UsageError
from .contract import LatticeAttack
from .descent import Descent
from .goals import Flee
from .linf import Ball, grey_levels
from .rules import checked_keep, stop_rule

#: What "step size 1/epsilon" may have meant, as functions of epsilon in grey levels and the number of steps; in levels.
STEP_RULES: dict[str, Callable[[int, int], float]] = {
    "half_level": lambda levels, steps: 0.5,  # 1/epsilon grey levels at epsilon = 2
    "one_level": lambda levels, steps: 1.0,  # a misprint of 1/255
    "literal_saturate": lambda levels, steps: 2.0 * levels,  # 1/epsilon of the whole range: from corner to corner
    "epsilon_over_steps": lambda levels, steps: max(1, math.floor(5 * levels / steps)) / 2,  # 2.5 epsilon / steps
}


@dataclass(frozen=True, slots=True)
class PGD(LatticeAttack):
    """Steps up the loss of the photo's own class (or of all accepted ones: the log of their summed probability).

    ``epsilon`` is a fraction of 1. ``step`` is one too, in whole or half grey levels, or the name of a reading of the
    paper's "1/epsilon" (``STEP_RULES``; "epsilon_over_steps" is 2.5 epsilon / steps in half levels, rounded down).

    Choice: half a level and ten steps; no random start; ``keep`` = "best_loss", the 8-bit iterate with the highest
    loss, since the paper's 14 % of survivors look like early return and rounding. "first_success" is that behaviour;
    "last" is Madry's. ``stop``: "never" or "fooled" (the original's class below ``margin`` on the 8-bit photo).
    """

    epsilon: float = 2 / 255
    step: float | str = "half_level"
    steps: int = 10
    random_start: bool = False
    keep: str = "best_loss"
    stop: str = "never"
    margin: float = 0.1

    def plan(self) -> Descent:
        if self.steps < 1:
            raise UsageError(f"steps is {self.steps}; it must be at least 1")
        if self.stop == "target":
            raise UsageError("stop is 'target', but PGD has no target; known: never, fooled")
        ball, step = Ball.of(self.epsilon, self._step())
        stop = stop_rule(self.stop, self.margin)
        return Descent(Flee(), ball, step, self.steps, stop, checked_keep(self.keep), self.random_start)

    def stronger(self) -> PGD:
        return self.replaced(steps=3 * self.steps, step=self._step(), stop="never", keep="best_loss", discreet=False)

    def _step(self) -> float:
        if not isinstance(self.step, str):
            return self.step
        if self.step not in STEP_RULES:
            raise UsageError(f"step is {self.step!r}; give a number such as 1/255, or one of {', '.join(STEP_RULES)}")
        return STEP_RULES[self.step](grey_levels(self.epsilon, "epsilon"), self.steps) / 255
