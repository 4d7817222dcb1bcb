"""Fast gradient sign method (Goodfellow, Shlens, Szegedy 2014, "Explaining and harnessing adversarial examples")."""

from __future__ import annotations

from dataclasses import dataclass

from .contract import LatticeAttack
from .descent import Descent
from .goals import Flee
from .linf import Ball
from .pgd import PGD


@dataclass(frozen=True, slots=True)
class FGSM(LatticeAttack):
    """One step of ``epsilon`` (a fraction of 1) up the loss of the photo's class."""

    epsilon: float = 8 / 255

    def plan(self) -> Descent:
        ball, step = Ball.of(self.epsilon, self.epsilon)
        return Descent(Flee(), ball, step, steps=1)

    def stronger(self) -> PGD:
        """The iterative form inside the same ball: a single step has nothing left to give."""
        steps = 2 * self.plan().ball.levels + 4
        return PGD(epsilon=self.epsilon, step=1 / 255, steps=steps, lift=self.lift, discreet=False)
