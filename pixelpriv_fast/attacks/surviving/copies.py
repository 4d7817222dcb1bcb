"""The gradient that is expected over what sharing does to a photo (expectation over transformations, Athalye et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...channels import Applied, Channel
from ...errors import PhotoError
from ...logits import log_odds
from ...models.reading import Reading
from ...types import Floats, Pixels
from ..goals import ClassSet
from ..task import AttackTask
from .questions import Answers, Asking, Question

#: The log-odds at which a copy counts half, how fast copies that are won stop counting, and what is left of it. Choice by
#: ``benchmarks/decisions/robust_constants.py``: 2 and 6 gain nothing.
WON: Final = 4.0
TEMPERATURE: Final = 2.0
LEAST: Final = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class _Copy:
    """One network's view of one copy, and the way back for its gradient."""

    reading: Reading
    passed: tuple[Applied, ...]
    input: Floats

    @classmethod
    def of(cls, task: AttackTask, victim: int, photo: Pixels, passed: tuple[Applied, ...]) -> _Copy:
        treated = passed[-1].photo if passed else photo
        reading = task.victims[victim].preprocess.for_size(*treated.shape[:2])
        return cls(reading, passed, reading.exact(treated, np.zeros(treated.shape, np.int8)))

    def pullback(self, gradient: Floats, shape: tuple[int, ...]) -> Floats:
        """Turn a gradient by the input into one by the photo's pixels."""
        slope = np.zeros(self.passed[-1].photo.shape if self.passed else shape, np.float32)
        self.reading.adjoint(np.ascontiguousarray(gradient, np.float32), slope)
        for applied in reversed(self.passed):
            slope = applied.pullback(slope)
        return slope


def expected_gradient(
    photo: Pixels,
    task: AttackTask,
    flee: Sequence[ClassSet],
    first: Sequence[Channel | None],
    drawn: Sequence[Channel],
) -> Asking[Floats]:
    """Ask every victim which way its answers move over copies of a photo.

    Copies count by how far they are from being won: the logistic function of their log-odds. Those of other steps are compared
    so, too, by the momentum in which gradients add up. Each gradient is divided by its mean absolute value first, since
    networks' losses differ in size.

    Parameters
    ----------
    photo : uint8 array of shape (h, w, 3), RGB
        The photo as it stands.
    task : AttackTask
        The victims.
    flee : sequence of bool arrays of shape (classes,)
        For each victim the classes to leave.
    first : sequence of Channel or None
        For each victim what comes before sharing: saving, or a background; None for nothing.
    drawn : sequence of Channel
        What each copy goes through.

    Returns
    -------
    float32 array of shape (h, w, 3)
        The gradient by the photo's pixels.
    """
    odds: list[float] = []
    slopes: list[Floats] = []
    treated: dict[Channel | None, list[tuple[Applied, ...]]] = {}  # networks that start from the same share copies
    for v, (classes, before) in enumerate(zip(flee, first, strict=True)):
        if before not in treated:
            saved = _passed(photo, (), before)
            treated[before] = [_passed(photo, saved, channel) for channel in drawn]
        copies = [_Copy.of(task, v, photo, passed) for passed in treated[before]]
        answers: Answers = yield Question("gradient", [copy.input for copy in copies], v, classes)
        for copy, (logits, gradient) in zip(copies, answers, strict=True):
            slope = copy.pullback(gradient, photo.shape)
            odds.append(log_odds(logits, classes))
            slopes.append(slope)
    weights = LEAST + 1 / (1 + np.exp((np.array(odds) - WON) / TEMPERATURE))
    for weight, slope in zip(weights, slopes, strict=True):
        slope *= np.float32(weight / max(float(np.abs(slope).mean()), 1e-30))
    total, *others = slopes
    for other in others:
        total += other
    return total


def _passed(photo: Pixels, before: tuple[Applied, ...], channel: Channel | None) -> tuple[Applied, ...]:
    """Send a photo, after what it passed before, through one more channel."""
    if channel is None:
        return before
    try:
        return (*before, channel.at(before[-1].photo if before else photo))
    except PhotoError:  # a format that cannot hold the photo does nothing to it
        return before
