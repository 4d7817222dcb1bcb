"""What every attack promises, checked once, outside the algorithms.

Before: uint8 RGB photos and a task that fits them. After: the same shapes and type, within epsilon, in 0..255.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import PixelPrivError, UsageError
from ..photo_check import checked_photo
from ..registry import ATTACKS, Examples
from ..types import Edit, Pixels
from .descent import descend
from .lifting import descend_lifted
from .photo_state import Start
from .plan import Descent
from .standalone import Answer, Images, Labels, attack_images
from .task import AttackOutcome, AttackTask


class Attack(ABC):
    """An attack as a frozen dataclass: its fields are its numbers; ``run`` checks and leaves the rest to ``_attack``."""

    __slots__ = ()

    #: What the contract tests change in the fields that a class adds.
    examples: ClassVar[Examples] = {}

    #: Whether victims must give gradients; a search that only asks for logits runs on any session.
    needs_gradient: ClassVar[bool] = True

    #: Whether it works towards what is still protected after it was shared: survival is then measured unless it is declined.
    survives: ClassVar[bool] = False

    #: Whether it asks rough logits beside gradients, which takes ``AttackTask.rankers`` where the device computes them faster.
    asks_roughly: ClassVar[bool] = False

    #: Whether it edits the photo instead of adding noise: geometry or colours move freely, and noise of a later attack goes on
    #: top.
    edits: ClassVar[bool] = False

    @property
    def ends_early(self) -> bool:
        """Whether a photo may be done before its neighbours, so that others can take its place."""
        return False

    @property
    def wants_appeal(self) -> bool:
        """Whether it also raises the photos' rating, which takes ``AttackTask.scorer``."""
        return False

    @property
    @abstractmethod
    def budget(self) -> int:
        """The largest change that is allowed, in whole grey levels; 255 where geometry moves."""

    @abstractmethod
    def stronger(self) -> Attack | None:
        """Return the same attack inside the same budget, trying harder, or None if there is none.

        For photos whose file a lossy format brought back to the class to hide.
        """

    def content(self, photos: Sequence[Pixels], task: AttackTask) -> list[bool]:
        """Say which photos this attack has nothing to add to, of those that another attack fooled all victims with.

        Parameters
        ----------
        photos : sequence of uint8 arrays of shape (height, width, 3), RGB
            What the other attack made of the photos.
        task : AttackTask
            As of ``run``.

        Returns
        -------
        list of bool
            One a photo: True leaves it as it is, as an attack does that wants to fool and nothing more.
        """
        return [True] * len(photos)

    @abstractmethod
    def _attack(self, starts: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        """Attack checked photos by a checked task; return the outcomes in their order."""

    def run(self, photos: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        """Attack photos.

        Parameters
        ----------
        photos : sequence of uint8 arrays of shape (height, width, 3), RGB
            The photos, of any sizes; they are not written to.
        task : AttackTask
            The networks to fool, and what each photo must flee.

        Returns
        -------
        list of AttackOutcome
            One a photo, in their order.

        Raises
        ------
        UsageError
            If photos or task do not fit together.
        ModelError
            If a victim's answers are not finite.
        """
        checked_task(task, len(photos))
        if self.wants_appeal and task.scorer is None:
            raise UsageError(
                "appeal needs a network that rates photos: give the task a scorer, as load_score_engine() makes it"
            )
        starts = [checked_photo(photo, f"photo {index}") for index, photo in enumerate(photos)]
        _check_transparency(starts, task)
        outcomes = self._attack(starts, task)
        for index, (start, outcome) in enumerate(zip(starts, outcomes, strict=True)):
            _check_outcome(index, start, outcome, self.budget)
        return [self._told(outcome) for outcome in outcomes]

    def __call__(self, images: Images, classifier: Any, labels: Labels = None, seed: int = 0) -> Answer:
        """Attack images outside the pipeline.

        Parameters
        ----------
        images : uint8 array or sequence of arrays
            One image (height, width, 3), a stack (n, height, width, 3), or a sequence of images.
        classifier : str, classifier, gradient engine, or a list of them
            What to fool.
        labels : int or sequence, optional
            The known class (or classes) of each image; by default each classifier's own top-1 is what the image flees.
        seed : int
            Random numbers come from it and the image's pixels.

        Returns
        -------
        uint8 array or list of arrays
            The attacked images in the form that came in.
        """
        return attack_images(self, images, classifier, labels, seed)

    def _told(self, outcome: AttackOutcome) -> AttackOutcome:
        """Return the outcome with what an edit did; an edit that changed nothing is none."""
        if not self.edits or outcome.linf == 0:
            return outcome
        return replace(outcome, edit=Edit(ATTACKS.name_of(self) or type(self).__name__, outcome.linf))

    def replaced(self, **fields: Any) -> Self:
        """Return a copy with some fields changed."""
        return dataclasses.replace(self, **fields)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class LatticeAttack(Attack):
    """An attack by steps inside an L-infinity ball: ``plan`` spells out what its fields mean, ``descent`` does it.

    Parameters
    ----------
    lift : bool
        Whether photos that are large for the classifier are attacked at its own size, and the change is lifted (see
        ``lifting``). False takes every step at the photo's own size, which costs more.
    discreet : bool
        Whether what is lifted first keeps to what is hardly seen, pixel by pixel, and takes further rounds of steps where that
        is not enough. False spends the ball everywhere alike.
    """

    lift: bool = field(default=True, kw_only=True)
    discreet: bool = field(default=True, kw_only=True)

    examples: ClassVar[Examples] = {"lift": (False, {}), "discreet": (False, {})}

    def __post_init__(self) -> None:
        self.plan()

    @abstractmethod
    def plan(self) -> Descent:
        """Spell the attack out. Raises ``UsageError`` for a field that does not fit."""

    @property
    def ends_early(self) -> bool:
        """Whether a photo's attack may end before its last step."""
        return self.plan().ends_early

    @property
    def budget(self) -> int:
        """The ball's radius in whole grey levels."""
        return self.plan().ball.levels

    def _attack(self, starts: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        if not self.lift:
            return descend([Start(photo) for photo in starts], task, self.plan())
        return descend_lifted(starts, task, self.plan(), self.discreet)


def checked_task(task: AttackTask, photos: int) -> None:
    """Check a task against the number of photos and its own victims.

    Parameters
    ----------
    task : AttackTask
        The task.
    photos : int
        Number of photos.

    Raises
    ------
    UsageError
        If they do not fit together.
    """
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
    if task.rankers and len(task.rankers) != len(task.victims):
        raise UsageError(f"{len(task.rankers)} rankers for {len(task.victims)} classifiers; give one for each, or none")
    for victim, logits in zip(task.victims, task.original_logits or (), strict=task.original_logits is not None):
        if logits.shape != (photos, victim.classes):
            raise UsageError(
                f"original_logits of {victim.name} are {logits.shape}, expected {(photos, victim.classes)}"
            )


def _check_transparency(photos: Sequence[Pixels], task: AttackTask) -> None:
    if not task.alphas and not task.backgrounds:
        return
    if len(task.alphas) != len(photos):
        raise UsageError(f"{len(task.alphas)} alpha channels for {len(photos)} photos; give None for one without")
    if len(task.backgrounds) != len(task.victims) or not all(0 <= grey <= 255 for grey in task.backgrounds):
        raise UsageError(f"backgrounds are {task.backgrounds}; give {len(task.victims)} grey levels, one a classifier")
    for index, (photo, alpha) in enumerate(zip(photos, task.alphas, strict=True)):
        size = photo.shape[:2]
        if alpha is not None and (alpha.dtype != np.uint8 or alpha.shape != size):
            raise UsageError(f"alpha of photo {index} is {alpha.dtype} {alpha.shape}; expected uint8 {size}")


def _check_outcome(index: int, start: Pixels, outcome: AttackOutcome, budget: int) -> None:
    photo = outcome.photo
    if photo.dtype != np.uint8 or photo.shape != start.shape or outcome.linf > budget:
        raise PixelPrivError(
            f"photo {index}: the attack returned {photo.dtype} {photo.shape} changed by {outcome.linf} grey levels, "
            f"allowed uint8 {start.shape} and {budget}; please report this"
        )
