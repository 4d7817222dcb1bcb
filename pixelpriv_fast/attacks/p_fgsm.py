"""Private FGSM (Li, Shamsabadi, Sanchez-Matilla, Mazzon, Cavallaro 2019, "Scene privacy protection")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..errors import UsageError, checked_word
from ..logits import softmax
from ..registry import Examples
from .contract import LatticeAttack
from .goals import Aim, ClassSet, Draw, LogitsRow, View, one_class, towards
from .linf import Ball
from .plan import Descent
from .rules import Keep, checked_keep, reaching

#: Which classes may be drawn, see ``PFGSM``.
Candidates = Literal["tail", "all_but_first"]


@dataclass(frozen=True, slots=True)
class PFGSM(LatticeAttack):
    """Steps towards a class drawn from the tail of the predictions, until the network is sure of it.

    The tail holds the classes past the first ``sigma`` of probability. The draw is uniform and comes from the photo's seed.
    The predicted class and the classes to flee are never drawn. Choice: each of several classifiers has a target of its own.

    Parameters
    ----------
    epsilon : float
        Radius of the ball as a fraction of 1: whole grey levels from 1/255 to 127/255 (with steps of half levels 63/255).
    step : float
        Length of a step as a fraction of 1, in whole or half grey levels from 0.5/255.
    sigma : float
        Cumulative probability before the tail, between 0 and 1.
    drop_first : bool
        Whether the tail's first class is left out, as in the authors' later RP-FGSM.
    candidates : str
        Which classes may be drawn. Choice: "tail", as the paper means it. "all_but_first" is what the released code does: it
        computes the tail and then overwrites it.
    stop_probability : float
        Stop when the target has more than this probability, above 0 and at most 1; 1 never stops.
    max_iterations : int
        Maximum number of steps, at least 1.
    keep : str
        Which iterate is returned: "last", "best_loss" or "first_success".
    lift : bool
        See ``LatticeAttack``.
    discreet : bool
        See ``LatticeAttack``.
    """

    epsilon: float = 8 / 255
    step: float = 1 / 255
    sigma: float = 0.99
    drop_first: bool = False
    candidates: Candidates = "tail"
    stop_probability: float = 0.99
    max_iterations: int = 100
    keep: Keep = "last"

    examples: ClassVar[Examples] = {
        "epsilon": (4 / 255, {"max_iterations": 20}),
        "step": (2 / 255, {"max_iterations": 20}),
        "sigma": (0.5, {"max_iterations": 20}),
        "drop_first": (True, {"max_iterations": 20, "sigma": 0.6}),
        "candidates": ("all_but_first", {"max_iterations": 20}),
        "stop_probability": (0.2, {"max_iterations": 20}),
        "max_iterations": (2, {}),
        "keep": ("first_success", {"max_iterations": 20}),
    }

    def plan(self) -> Descent:
        """Spell the attack out."""
        if self.max_iterations < 1:
            raise UsageError(f"max_iterations is {self.max_iterations}; it must be at least 1")
        ball, step = Ball.of(self.epsilon, self.step)
        goal = TailClass(self.sigma, self.drop_first, self.candidates)
        stop, keep = reaching(self.stop_probability), checked_keep(self.keep)
        return Descent(goal, ball, step, self.max_iterations, stop, keep)

    def stronger(self) -> PFGSM:
        """Return the attack that takes all its steps, keeping the best."""
        return self.replaced(stop_probability=1.0, keep="best_loss", discreet=False)


@dataclass(frozen=True, slots=True)
class TailClass:
    """The goal: towards a class drawn uniformly from the start photo's tail.

    Attributes
    ----------
    sigma : float
        Cumulative probability before the tail, between 0 and 1.
    drop_first : bool
        Whether the tail's first class is left out.
    candidates : str
        "tail", or "all_but_first" for every class but the predicted one.
    """

    sigma: float
    drop_first: bool
    candidates: Candidates
    needs_start = True

    def __post_init__(self) -> None:
        if not 0.0 < self.sigma < 1.0:
            raise UsageError(f"sigma is {self.sigma}; it must be a probability between 0 and 1")
        checked_word("candidates", self.candidates, Candidates)

    def aim(self, views: tuple[View, ...], draw: Draw) -> Aim:
        """Draw a class for each victim.

        Parameters
        ----------
        views : tuple of View
            What each victim makes of the photo.
        draw : function
            Returns the photo's own random numbers.

        Returns
        -------
        Aim
            One class a victim, to be entered.
        """
        return towards(views, lambda view: self._target(view, draw()))

    def _target(self, view: View, rng: np.random.Generator) -> ClassSet:
        if view.start is None:
            raise UsageError("the start photo's logits are missing")
        chosen = self.choices(view.start, view.flee)
        return one_class(int(chosen[rng.integers(len(chosen))]), len(view.start))

    def choices(self, logits: LogitsRow, flee: ClassSet) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """Find the classes that may be drawn.

        Parameters
        ----------
        logits : float32 array of shape (classes,)
            The start photo's logits.
        flee : bool array of shape (classes,)
            True for the classes to flee.

        Returns
        -------
        integer array of shape (n,)
            Class indices, the likeliest first; if none may be drawn, the least likely one.
        """
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
