"""Private FGSM (Li, Shamsabadi, Sanchez-Matilla, Mazzon, Cavallaro 2019, "Scene privacy protection")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import UsageError
from ..logits import softmax
from .contract import LatticeAttack
from .descent import Descent
from .goals import Aim, ClassSet, Draw, Row, View, one_class
from .linf import Ball
from .rules import checked_keep, reaching


@dataclass(frozen=True, slots=True)
class PFGSM(LatticeAttack):
    """Steps towards a class drawn from the tail of the predictions, until the network is sure of it.

    The tail holds the classes past the first ``sigma`` of probability, most likely first; ``drop_first`` leaves its
    first class out, as the authors' later RP-FGSM does. Never drawn: the predicted class and the classes to hide. The
    draw is uniform and comes from the photo's seed. The attack ends when the target has more than
    ``stop_probability`` (1: never), at the latest after ``max_iterations``.

    Choice: the tail as the paper means it; ``candidates`` = "all_but_first" is what the released code does, which
    computes the tail and then overwrites it. Choice: each of several classifiers has a target of its own.
    """

    epsilon: float = 8 / 255
    step: float = 1 / 255
    sigma: float = 0.99
    drop_first: bool = False
    candidates: str = "tail"
    stop_probability: float = 0.99
    max_iterations: int = 100
    keep: str = "last"

    def plan(self) -> Descent:
        if self.max_iterations < 1:
            raise UsageError(f"max_iterations is {self.max_iterations}; it must be at least 1")
        ball, step = Ball.of(self.epsilon, self.step)
        goal = TailClass(self.sigma, self.drop_first, self.candidates)
        stop, keep = reaching(self.stop_probability), checked_keep(self.keep)
        return Descent(goal, ball, step, self.max_iterations, stop, keep)

    def stronger(self) -> PFGSM:
        return self.replaced(stop_probability=1.0, keep="best_loss", discreet=False)


@dataclass(frozen=True, slots=True)
class TailClass:
    """Towards a class drawn uniformly from the start photo's tail."""

    sigma: float
    drop_first: bool
    candidates: str
    needs_start = True

    def __post_init__(self) -> None:
        if not 0.0 < self.sigma < 1.0:
            raise UsageError(f"sigma is {self.sigma}; it must be a probability between 0 and 1")
        if self.candidates not in ("tail", "all_but_first"):
            raise UsageError(f"candidates is {self.candidates!r}; known: tail, all_but_first")

    def aim(self, views: tuple[View, ...], draw: Draw) -> Aim:
        return Aim(tuple(self._target(view, draw()) for view in views), away=False)

    def _target(self, view: View, rng: np.random.Generator) -> ClassSet:
        if view.start is None:
            raise UsageError("the start photo's logits are missing")
        chosen = self.choices(view.start, view.flee)
        return one_class(int(chosen[rng.integers(len(chosen))]), len(view.start))

    def choices(self, logits: Row, flee: ClassSet) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """The classes that may be drawn, most likely first; where none is left, the least likely one."""
        p = softmax(logits)
        order = np.argsort(-p, kind="stable")
        allowed = ~flee[order]
        allowed[0] = False
        if self.candidates == "tail":
            tail = np.cumsum(p[order]) > self.sigma
            if self.drop_first and tail.any():
                tail[np.argmax(tail)] = False
            picked = tail & allowed
        else:
            picked = allowed
        return order[picked] if picked.any() else order[~flee[order]][-1:]
