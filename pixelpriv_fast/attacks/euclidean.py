"""Rotation and translation found by random search: the worst of k (Engstrom et al. 2019, "Exploring the Landscape of
Spatial Robustness"). The photo's content moves, the uncovered border is filled with black. Needs no gradient."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import UsageError
from ..kernels import get
from ..types import Pixels
from .contract import Attack
from .goals import log_odds, softplus
from .spatial_search import RULES, Bounds, Doubles, sample, widening
from .task import AttackOutcome, AttackTask

#: Candidates that are made together; more only fill the caches.
_PASS = 32
#: Candidates in one network pass, always as many, so that a candidate's logits do not depend on the photos beside it.
_SLOTS = 8


@dataclass(frozen=True, slots=True)
class Euclidean(Attack):
    """The worst of ``k`` random rotations (up to ``degrees`` either way) and translations (up to ``shift_x`` and
    ``shift_y`` of the photo's width and height), the photo as it is included.

    ``rule``: "worst" takes the highest loss among the candidates that fool, "least_visible" the smallest filled area
    among them, "until_success" the first one, widening the bounds by ``widen`` up to ``rounds`` times where none does.
    Candidates are judged as the 8-bit photos that would be saved. ``edge``: "soft" fades the last pixel into the fill,
    "hard" cuts it. ``fill``: grey level of what is uncovered.

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

    needs_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"k is {self.k}; it must be at least 1")
        if self.rule not in RULES:
            raise UsageError(f"rule is {self.rule!r}; known: {', '.join(RULES)}")
        if self.edge not in ("soft", "hard") or not 0 <= self.fill <= 255:
            raise UsageError(f"edge {self.edge!r} and fill {self.fill}; expected soft or hard, and 0..255")
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
            open_searches = [search for search in searches if not search.fooled]
            for search in open_searches:
                search.draw(bounds, round_)
            _judge_all(open_searches, task)
        return [search.outcome() for search in searches]


class _Search:
    """One photo's candidates so far, and what the victims said of them."""

    def __init__(self, index: int, photo: Pixels, attack: Euclidean, task: AttackTask) -> None:
        self.index, self.photo, self.attack, self._seed = index, photo, attack, operator.index(task.seeds[index])
        self.motions: Doubles = np.empty((0, 3))
        self.losses: npt.NDArray[np.float64] = np.empty(0)
        self.fools: npt.NDArray[np.bool_] = np.empty(0, np.bool_)

    @property
    def fooled(self) -> bool:
        return bool(self.fools.any())

    def draw(self, bounds: Bounds, round_: int) -> None:
        drawn = sample(self._seed, self.attack.k, self.photo.shape[0], self.photo.shape[1], bounds, round_)
        self.motions = np.concatenate([self.motions, drawn])

    def judge(self, losses: npt.NDArray[np.float64], fools: npt.NDArray[np.bool_]) -> None:
        self.losses = np.concatenate([self.losses, losses])
        self.fools = np.concatenate([self.fools, fools])

    def outcome(self) -> AttackOutcome:
        height, width = self.photo.shape[:2]
        areas = get("filled_area")(self.motions, height, width, self.attack.edge)
        chosen = int(RULES[self.attack.rule](self.losses, self.fools, areas))
        motion = self.motions[chosen : chosen + 1]
        photo: Pixels = get("warp_u8")(self.photo, motion, self.attack.edge, self.attack.fill)[0]
        change = int(get("largest_change")(photo, self.photo))
        return AttackOutcome(photo, change, len(self.motions), bool(self.fools[chosen]))


def _judge_all(searches: Sequence[_Search], task: AttackTask) -> None:
    """Judges every candidate not judged yet; passes are filled with candidates of many photos."""
    pending = [(search, row) for search in searches for row in range(len(search.losses), len(search.motions))]
    losses: dict[int, list[float]] = {search.index: [] for search in searches}
    fools: dict[int, list[bool]] = {search.index: [] for search in searches}
    for start in range(0, len(pending), _PASS):
        batch = pending[start : start + _PASS]
        for (search, _), (loss, fooled) in zip(batch, _judge_pass(batch, task), strict=True):
            losses[search.index].append(loss)
            fools[search.index].append(fooled)
    for search in searches:
        search.judge(np.array(losses[search.index]), np.array(fools[search.index], np.bool_))


def _judge_pass(batch: Sequence[tuple[_Search, int]], task: AttackTask) -> list[tuple[float, bool]]:
    """Mean cross entropy of the classes fled from, over the victims, and whether every victim is fooled."""
    total, fooled = np.zeros(len(batch)), np.ones(len(batch), np.bool_)
    runs = _runs(batch)
    for v, victim in enumerate(task.victims):
        inputs = [
            victim.preprocess.warped(search.photo, search.motions[rows], search.attack.edge, search.attack.fill)
            for search, rows in runs
        ]
        logits = victim.logits(np.concatenate(inputs), _SLOTS)
        for row, (search, _) in enumerate(batch):
            flee = np.zeros(victim.classes, np.bool_)
            flee[list(task.flee[v][search.index])] = True
            total[row] += softplus(log_odds(logits[row], flee)) / len(task.victims)
            fooled[row] &= not flee[int(np.argmax(logits[row]))]
    return [(float(loss), bool(flag)) for loss, flag in zip(total, fooled, strict=True)]


def _runs(batch: Sequence[tuple[_Search, int]]) -> list[tuple[_Search, slice]]:
    """The batch as slices of each photo's candidates: they are consecutive."""
    runs: list[tuple[_Search, slice]] = []
    for search, row in batch:
        if runs and runs[-1][0] is search:
            runs[-1] = (search, slice(runs[-1][1].start, row + 1))
        else:
            runs.append((search, slice(row, row + 1)))
    return runs
