"""Steps that run on the device: a victim that offers it takes several steps by itself, without looking from the host."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..engines.device_loop import OffersDeviceLoop
from .iterates import WeightedIterate
from .photo_state import PhotoState
from .plan import Descent
from .task import AttackTask

#: Steps on the device between two questions whether a photo's time is up.
_UNASKED_STEPS = 5


def step_on_device(states: Sequence[PhotoState], task: AttackTask, plan: Descent) -> list[PhotoState]:
    """Move the photos whose steps the victim can take by itself.

    They go up to the last step, or as far as no photo's time must be checked. Nothing may have to be judged on
    the way, and there must be one victim that reads the photos' own pixels.

    Parameters
    ----------
    states : sequence of PhotoState
        Photos that still have a step to take.
    task : AttackTask
        The victims, and whether photos may run out of time.
    plan : Descent
        The attack, spelled out.

    Returns
    -------
    list of PhotoState
        The photos that were moved; the others wait for the host.
    """
    victim = task.victims[0]
    loop = victim.device_loop if isinstance(victim, OffersDeviceLoop) else None
    if loop is None or plan.judges or len(task.victims) > 1 or task.alphas:
        return []
    # Choice: only photos that are read without resampling. Otherwise a job of many sizes would be a job of many recordings,
    # and whether a photo's steps run on the device would depend on the other photos.
    moving = [
        state
        for state in states
        if not isinstance(state.iterate, WeightedIterate) and state.iterate.reading(victim.preprocess).identity
    ]
    alike: dict[tuple[tuple[int, ...], bool, int], list[PhotoState]] = {}
    for state in moving:
        alike.setdefault((state.iterate.start.shape, state.aim.away, plan.steps - state.steps), []).append(state)
    for (_, away, left), group in alike.items():
        steps = left if task.expired is None else min(left, _UNASKED_STEPS)
        moved = loop.run(
            np.stack([state.iterate.start for state in group]),
            np.stack([state.iterate.offsets for state in group]),
            np.stack([state.aim.sets[0] for state in group]),
            step=plan.step if away else -plan.step,
            bound=plan.ball.bound,
            units=plan.ball.units,
            steps=steps,
            batch=task.batch,
        )
        for state, offsets in zip(group, moved, strict=True):
            state.jump(offsets, steps)
    return moving
