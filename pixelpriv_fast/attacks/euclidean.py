"""Rotation and translation found by random search: the worst of k (Engstrom et al. 2019, "Exploring the Landscape of
Spatial Robustness"). The photo's content moves, the uncovered border is filled with black. Needs no gradient."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import kernels
from ..errors import UsageError
from ..types import Floats, Pixels
from .contract import Attack
from .spatial_judging import Answers, judge
from .spatial_search import RULES, Bounds, Doubles, Flags, Losses, expected_error, promising, sample, widening
from .task import AttackOutcome, AttackTask, Victim

#: Of one photo, candidates that are judged before it is asked again which are worth it: in fp32 where all have to be,
#: and roughly. After a ranking the first one in fp32 often decides, so they come one at a time.
_FEW, _MANY = 4, 16


@dataclass(frozen=True, slots=True)
class Euclidean(Attack):
    """The worst of ``k`` random rotations (up to ``degrees`` either way) and translations (up to ``shift_x`` and
    ``shift_y`` of the photo's width and height), the photo as it is included.

    ``rule``: "worst" takes the highest loss among the candidates that fool, "least_visible" the smallest filled area
    among them, "until_success" the first one, widening the bounds by ``widen`` up to ``rounds`` times where none does.
    Candidates are judged as the 8-bit photos that would be saved. ``edge``: "soft" fades the last pixel into the fill,
    "hard" cuts it. ``fill``: grey level of what is uncovered.

    ``margin``: "worst" has to know of every candidate. Where every victim offers rough answers (8 or 16 bits), all get one,
    and only those are judged in fp32 that may still be the choice if their rough log-odds are off by ``margin`` standard
    deviations more than expected (``spatial_search.expected_error``). None judges all in fp32. What is kept was judged in
    fp32 in either case. The other rules know their order beforehand and end at the first that fools, sooner than ranking
    pays. Choice: 3.5 (``benchmarks/spatial_agreement.py`` says how often both agree).

    Choice: k = 10 (Engstrom's); the 2019 paper names no k, its run here takes 100. Choice: "wider bounds for some
    photos" is "until_success".
    """

    k: int = 10
    degrees: float = 20.0
    shift_x: float = 0.2
    shift_y: float = 0.2
    rule: str = "worst"
    widen: float = 1.5
    rounds: int = 3
    edge: str = "soft"
    fill: int = 0
    margin: float | None = 3.5

    needs_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"k is {self.k}; it must be at least 1")
        if self.rule not in RULES:
            raise UsageError(f"rule is {self.rule!r}; known: {', '.join(RULES)}")
        if self.edge not in ("soft", "hard") or not 0 <= self.fill <= 255:
            raise UsageError(f"edge {self.edge!r} and fill {self.fill}; expected soft or hard, and 0..255")
        if self.margin is not None and not self.margin >= 0.0:
            raise UsageError(f"margin is {self.margin}; it must be 0 or more, or None")
        self._rounds()

    @property
    def budget(self) -> int:
        return 255

    def stronger(self) -> Euclidean:
        return self.replaced(k=4 * self.k, rule="until_success" if self.rule == "until_success" else "worst")

    def _rounds(self) -> tuple[Bounds, ...]:
        bounds = Bounds(self.degrees, self.shift_x, self.shift_y)
        return widening(bounds, self.widen, self.rounds) if self.rule == "until_success" else (bounds,)

    def _attack(self, starts: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        searches = [_Search(index, photo, self, task) for index, photo in enumerate(starts)]
        for round_, bounds in enumerate(self._rounds()):
            pending = [search for search in searches if not search.fooled]
            for search in pending:
                search.draw(bounds, round_)
            _settle(pending, task, fallback=False)
        _settle([search for search in searches if not search.fooled], task, fallback=True)
        return [search.outcome() for search in searches]


class _Search:
    """One photo's candidates so far, and what is known of them: nothing, a rough answer (``ranked``) or one in fp32
    (``known``)."""

    def __init__(self, index: int, photo: Pixels, attack: Euclidean, task: AttackTask) -> None:
        self.index, self.photo, self.attack, self._seed = index, photo, attack, operator.index(task.seeds[index])
        ranks = attack.rule == "worst" and attack.margin is not None
        self._spread = np.array([victim.rough_error for victim in task.victims] if ranks else [])
        self.ranks = ranks and bool((self._spread > 0.0).all())
        self._errors: list[
            Doubles
        ] = []  # of rough answers that were judged in fp32 too, (odds and leads, victims) each
        self.motions: Doubles = np.empty((0, 3))
        self._odds: Doubles = np.empty((0, len(task.victims)))  # infinite where nothing is known
        self._leads: Doubles = np.empty((0, len(task.victims)))
        self._fools: Flags = np.empty(0, np.bool_)  # False until it is known
        self._ranked: Flags = np.empty(0, np.bool_)
        self._known: Flags = np.empty(0, np.bool_)
        self._areas: Doubles = np.empty(0)

    @property
    def fooled(self) -> bool:
        return bool(self._fools.any())

    def draw(self, bounds: Bounds, round_: int) -> None:
        height, width = self.photo.shape[:2]
        drawn = sample(self._seed, self.attack.k, height, width, bounds, round_)
        unknown, none = np.full((len(drawn), self._odds.shape[1]), np.inf), np.zeros(len(drawn), np.bool_)
        self.motions = np.concatenate([self.motions, drawn])
        self._areas = np.concatenate([self._areas, kernels.filled_area(drawn, height, width, self.attack.edge)])
        self._odds, self._leads = np.concatenate([self._odds, unknown]), np.concatenate([self._leads, unknown])
        self._fools, self._ranked = np.concatenate([self._fools, none]), np.concatenate([self._ranked, none])
        self._known = np.concatenate([self._known, none])

    def inputs(self, victim: Victim, rows: slice) -> Floats:
        """See ``spatial_judging.Moved``."""
        return victim.preprocess.warped(self.photo, self.motions[rows], self.attack.edge, self.attack.fill)

    def expect(self, row: int, odds: Doubles, leads: Doubles) -> None:
        """A rough answer."""
        self._odds[row], self._leads[row], self._ranked[row] = odds, leads, True

    def learn(self, row: int, odds: Doubles, leads: Doubles, fooled: bool) -> None:
        """An fp32 answer. It also shows how wrong rough ones are."""
        if self._ranked[row]:
            self._errors.append(np.stack([odds - self._odds[row], leads - self._leads[row]]))
        self._odds[row], self._leads[row], self._fools[row], self._known[row] = odds, leads, fooled, True

    def next(self, fallback: bool) -> tuple[bool, list[int]]:
        """The candidates to judge next, none where the choice is decided, and whether roughly."""
        rule, (losses, fools) = RULES[self.attack.rule], self._bounds()
        rows = promising(rule, losses, fools, self._areas, self._known, _MANY if self.ranks else _FEW, fallback)
        if not self.ranks or not rows:
            return False, rows
        if self._ranked[rows[0]]:
            return False, rows[:1]
        return True, [row for row in rows if not self._ranked[row]]

    def _bounds(self) -> tuple[Losses, Flags]:
        """Upper bounds, exact where known, of the mean cross entropy over the victims, and of whether they are fooled."""
        odds, leads = self._odds, self._leads
        if self.ranks:
            slack = ~self._known[:, None, None] * self._slack()  # (candidates, odds and leads, victims)
            odds, leads = odds + slack[:, 0], leads + slack[:, 1]
        losses = np.logaddexp(0.0, odds).mean(axis=1)
        return losses, np.where(self._known, self._fools, (leads >= 0.0).all(axis=1))

    def _slack(self) -> Doubles:
        """By how much rough odds and leads may be too low, (2, victims)."""
        seen = np.stack(self._errors) if self._errors else np.empty((0, 2, len(self._spread)))
        error, deviation = expected_error(seen, self._spread)
        bound: Doubles = error + (self.attack.margin or 0.0) * deviation
        return bound

    def outcome(self) -> AttackOutcome:
        chosen = int(RULES[self.attack.rule](*self._bounds(), self._areas))
        motion = self.motions[chosen : chosen + 1]
        photo = kernels.warp_u8(self.photo, motion, self.attack.edge, self.attack.fill)[0]
        change = kernels.largest_change(photo, self.photo)
        return AttackOutcome(photo, change, len(self.motions), bool(self._fools[chosen]))


def _settle(searches: Sequence[_Search], task: AttackTask, fallback: bool) -> None:
    """Judges until every photo's choice is decided, or where there is no ``fallback`` none is left that may fool. What is
    judged of a photo is as if it were alone; passes are filled with candidates of many photos."""
    while wanted := [(search, *search.next(fallback)) for search in searches]:
        searches = [search for search, _, rows in wanted if rows]
        for rough in (True, False):
            batch = [(search, row) for search, roughly, rows in wanted if roughly == rough for row in rows]
            if batch:
                _learn(batch, judge(batch, task, rough, batch[0][0].ranks), rough)


def _learn(batch: Sequence[tuple[_Search, int]], answers: Answers, rough: bool) -> None:
    for (search, row), odds, leads, fooled in zip(batch, answers.odds, answers.leads, answers.fooled, strict=True):
        if rough:
            search.expect(row, odds, leads)
        else:
            search.learn(row, odds, leads, bool(fooled))
