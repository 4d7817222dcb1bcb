"""One photo under attack: where it begins, and what is known of it as it stands.

All changes go through ``PhotoState``'s methods, which forget what a move makes untrue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import kernels
from ..types import Alpha, Floats, Offsets, Pixels
from .copies import Copy
from .goals import Aim, ClassSet
from .iterates import Iterate, WeightedIterate, random_offsets
from .plan import Descent
from .rules import Assessment
from .task import AttackOutcome, Victim


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where one photo's attack begins.

    Attributes
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo; it is not written to.
    offsets : int8 array of the same shape, optional
        The first iterate's change, in the ball's units. None leaves it to the plan: no change, or a random one.
    weights : float32 array of shape (height, width, 1), optional
        Each pixel's share of the ball, for a reduced photo whose change will be lifted. None: 8-bit pixels.
    """

    photo: Pixels
    offsets: Offsets | None = None
    weights: Floats | None = None

    def iterate(self, plan: Descent, rng: np.random.Generator | None, alpha: Alpha | None = None) -> Iterate:
        """Make the first iterate.

        Parameters
        ----------
        plan : Descent
            Holds the ball, and whether to begin at random.
        rng : numpy Generator, optional
            The photo's own random numbers; needed if the plan begins at random.
        alpha : uint8 array of shape (height, width), optional
            The photo's transparency; what is not seen is not changed.

        Returns
        -------
        Iterate
            A new one; nothing of ``self`` is written to later.
        """
        if self.offsets is not None:
            offsets = self.offsets.copy()
        elif rng is not None:
            offsets = random_offsets(self.photo, plan.ball, rng)
            if alpha is not None:
                offsets[alpha == 0] = 0
        else:
            offsets = np.zeros(self.photo.shape, np.int8)
        if self.weights is None:
            return Iterate(self.photo, plan.ball, offsets)
        return WeightedIterate(self.photo, plan.ball, offsets, self.weights)


@dataclass(slots=True, eq=False)
class PhotoState:
    """One photo under attack. When its attack is over, ``iterate`` and ``assessment`` are what was kept.

    Attributes
    ----------
    index : int
        The photo's place among the photos of the call.
    iterate : Iterate
        The photo as it stands.
    flee : tuple of bool arrays of shape (classes,)
        For each victim, the classes to flee.
    aim : Aim
        Where each victim is to go.
    steps : int
        Number of steps that were taken.
    assessment : Assessment, optional
        Of the iterate as it stands, if it was judged; a move resets it.
    next_input : float32 array of shape (3, h, w), optional
        The last victim's input of the iterate as it stands, if the step to it wrote it; a move resets it.
    best : tuple of Assessment and int8 array, optional
        The best iterate that was judged so far, for the keep rule "best_loss".
    copies : tuple of Copy
        For each victim what it reads instead of the photo's own pixels; () where all read these.
    """

    index: int
    iterate: Iterate
    flee: tuple[ClassSet, ...]
    aim: Aim
    steps: int = 0
    assessment: Assessment | None = None
    next_input: Floats | None = None
    best: tuple[Assessment, Offsets] | None = None
    copies: tuple[Copy, ...] = ()

    def copy_for(self, v: int) -> Copy | None:
        """Return what victim ``v`` reads instead of the photo's own pixels; None if it reads these."""
        return self.copies[v] if self.copies else None

    def input_of(self, victims: Sequence[Victim], v: int) -> Floats:
        """Return a victim's input for the photo as it stands, float32 (3, h, w).

        Parameters
        ----------
        victims : sequence of GradientEngine
            The networks; the previous step may have written the last one's input.
        v : int
            The victim's place among them.

        Returns
        -------
        float32 array of shape (3, h, w)
            ``Iterate.seen``.
        """
        if v == len(victims) - 1 and self.next_input is not None:
            return self.next_input
        return self.iterate.seen(victims[v].preprocess, self.copy_for(v))

    def step(self, victim: Victim, gradient: Floats, extra: Floats | None, plan: Descent) -> None:
        """Take one step, up the loss of the aim's sets if it is away from them, else down.

        Parameters
        ----------
        victim : GradientEngine
            The last victim.
        gradient : float32 array of shape (3, h, w)
            The gradient by its input.
        extra : float32 array of shape (height, width, 3), optional
            The other victims' gradient by the photo's pixels.
        plan : Descent
            Holds the length of the step and the number of steps; before another step, the next input is written unless it is
            a copy's.
        """
        length = plan.step if self.aim.away else -plan.step
        more = self.steps + 1 < plan.steps and not self.copies
        next_input = self.iterate.step(victim.preprocess, gradient, length, extra, reads=more)
        self._moved(1, next_input)

    def jump(self, offsets: Offsets, steps: int) -> None:
        """Replace the change by one that was found elsewhere.

        Parameters
        ----------
        offsets : int8 array of shape (height, width, 3)
            The new change, in the ball's units.
        steps : int
            Number of steps that led to it.
        """
        self.iterate.offsets = offsets
        self._moved(steps, None)

    def _moved(self, steps: int, next_input: Floats | None) -> None:
        self.steps += steps
        self.assessment, self.next_input = None, next_input

    def remember(self) -> None:
        """Keep the iterate as it stands, which is judged, if it is the best so far."""
        if self.assessment is not None and (self.best is None or self.assessment.rank > self.best[0].rank):
            self.best = self.assessment, self.iterate.offsets.copy()

    def finish(self) -> None:
        """End the attack at the best iterate that was remembered, if it is not worse than the last one."""
        self.next_input = None
        if self.best is not None and (self.assessment is None or self.best[0].rank >= self.assessment.rank):
            self.assessment, self.iterate.offsets = self.best

    def outcome(self) -> AttackOutcome:
        """Return what the attack hands back. Only for a photo with 8-bit pixels."""
        photo, assessment = self.iterate.pixels(), self.assessment
        linf = kernels.largest_change(photo, self.iterate.start)
        return AttackOutcome(photo, linf, self.steps, None if assessment is None else assessment.fooled)
