"""Rotation and translation found by random search: the worst of k.

Source: Engstrom et al. 2019, "Exploring the Landscape of Spatial Robustness". The photo's content moves, the uncovered border is
filled with black. Needs no gradient.

How the worst of k is found without judging all k: read this first
------------------------------------------------------------------
A candidate is one rotation and shift of the photo. The rule "worst" needs every candidate's loss, and fp32 logits of all of them
are what the search costs. Networks in 8 or 16 bits answer sooner, and a little wrong. So candidates are *ranked* by rough logits
and only those *judged* in fp32 that may still be the choice:

1. All candidates get rough logits in batches (``spatial_judging``). Of each candidate two figures matter: the log-odds of the
   classes outside those to flee (its loss grows with them), and by how much the highest logit outside leads, which is above 0
   where it fools (``logits.leads``).
2. A rough figure is believed up to an error bar. Its width comes from the network's known error within one photo
   (``Ranks.error``, measured by ``engines/ranking`` on synthetic photos), from this photo's candidates that
   have both a rough and an fp32 answer, and from ``margin`` (``spatial_search.expected_error``).
3. The candidate with the best upper bound is judged in fp32. That replaces its bar by a point and narrows the others' bars.
   This repeats until the best upper bound belongs to a judged candidate (``spatial_search.promising``): no other one can be
   better unless its error is beyond its bar.

What is kept was always judged in fp32; a wrong bar can only cost a slightly worse candidate, never a false claim.
``benchmarks/decisions/spatial_agreement.py`` counts how often ranking and judging all agree. The rules "least_visible" and
"until_success" know their order beforehand and end at the first candidate that fools, so nothing is ranked for them.

``spatial_search`` holds the pure functions (draws, rules, error bars), ``spatial_candidates`` what is known of one photo's
candidates, ``spatial_judging`` the network calls, and this file the loop over photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from ..errors import PhotoError, UsageError, checked_word
from ..kernels.reference.warp import LONGEST_SIDE
from ..registry import Examples
from ..types import Pixels
from .contract import Attack
from .spatial_candidates import Candidates
from .spatial_judging import Scores, score_candidates
from .spatial_search import Bounds, SpatialRule, widening
from .task import AttackOutcome, AttackTask

#: How the photo's last pixel meets the fill: faded into it, or cut.
Edge = Literal["soft", "hard"]

#: Bounds that hardly fool, for the examples of what widens them.
_NARROW = {"k": 1, "degrees": 0.5, "shift_x": 0.01, "shift_y": 0.01}


@dataclass(frozen=True, slots=True)
class Euclidean(Attack):
    """The worst of ``k`` random rotations and translations, the photo as it is included.

    Candidates are judged as the 8-bit photos that would be saved.

    Parameters
    ----------
    k : int
        Number of candidates a round, at least 1. Choice: 10 (Engstrom's); the 2019 paper names no k, its run here takes 100.
    degrees : float
        Largest rotation either way, 0 to 180.
    shift_x : float
        Largest shift as a fraction of the photo's width, 0 to 1.
    shift_y : float
        Largest shift as a fraction of the photo's height, 0 to 1.
    rule : str
        "worst" takes the highest loss among the candidates that fool, "least_visible" the smallest filled area among them,
        "until_success" the first one. Choice: the paper's "wider bounds for some photos" is "until_success".
    widen : float
        Factor of the bounds from round to round of "until_success", above 1.
    rounds : int
        Maximum number of rounds of "until_success", at least 1; there is another round while no candidate fools.
    edge : str
        "soft" fades the last pixel into the fill, "hard" cuts it.
    fill : int
        Grey level of what is uncovered, 0 to 255. A photo's transparency moves along, and what is uncovered is not seen then.
    margin : float, optional
        Only for "worst", where every victim offers rough logits: the standard deviations, 0 or more, that these may be wrong by.
        A candidate is judged in fp32 if it may still be the choice with rough figures that are wrong by so much more than
        expected; None judges all in fp32. Choice: 3.5, by ``benchmarks/decisions/spatial_agreement.py``.
    """

    k: int = 10
    degrees: float = 20.0
    shift_x: float = 0.2
    shift_y: float = 0.2
    rule: SpatialRule = "worst"
    widen: float = 1.5
    rounds: int = 3
    edge: Edge = "soft"
    fill: int = 0
    margin: float | None = 3.5

    needs_gradient: ClassVar[bool] = False
    edits: ClassVar[bool] = True
    examples: ClassVar[Examples] = {
        "k": (20, {}),
        "degrees": (5.0, {}),
        "shift_x": (0.05, {}),
        "shift_y": (0.05, {}),
        "rule": ("least_visible", {}),
        "widen": (3.0, {"rule": "until_success", **_NARROW}),
        "rounds": (1, {"rule": "until_success", **_NARROW}),
        "edge": ("hard", {}),
        "fill": (128, {}),
        "margin": None,
    }

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"k is {self.k}; it must be at least 1")
        checked_word("rule", self.rule, SpatialRule)
        checked_word("edge", self.edge, Edge)
        if not 0 <= self.fill <= 255:
            raise UsageError(f"fill is {self.fill}; it must be a grey level, 0..255")
        if self.margin is not None and not self.margin >= 0.0:
            raise UsageError(f"margin is {self.margin}; it must be 0 or more, or None")
        self._rounds()

    @property
    def budget(self) -> int:
        """255: geometry moves."""
        return 255

    def stronger(self) -> Euclidean:
        """Return the search with four times the candidates."""
        return self.replaced(k=4 * self.k, rule="until_success" if self.rule == "until_success" else "worst")

    def _rounds(self) -> tuple[Bounds, ...]:
        bounds = Bounds(self.degrees, self.shift_x, self.shift_y)
        return widening(bounds, self.widen, self.rounds) if self.rule == "until_success" else (bounds,)

    def _attack(self, starts: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        for start in starts:
            if max(start.shape[:2]) > LONGEST_SIDE:
                height, width = start.shape[:2]
                raise PhotoError(
                    f"{width}x{height} pixels: rotations take sides of up to {LONGEST_SIDE:,}; resize the photo"
                )
        margin = self.margin if self.rule == "worst" else None
        photos = [
            Candidates(index, photo, task, self.rule, self.edge, self.fill, margin)
            for index, photo in enumerate(starts)
        ]
        for round_, bounds in enumerate(self._rounds()):
            pending = [photo for photo in photos if not photo.fooled]
            for photo in pending:
                photo.draw(self.k, bounds, round_)
            _settle(pending, task, fallback=False)
        _settle([photo for photo in photos if not photo.fooled], task, fallback=True)
        return [photo.outcome() for photo in photos]


def _settle(photos: Sequence[Candidates], task: AttackTask, fallback: bool) -> None:
    """Judge until every photo's choice is decided, or without ``fallback`` until no candidate is left that may fool.

    What is judged of a photo does not depend on the others; batches are filled with candidates of many photos.
    """
    while wanted := [(photo, *photo.next(fallback)) for photo in photos]:
        photos = [photo for photo, _, rows in wanted if rows]
        for rough in (True, False):
            batch = [(photo, row) for photo, roughly, rows in wanted if roughly == rough for row in rows]
            if batch:
                _learn(batch, score_candidates(batch, task, rough, batch[0][0].ranks), rough)


def _learn(batch: Sequence[tuple[Candidates, int]], scores: Scores, rough: bool) -> None:
    for (photo, row), odds, leads, fooled in zip(batch, scores.odds, scores.leads, scores.fooled, strict=True):
        if rough:
            photo.expect(row, odds, leads)
        else:
            photo.learn(row, odds, leads, bool(fooled))
