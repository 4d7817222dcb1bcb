"""One step of the photos in a batch: gradients of all victims, then each photo moves by the sign of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..logits import log_odds
from ..types import Floats, Logits
from .goals import LogitsRow, softplus
from .judging import stopping
from .photo_state import PhotoState
from .plan import Descent
from .task import AttackTask, Victim, with_gradient


def step_together(states: Sequence[PhotoState], task: AttackTask, plan: Descent) -> list[PhotoState]:
    """Take one step with each photo, or end its attack before.

    Parameters
    ----------
    states : sequence of PhotoState
        Photos that still have a step to take; their gradients share network calls.
    task : AttackTask
        The victims, and the batch size of their calls.
    plan : Descent
        The attack, spelled out.

    Returns
    -------
    list of PhotoState
        The photos whose attack a rule ended; they were not moved.
    """
    answers = [_gradients(states, task, v) for v in range(len(task.victims))]
    known = [[logits[row] for logits, _ in answers] for row in range(len(states))]
    stopped = stopping(states, known, task, plan) if plan.judges else []
    for row, state in enumerate(states):
        if state not in stopped:
            _step(state, [(logits[row], gradient[row]) for logits, gradient in answers], task.victims, plan)
    return stopped


def _gradients(states: Sequence[PhotoState], task: AttackTask, v: int) -> tuple[Logits, Floats]:
    victim = with_gradient(task.victims[v])
    inputs = np.stack([state.input_of(task.victims, v) for state in states])
    return victim.gradient(inputs, np.stack([state.aim.sets[v] for state in states]), task.batch)


def _step(
    state: PhotoState, answers: Sequence[tuple[LogitsRow, Floats]], victims: Sequence[Victim], plan: Descent
) -> None:
    """Move one photo up or down the mean cross entropy of its aim over the victims.

    The last victim's gradient takes the fused step; those of the others are added up at the photo's size before, and so is
    the last one's where it is a copy's.
    """
    weights = _weights([log_odds(row, goal) for (row, _), goal in zip(answers, state.aim.sets, strict=True)])
    gradients = [
        gradient * np.float32(weight) if weight != 1.0 else gradient
        for (_, gradient), weight in zip(answers, weights, strict=True)
    ]
    fused = np.zeros_like(gradients[-1]) if state.copies else gradients.pop()
    extra = None
    for v, gradient in enumerate(gradients):
        extra = np.zeros(state.iterate.start.shape, np.float32) if extra is None else extra
        state.iterate.add_gradient(victims[v].preprocess, gradient, state.copy_for(v), extra)
    state.step(victims[-1], fused, extra, plan)


def _weights(odds: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return each victim's weight, relative to the largest.

    Engines give the gradient of the log-odds, and that of the cross entropy is sigmoid(log-odds) times it.
    """
    if len(odds) == 1:
        return np.ones(1)
    logs = np.array([-softplus(-value) for value in odds])
    return np.asarray(np.exp(logs - logs.max()))
