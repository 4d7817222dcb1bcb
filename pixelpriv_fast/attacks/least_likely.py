"""Iterative least-likely class (Kurakin, Goodfellow, Bengio 2016, "Adversarial examples in the physical world")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..errors import UsageError, checked_word
from ..registry import Examples
from .contract import LatticeAttack
from .goals import Aim, ClassSet, Draw, View, one_class, towards
from .linf import Ball
from .plan import Descent
from .rules import Keep, Stop, checked_keep, stop_rule

#: Whose logits say which class is the least likely: the photo that is attacked, or the one before its enhancement.
Target = Literal["enhanced", "original"]


@dataclass(frozen=True, slots=True)
class LeastLikely(LatticeAttack):
    """Steps towards the class that the network finds least likely, chosen before the first step (the paper's section 2.3).

    Choice: the class to hide is never the target.

    Parameters
    ----------
    epsilon : float
        Radius of the ball as a fraction of 1: whole grey levels from 1/255 to 127/255 (with steps of half levels 63/255).
    step : float
        Length of a step as a fraction of 1, in whole or half grey levels from 0.5/255.
    steps : int, optional
        Number of steps, at least 1; None is the paper's rule, see ``kurakin_steps``.
    target : str
        "enhanced" aims by the photo that is attacked, "original" by the one before its enhancement. Choice: the former, the
        paper's X.
    kth : int
        Aim at the k-th least likely class, 1 or more.
    stop : str
        "never", "fooled": stop when no classifier gives the classes to flee ``margin`` or more, or "target": stop when the target
        is on top. Choice: "never", as in the paper. ``benchmarks/decisions/early_stop.py`` measures what "fooled" changes.
    margin : float
        The probability for ``stop``, above 0 and at most 1.
    keep : str
        Which iterate is returned: "last" (the paper's), "best_loss" or "first_success".
    lift : bool
        See ``LatticeAttack``.
    discreet : bool
        See ``LatticeAttack``.
    """

    epsilon: float = 8 / 255
    step: float = 1 / 255
    steps: int | None = None
    target: Target = "enhanced"
    kth: int = 1
    stop: Stop = "never"
    margin: float = 0.1
    keep: Keep = "last"

    examples: ClassVar[Examples] = {
        "epsilon": (4 / 255, {"steps": 10}),
        "step": (2 / 255, {}),
        "steps": (3, {}),
        "target": ("original", {}),
        "kth": (2, {}),
        "stop": ("fooled", {}),
        "margin": (0.9, {"stop": "fooled", "steps": 10}),
        "keep": ("first_success", {}),
    }

    def plan(self) -> Descent:
        """Spell the attack out."""
        ball, step = Ball.of(self.epsilon, self.step)
        steps = kurakin_steps(ball.levels) if self.steps is None else self.steps
        if steps < 1:
            raise UsageError(f"steps is {steps}; it must be at least 1")
        goal = LeastLikelyClass(self.target, self.kth)
        return Descent(goal, ball, step, steps, stop_rule(self.stop, self.margin), checked_keep(self.keep))

    def stronger(self) -> LeastLikely:
        """Return the attack with three times the steps, keeping the best."""
        return self.replaced(steps=3 * self.plan().steps, stop="never", keep="best_loss", discreet=False)


def kurakin_steps(epsilon: int) -> int:
    """Return the paper's number of steps for ``epsilon`` grey levels: min(epsilon + 4, 1.25 epsilon), rounded down, 1 or more."""
    return max(1, math.floor(min(epsilon + 4, 1.25 * epsilon)))


@dataclass(frozen=True, slots=True)
class LeastLikelyClass:
    """The goal: towards the class of the ``kth`` lowest logit, not counting the classes to flee.

    Attributes
    ----------
    target : str
        "enhanced" or "original": whose logits count.
    kth : int
        1 for the lowest logit.
    """

    target: Target
    kth: int

    def __post_init__(self) -> None:
        checked_word("target", self.target, Target)
        if self.kth < 1:
            raise UsageError(f"kth is {self.kth}; 1 is the least likely class")

    @property
    def needs_start(self) -> bool:
        """Whether the attacked photo's logits are read."""
        return self.target == "enhanced"

    def aim(self, views: tuple[View, ...], draw: Draw) -> Aim:
        """Choose each victim's own least likely class.

        Parameters
        ----------
        views : tuple of View
            What each victim makes of the photo.
        draw : function
            Not called: nothing is drawn.

        Returns
        -------
        Aim
            One class a victim, to be entered.
        """
        return towards(views, self._target)

    def _target(self, view: View) -> ClassSet:
        logits = view.start if self.needs_start else view.original
        if logits is None:
            raise UsageError('target "original" needs the original photos\' logits in the task')
        ranked = [int(index) for index in np.argsort(logits, kind="stable") if not view.flee[index]]
        if self.kth > len(ranked):
            raise UsageError(f"kth is {self.kth}, but only {len(ranked)} classes are left to aim at")
        return one_class(ranked[self.kth - 1], len(logits))
