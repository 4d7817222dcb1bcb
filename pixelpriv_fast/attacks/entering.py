"""Who enters a batch: photos become ``PhotoState``s, with their first iterate and their aim."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import cache

import numpy as np

from ..types import Logits
from .goals import View
from .photo_state import PhotoState, Start
from .plan import Descent
from .task import AttackTask


def enter(starts: Sequence[Start], indices: Sequence[int], task: AttackTask, plan: Descent) -> list[PhotoState]:
    """Begin the attack of some photos.

    Parameters
    ----------
    starts : sequence of Start
        All photos of the call.
    indices : sequence of int
        The photos to begin with now; may be empty.
    task : AttackTask
        The victims and what each photo must flee.
    plan : Descent
        The attack, spelled out.

    Returns
    -------
    list of PhotoState
        One a photo, in the order of ``indices``.
    """
    if not indices:
        return []
    logits: list[Logits | None] = [None] * len(task.victims)
    if plan.goal.needs_start:
        logits = [
            victim.logits(np.stack([task.read(v, i, starts[i].photo) for i in indices]), task.batch)
            for v, victim in enumerate(task.victims)
        ]
    return [
        _begin(starts[index], index, [z if z is None else z[row] for z in logits], task, plan)
        for row, index in enumerate(indices)
    ]


def _begin(start: Start, index: int, logits: Sequence[Logits | None], task: AttackTask, plan: Descent) -> PhotoState:
    """``logits``: each victim's (classes,) of the start photo, or None."""
    draw = cache(lambda: np.random.default_rng(operator.index(task.seeds[index])))
    views = []
    for v, victim in enumerate(task.victims):
        flee = np.zeros(victim.classes, np.bool_)
        flee[list(task.flee[v][index])] = True
        original = task.original_logits[v][index] if task.original_logits is not None else None
        network = next(w for w, other in enumerate(task.victims) if other is victim)
        views.append(View(logits[v], original, flee, network))
    aim = plan.goal.aim(tuple(views), draw)  # draws before the random start does
    random = plan.random_start and start.offsets is None
    iterate = start.iterate(plan, draw() if random else None, task.alpha(index))
    return PhotoState(index, iterate, tuple(view.flee for view in views), aim, copies=task.copies(index))
