"""The attack that survives sharing: expectation over transformations, inside a budget of visible change, until a panel passes.

Athalye et al. 2018 ("Synthesizing robust adversarial examples") maximise the expected loss over random transformations. What
sharing does to a photo is drawn by ``channels.training``, through the real codecs and resamplers; ``surviving`` is the rest.
``benchmarks/decisions/survival.py`` measures what survives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from ..channels.panel import Kind, Panel
from ..channels.training import TURNS
from ..errors import UsageError, checked_word
from ..registry import PANELS, Examples
from ..types import Pixels
from .contract import Attack
from .linf import grey_levels
from .surviving.asking import PanelAsked
from .surviving.photo import PhotoAttack, RobustPlan
from .surviving.questions import run_together
from .task import AttackOutcome, AttackTask

#: What copies are drawn from: all that sharing does, or one kind of it.
Channels = Literal["sharing", "file", "jpeg", "webp", "resize", "chain"]


@dataclass(frozen=True, slots=True)
class Robust(Attack):
    """Steps up the log-odds of leaving the classes to hide, expected over what sharing does to the photo.

    A photo takes rounds of steps, each inside a larger budget of what is visible, until every treatment of the panel leaves the
    classes hidden; then it gives back what it does not need. A photo large for the classifiers is attacked at their size and
    the change lifted, while the panel judges it at its own.

    Parameters
    ----------
    epsilon : float
        The largest change of any sample, as a fraction of 1: whole grey levels, 1/255 to 127/255. Few samples come near it.
    copies : int
        Copies a step, 1 to 64, each through another channel. Choice: two, which survive more at the same visibility than one and
        more steps do (``benchmarks/decisions/robust_constants.py``).
    steps : int
        Steps a round, 1 to 1000, and two more for each round before it; the first takes twice as many.
    rounds : int
        Maximum number of rounds, 1 to 20.
    channels : str
        What the copies go through: "sharing" for all that sharing does, "file" for the saved file alone, or one kind: "jpeg",
        "webp", "resize", "chain".
    panel : str
        The panel that ends the attack, a row of ``registry.PANELS``.
    appeal : float
        How much NIMA's rating is raised beside, relative to the attack itself; 0 for not at all, at most 10. Needs the network
        ``nima_mobilenet``. It raises the score of the network that measures, not the photo: small values keep it from falling.
    """

    epsilon: float = 8 / 255
    copies: int = 2
    steps: int = 4
    rounds: int = 10
    channels: Channels = "sharing"
    panel: str = "sharing"
    appeal: float = 0.0

    #: Results are asked what they survive unless the caller does not want it.
    survives: ClassVar[bool] = True

    #: The panel is asked roughly where that is clear enough.
    asks_roughly: ClassVar[bool] = True

    examples: ClassVar[Examples] = {
        "epsilon": (1 / 255, {}),
        "copies": (1, {}),
        "steps": (1, {}),
        "rounds": (1, {}),
        "channels": ("file", {}),
        "panel": ("file", {}),
        "appeal": (1.0, {}),
    }

    def __post_init__(self) -> None:
        grey_levels(self.epsilon, "epsilon")
        for name, value, most in (
            ("copies", self.copies, 64),
            ("steps", self.steps, 1000),
            ("rounds", self.rounds, 20),
        ):
            if not 1 <= value <= most or value != int(value):
                raise UsageError(f"{name} is {value}; it must be a whole number, 1 to {most}")
        checked_word("channels", self.channels, Channels)
        if not (math.isfinite(self.appeal) and 0 <= self.appeal <= 10):
            raise UsageError(f"appeal is {self.appeal}; it must be 0 (off) to 10")
        self._panel()

    @property
    def ends_early(self) -> bool:
        """True: a photo is done once the panel passes."""
        return True

    @property
    def wants_appeal(self) -> bool:
        """Whether the scorer is needed."""
        return self.appeal > 0

    @property
    def budget(self) -> int:
        """The largest change of a sample in whole grey levels."""
        return grey_levels(self.epsilon, "epsilon")

    def stronger(self) -> None:
        """Return None: the saved file is part of the panel, and all rounds were taken where it fails."""

    def content(self, photos: Sequence[Pixels], task: AttackTask) -> list[bool]:
        """Say which photos pass the panel already; see ``Attack.content``."""
        panel = self._panel()
        asked = (PanelAsked.of(panel, task, index, photo).failed(photo) for index, photo in enumerate(photos))
        return [not failed for failed in run_together(asked, task)]

    def _panel(self) -> Panel:
        found: Panel = PANELS.load(self.panel)
        return found

    def _attack(self, starts: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        turns: tuple[Kind, ...] = TURNS if self.channels == "sharing" else (self.channels,)
        plan = RobustPlan(self.budget, self.copies, self.steps, self.rounds, turns, self._panel(), self.appeal)
        attacks = (PhotoAttack(photo, index, task, plan).run() for index, photo in enumerate(starts))
        outcomes = run_together(attacks, task)
        if not task.judged:
            return outcomes
        fooled = task.fooled([outcome.photo for outcome in outcomes])
        return [replace(outcome, fooled=good) for outcome, good in zip(outcomes, fooled, strict=True)]
