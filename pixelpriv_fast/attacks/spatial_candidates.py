"""One photo's candidates of a spatial search, and what is known of each: nothing, a rough score, or one in fp32."""

from __future__ import annotations

import operator

import numpy as np

from .. import kernels
from ..codecs.transparency import over
from ..engines.ranking import ranker_of
from ..logits import Doubles, Flags
from ..types import Alpha, Floats, Pixels
from .spatial_search import RULES, Bounds, Losses, SpatialRule, expected_error, promising, sample
from .task import AttackOutcome, AttackTask, Victim

#: Candidates of one photo that are judged before the next question which are worth it: in fp32 where all have to be, and
#: roughly. After a ranking the first one in fp32 often decides, so they come one at a time.
_FEW, _MANY = 4, 16


class Candidates:
    """One photo's candidates.

    Parameters
    ----------
    index : int
        The photo's place in the task.
    photo : uint8 array of shape (height, width, 3), RGB
        The photo; it is not written to.
    task : AttackTask
        The victims and the photo's seed.
    rule : str
        The rule that chooses among candidates, a word of ``spatial_search.RULES``.
    edge : str
        "soft" or "hard", see ``Euclidean``.
    fill : int
        Grey level of what is uncovered.
    margin : float or None
        How far rough scores are believed; None judges all candidates in fp32.
    """

    def __init__(
        self,
        index: int,
        photo: Pixels,
        task: AttackTask,
        rule: SpatialRule,
        edge: str,
        fill: int,
        margin: float | None,
    ) -> None:
        self.index, self.photo, self.rule, self.edge, self.fill = index, photo, rule, edge, fill
        self._alpha, self._backgrounds = task.alpha(index), task.backgrounds
        self._seed, self._margin = operator.index(task.seeds[index]), margin
        rankers = [ranker_of(victim) for victim in task.victims] if margin is not None else []
        self._spread = np.array([ranker.error if ranker is not None else 0.0 for ranker in rankers])
        self.ranks = margin is not None and bool((self._spread > 0.0).all())
        self._errors: list[Doubles] = []  #: fp32 minus rough, (odds and leads, victims) each
        self.motions: Doubles = np.empty((0, 3))
        self._odds: Doubles = np.empty((0, len(task.victims)))  #: infinite where nothing is known
        self._leads: Doubles = np.empty((0, len(task.victims)))
        self._fools: Flags = np.empty(0, np.bool_)  #: False until it is known
        self._ranked: Flags = np.empty(0, np.bool_)
        self._known: Flags = np.empty(0, np.bool_)
        self._areas: Doubles = np.empty(0)

    @property
    def fooled(self) -> bool:
        """Whether a candidate is known to fool."""
        return bool(self._fools.any())

    def draw(self, k: int, bounds: Bounds, round_: int) -> None:
        """Add a round of candidates, of which nothing is known.

        Parameters
        ----------
        k : int
            Number of random candidates.
        bounds : Bounds
            How far they go.
        round_ : int
            The round, from 0.
        """
        height, width = self.photo.shape[:2]
        drawn = sample(self._seed, k, height, width, bounds, round_)
        unknown, none = np.full((len(drawn), self._odds.shape[1]), np.inf), np.zeros(len(drawn), np.bool_)
        self.motions = np.concatenate([self.motions, drawn])
        self._areas = np.concatenate([self._areas, kernels.filled_area(drawn, height, width, self.edge)])
        self._odds, self._leads = np.concatenate([self._odds, unknown]), np.concatenate([self._leads, unknown])
        self._fools, self._ranked = np.concatenate([self._fools, none]), np.concatenate([self._ranked, none])
        self._known = np.concatenate([self._known, none])

    def inputs(self, victim: Victim, v: int, rows: slice) -> Floats:
        """Make a victim's inputs of some candidates, as their saved 8-bit photos would give them.

        Parameters
        ----------
        victim : GradientEngine
            The network.
        v : int
            Its place among the victims.
        rows : slice
            The candidates.

        Returns
        -------
        float32 array of shape (n, 3, h, w)
            The inputs.
        """
        reading = victim.preprocess.for_size(*self.photo.shape[:2])
        if self._alpha is None:
            return reading.warped(self.photo, self.motions[rows], self.edge, self.fill)
        moved = (self._moved(motion[None], self._alpha) for motion in self.motions[rows])
        return np.stack([reading.rounded(over(photo, alpha, self._backgrounds[v])) for photo, alpha in moved])

    def _moved(self, motion: Doubles, alpha: Alpha) -> tuple[Pixels, Alpha]:
        """Move the photo and its transparency along; nothing is seen of what is uncovered."""
        photo: Pixels = kernels.warp_u8(self.photo, motion, self.edge, self.fill)[0]
        thrice = np.repeat(alpha[..., None], 3, axis=2)
        return photo, np.ascontiguousarray(kernels.warp_u8(thrice, motion, self.edge, 0)[0][..., 0])

    def expect(self, row: int, odds: Doubles, leads: Doubles) -> None:
        """Take in a rough score.

        Parameters
        ----------
        row : int
            The candidate.
        odds, leads : float64 arrays of shape (victims,)
            See ``spatial_judging.Scores``.
        """
        self._odds[row], self._leads[row], self._ranked[row] = odds, leads, True

    def learn(self, row: int, odds: Doubles, leads: Doubles, fooled: bool) -> None:
        """Take in an fp32 score; it also shows how wrong the candidate's rough one was.

        Parameters
        ----------
        row : int
            The candidate.
        odds, leads : float64 arrays of shape (victims,)
            See ``spatial_judging.Scores``.
        fooled : bool
            Whether it fools every victim.
        """
        if self._ranked[row]:
            self._errors.append(np.stack([odds - self._odds[row], leads - self._leads[row]]))
        self._odds[row], self._leads[row], self._fools[row], self._known[row] = odds, leads, fooled, True

    def next(self, fallback: bool) -> tuple[bool, list[int]]:
        """Choose the candidates to score next.

        Parameters
        ----------
        fallback : bool
            Whether there must be a choice even if no candidate fools.

        Returns
        -------
        rough : bool
            Whether to score them roughly.
        rows : list of int
            The candidates; empty once the choice is decided.
        """
        rule, (losses, fools) = RULES[self.rule], self._bounds()
        rows = promising(rule, losses, fools, self._areas, self._known, _MANY if self.ranks else _FEW, fallback)
        if not self.ranks or not rows:
            return False, rows
        if self._ranked[rows[0]]:
            return False, rows[:1]
        return True, [row for row in rows if not self._ranked[row]]

    def _bounds(self) -> tuple[Losses, Flags]:
        """Compute upper bounds of the mean cross entropy over the victims, and of whether they are fooled; exact where known."""
        odds, leads = self._odds, self._leads
        if self.ranks:
            slack = ~self._known[:, None, None] * self._slack()  # (candidates, odds and leads, victims)
            odds, leads = odds + slack[:, 0], leads + slack[:, 1]
        losses = np.logaddexp(0.0, odds).mean(axis=1)
        return losses, np.where(self._known, self._fools, (leads >= 0.0).all(axis=1))

    def _slack(self) -> Doubles:
        """Return the upper bound of the error of rough odds and leads, (2, victims)."""
        seen = np.stack(self._errors) if self._errors else np.empty((0, 2, len(self._spread)))
        error, deviation = expected_error(seen, self._spread)
        bound: Doubles = error + (self._margin or 0.0) * deviation
        return bound

    def outcome(self) -> AttackOutcome:
        """Make the chosen candidate's photo."""
        chosen = int(RULES[self.rule](*self._bounds(), self._areas))
        motion = self.motions[chosen : chosen + 1]
        alpha = None
        if self._alpha is None:
            photo: Pixels = kernels.warp_u8(self.photo, motion, self.edge, self.fill)[0]
        else:
            photo, alpha = self._moved(motion, self._alpha)
        change = kernels.largest_change(photo, self.photo)
        return AttackOutcome(photo, change, len(self.motions), bool(self._fools[chosen]), alpha=alpha)
