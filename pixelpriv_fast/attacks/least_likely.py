"""Iterative least-likely class (Kurakin, Goodfellow, Bengio 2016, "Adversarial examples in the physical world")."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError
from .contract import LatticeAttack
from .descent import Descent
from .goals import Aim, Draw, View, one_class
from .linf import Ball
from .rules import checked_keep, stop_rule


@dataclass(frozen=True, slots=True)
class LeastLikely(LatticeAttack):
    """Steps of ``step`` towards the class that the network holds for the least likely, fixed before the first step.

    ``epsilon`` and ``step`` are fractions of 1 on the 8-bit lattice. ``steps``: None is the paper's rule. ``kth``: the
    k-th least likely class instead. ``keep``: "last" (the paper's), "best_loss" or "first_success".

    Choice: ``target`` = "enhanced" aims by the photo that is attacked (the paper's X); "original" by the one before its
    enhancement. Choice: ``stop`` = "never", as in the paper; "fooled" stops when no classifier shows the original's
    class with ``margin`` probability or more, "target" when the target is on top. Choice: the class to hide is never
    the target.
    """

    epsilon: float = 8 / 255
    step: float = 1 / 255
    steps: int | None = None
    target: str = "enhanced"
    kth: int = 1
    stop: str = "never"
    margin: float = 0.1
    keep: str = "last"

    def plan(self) -> Descent:
        ball, step = Ball.of(self.epsilon, self.step)
        steps = kurakin_steps(ball.levels) if self.steps is None else self.steps
        if steps < 1:
            raise UsageError(f"steps is {steps}; it must be at least 1")
        goal = LeastLikelyClass(self.target, self.kth)
        return Descent(goal, ball, step, steps, stop_rule(self.stop, self.margin), checked_keep(self.keep))

    def stronger(self) -> LeastLikely:
        return self.replaced(steps=3 * self.plan().steps, stop="never", keep="best_loss", discreet=False)


def kurakin_steps(epsilon: int) -> int:
    """The paper's number of steps of one grey level: min(epsilon + 4, 1.25 epsilon), rounded down, at least 1."""
    return max(1, math.floor(min(epsilon + 4, 1.25 * epsilon)))


@dataclass(frozen=True, slots=True)
class LeastLikelyClass:
    """Towards the ``kth`` lowest logit, the classes to flee left out; of the "enhanced" or the "original" photo."""

    target: str
    kth: int

    def __post_init__(self) -> None:
        if self.target not in ("enhanced", "original"):
            raise UsageError(f"target is {self.target!r}; known: enhanced, original")
        if self.kth < 1:
            raise UsageError(f"kth is {self.kth}; 1 is the least likely class")

    @property
    def needs_start(self) -> bool:
        return self.target == "enhanced"

    def aim(self, views: tuple[View, ...], draw: Draw) -> Aim:
        return Aim(tuple(self._target(view) for view in views), away=False)

    def _target(self, view: View) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        logits = view.start if self.needs_start else view.original
        if logits is None:
            raise UsageError('target "original" needs the original photos\' logits in the task')
        ranked = [int(index) for index in np.argsort(logits, kind="stable") if not view.flee[index]]
        if self.kth > len(ranked):
            raise UsageError(f"kth is {self.kth}, but only {len(ranked)} classes are left to aim at")
        return one_class(ranked[self.kth - 1], len(logits))
