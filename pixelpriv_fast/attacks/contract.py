"""What every attack promises, checked once, outside the algorithms.

Before: uint8 RGB photos and a task that fits them. After: the same shapes and type, within epsilon, in 0..255.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import PixelPrivError, UsageError
from ..photo_check import checked_photo
from ..types import Pixels
from .descent import Descent, descend
from .lifting import descend_lifted
from .standalone import Answer, Images, Labels, attack_images
from .task import AttackOutcome, AttackTask


class Attack(ABC):
    """An attack as a frozen dataclass: its fields are its numbers; ``run`` checks and leaves the rest to ``_attack``."""

    __slots__ = ()

    #: Whether victims must give gradients; a search that only asks for logits runs on any session.
    needs_gradient: ClassVar[bool] = True

    @property
    def ends_early(self) -> bool:
        """Whether a photo may be done before its neighbours, so that others can take its place."""
        return False

    @property
    @abstractmethod
    def budget(self) -> int:
        """The largest change that is allowed, in whole grey levels; 255 where geometry moves."""

    @abstractmethod
    def stronger(self) -> Attack | None:
        """The same attack inside the same budget, trying harder: for photos whose file a lossy format brought back.
        None where there is no such thing."""

    @abstractmethod
    def _attack(self, starts: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        """The attack itself, on checked photos and a checked task; outcomes in their order."""

    def run(self, photos: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        """Attacks ``photos``, uint8 (height, width, 3) of any sizes, and returns outcomes in their order.

        Photos are not written to. Raises ``UsageError`` for photos or a task that do not fit together, ``ModelError``
        where a victim's answers are not finite.
        """
        checked_task(task, len(photos))
        starts = [checked_photo(photo, f"photo {index}") for index, photo in enumerate(photos)]
        outcomes = self._attack(starts, task)
        for index, (start, outcome) in enumerate(zip(starts, outcomes, strict=True)):
            _check_outcome(index, start, outcome, self.budget)
        return outcomes

    def __call__(self, images: Images, classifier: Any, labels: Labels = None, seed: int = 0) -> Answer:
        """Attacks images by themselves: one (height, width, 3) uint8 array, a stack (n, height, width, 3), or a
        sequence; returns the same form.

        ``classifier``: a name, a classifier, a gradient engine, or several of them in a list. ``labels``: the known
        class (or classes) of each image; without them each classifier's own top-1 is what the image flees.
        """
        return attack_images(self, images, classifier, labels, seed)

    def replaced(self, **fields: Any) -> Self:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **fields)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class LatticeAttack(Attack):
    """An attack by steps inside an L-infinity ball: ``plan`` spells out what its fields mean, ``descend`` does it.

    ``lift``: whether photos that are large for the classifier are attacked at its own size and the change is lifted
    (see ``lifting``); False takes every step at the photo's own size, which costs more. ``discreet``: whether what is
    lifted first keeps to what goes unseen, pixel by pixel, and takes further rounds of its steps where that is not enough;
    False spends the ball everywhere alike.
    """

    lift: bool = field(default=True, kw_only=True)
    discreet: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        self.plan()

    @abstractmethod
    def plan(self) -> Descent:
        """The attack spelled out. Raises ``UsageError`` for a field that does not fit."""

    @property
    def ends_early(self) -> bool:
        return self.plan().ends_early

    @property
    def budget(self) -> int:
        return self.plan().ball.levels

    def _attack(self, starts: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        if not self.lift:
            return descend(starts, task, self.plan())
        return descend_lifted(starts, task, self.plan(), self.discreet)


def checked_task(task: AttackTask, photos: int) -> None:
    """Raises ``UsageError`` where ``task`` does not fit ``photos`` photos or its victims."""
    if not task.victims:
        raise UsageError("no classifier to attack")
    if len(task.flee) != len(task.victims) or any(len(rows) != photos for rows in task.flee):
        raise UsageError(f"flee must hold {photos} class lists for each of {len(task.victims)} classifiers")
    if len(task.seeds) != photos:
        raise UsageError(f"{len(task.seeds)} seeds for {photos} photos")
    if task.batch < 1:
        raise UsageError(f"batch is {task.batch}; it must be at least 1")
    for victim, rows in zip(task.victims, task.flee, strict=True):
        for row in rows:
            if not row or not all(0 <= index < victim.classes for index in row):
                raise UsageError(f"classes to flee {row}: expected indices 0..{victim.classes - 1} of {victim.name}")
            if len(set(row)) >= victim.classes:
                raise UsageError(f"classes to flee are all {victim.classes} of {victim.name}: nowhere to go")
    for victim, logits in zip(task.victims, task.original_logits or (), strict=task.original_logits is not None):
        if logits.shape != (photos, victim.classes):
            raise UsageError(
                f"original_logits of {victim.name} are {logits.shape}, expected {(photos, victim.classes)}"
            )


def _check_outcome(index: int, start: Pixels, outcome: AttackOutcome, budget: int) -> None:
    photo = outcome.photo
    if photo.dtype != np.uint8 or photo.shape != start.shape or outcome.linf > budget:
        raise PixelPrivError(
            f"photo {index}: the attack returned {photo.dtype} {photo.shape} changed by {outcome.linf} grey levels, "
            f"allowed uint8 {start.shape} and {budget}; please report this"
        )
