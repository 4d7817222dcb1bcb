"""Fast gradient sign method (Goodfellow, Shlens, Szegedy 2014, "Explaining and harnessing adversarial examples")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..registry import Examples
from .contract import LatticeAttack
from .goals import Flee
from .linf import Ball
from .pgd import PGD
from .plan import Descent


@dataclass(frozen=True, slots=True)
class FGSM(LatticeAttack):
    """One step up the loss of the photo's class: x + epsilon sign(gradient of the loss), the paper's section 4.

    Parameters
    ----------
    epsilon : float
        Length of the step and radius of the ball as a fraction of 1: whole grey levels from 1/255 to 127/255.
    lift : bool
        See ``LatticeAttack``.
    discreet : bool
        See ``LatticeAttack``.
    """

    epsilon: float = 8 / 255

    examples: ClassVar[Examples] = {"epsilon": (3 / 255, {})}

    def plan(self) -> Descent:
        """Spell the attack out."""
        ball, step = Ball.of(self.epsilon, self.epsilon)
        return Descent(Flee(), ball, step, steps=1)

    def stronger(self) -> PGD:
        """Return the iterative form inside the same ball: a single step has nothing left to give."""
        steps = 2 * self.plan().ball.levels + 4
        return PGD(epsilon=self.epsilon, step=1 / 255, steps=steps, lift=self.lift, discreet=False)
