"""Projected gradient descent (Madry et al. 2017, "Towards deep learning models resistant to adversarial attacks")."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from ..errors import UsageError, checked_word
from ..registry import Examples
from ..words import EarlyStop
from .contract import LatticeAttack
from .goals import Flee
from .linf import Ball, grey_levels
from .plan import Descent
from .rules import Keep, checked_keep, stop_rule

#: What "step size 1/epsilon" may have meant.
StepRule = Literal["half_level", "one_level", "literal_saturate", "epsilon_over_steps"]

#: The same as functions of epsilon in grey levels and the number of steps; they return grey levels.
STEP_RULES: dict[str, Callable[[int, int], float]] = {
    "half_level": lambda levels, steps: 0.5,  # 1/epsilon grey levels at epsilon = 2
    "one_level": lambda levels, steps: 1.0,  # a misprint of 1/255
    "literal_saturate": lambda levels, steps: 2.0 * levels,  # 1/epsilon of the whole range: from corner to corner
    "epsilon_over_steps": lambda levels, steps: max(1, math.floor(5 * levels / steps)) / 2,  # 2.5 epsilon / steps
}


@dataclass(frozen=True, slots=True)
class PGD(LatticeAttack):
    """Steps up the loss of the photo's own class: x <- project(x + step sign(gradient of the loss)).

    Several classes to flee count as one: the loss is -log of their summed probability.

    Parameters
    ----------
    epsilon : float
        Radius of the ball as a fraction of 1: whole grey levels from 1/255 to 127/255 (with steps of half levels 63/255).
    step : float or str
        Length of a step as a fraction of 1, in whole or half grey levels from 0.5/255; or a reading of the paper's "1/epsilon"
        (``STEP_RULES``). "epsilon_over_steps" is 2.5 epsilon / steps, rounded down to half levels. Choice: half a level.
    steps : int
        Number of steps, at least 1. Choice: ten.
    random_start : bool
        Whether the first iterate is drawn from the ball, as in Madry's algorithm. Choice: it is not.
    keep : str
        Which iterate is returned. Choice: "best_loss", the 8-bit iterate with the highest loss, since the paper's 14 % of
        survivors look like early return and rounding. "first_success" is that behaviour; "last" is Madry's.
        ``benchmarks/decisions/scene_success.py`` counts the photos that each protects.
    stop : str
        "never", or "fooled": stop when no classifier gives the classes to flee ``margin`` or more on the 8-bit photo.
    margin : float
        The probability for ``stop``, above 0 and at most 1.
    lift : bool
        See ``LatticeAttack``.
    discreet : bool
        See ``LatticeAttack``.
    """

    epsilon: float = 2 / 255
    step: float | StepRule = "half_level"
    steps: int = 10
    random_start: bool = False
    keep: Keep = "best_loss"
    stop: EarlyStop = "never"
    margin: float = 0.1

    examples: ClassVar[Examples] = {
        "epsilon": (3 / 255, {}),
        "step": ("one_level", {}),
        "steps": (2, {}),
        "random_start": (True, {}),
        "keep": ("first_success", {}),
        "stop": ("fooled", {}),
        "margin": (0.9, {"stop": "fooled", "epsilon": 8 / 255, "keep": "last"}),
    }

    def plan(self) -> Descent:
        """Spell the attack out."""
        if self.steps < 1:
            raise UsageError(f"steps is {self.steps}; it must be at least 1")
        ball, step = Ball.of(self.epsilon, self._step())
        stop = stop_rule(self.stop, self.margin, EarlyStop)
        return Descent(Flee(), ball, step, self.steps, stop, checked_keep(self.keep), self.random_start)

    def stronger(self) -> PGD:
        """Return the attack with three times the steps, keeping the best."""
        return self.replaced(steps=3 * self.steps, step=self._step(), stop="never", keep="best_loss", discreet=False)

    def _step(self) -> float:
        if not isinstance(self.step, str):
            return self.step
        checked_word("step rule", self.step, StepRule)
        return STEP_RULES[self.step](grey_levels(self.epsilon, "epsilon"), self.steps) / 255
