"""The loop that every lattice attack runs, for many photos at once; ``reference`` is its definition.

The loop fills a batch, takes one step with every photo in it, and refills it as photos leave:

- ``plan``: what an attack does (``Descent``), and ``rules``: when it stops and what it keeps.
- ``entering``: a photo's first iterate and its aim. ``photo_state``: what is known of a photo under attack.
- ``stepping``: one step on the host. ``on_device``: several steps on the device.
- ``judging``: what is judged and what is kept.

Photos of any size share a batch, since the network's input has one size. Nothing is shared between photos, and every network
call is padded to ``task.batch`` photos, so a photo's result does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from .entering import enter
from .judging import judge_leaving
from .on_device import step_on_device
from .photo_state import PhotoState, Start
from .plan import Descent
from .stepping import step_together
from .task import AttackOutcome, AttackTask


def descend(starts: Sequence[Start], task: AttackTask, plan: Descent) -> list[AttackOutcome]:
    """Attack every photo as ``plan`` says. Arguments are trusted; ``contract`` checks them.

    Parameters
    ----------
    starts : sequence of Start
        The photos, and where each one's attack begins.
    task : AttackTask
        The victims and what each photo must flee.
    plan : Descent
        The attack, spelled out.

    Returns
    -------
    list of AttackOutcome
        One a photo, in their order.
    """
    return [state.outcome() for state in run_to_end(starts, task, plan)]


def run_to_end(starts: Sequence[Start], task: AttackTask, plan: Descent) -> list[PhotoState]:
    """Do the same, and return the photos' states where their attacks ended.

    Parameters
    ----------
    starts, task, plan
        See ``descend``.

    Returns
    -------
    list of PhotoState
        One a photo, in their order, at the iterate that is kept.
    """
    finished: dict[int, PhotoState] = {}
    waiting = list(range(len(starts)))
    active: list[PhotoState] = []
    while waiting or active:
        free = max(1, task.batch) - len(active)
        active += enter(starts, waiting[:free], task, plan)
        waiting = waiting[free:]
        leaving = [state for state in active if _out_of_steps(state, task, plan)]
        leaving += _advance([state for state in active if state not in leaving], task, plan)
        judge_leaving(leaving, task, plan)
        active = [state for state in active if state not in leaving]
        finished.update((state.index, state) for state in leaving)
    return [finished[index] for index in range(len(starts))]


def _out_of_steps(state: PhotoState, task: AttackTask, plan: Descent) -> bool:
    return state.steps >= plan.steps or (task.expired is not None and task.expired(state.index))


def _advance(states: Sequence[PhotoState], task: AttackTask, plan: Descent) -> list[PhotoState]:
    """Take one step with each photo, or several on the device; return those that a rule ended before.

    Where no iterate is judged, photos go on in groups that one network call holds: their gradients are still in the
    processor's cache when they step. Judging gathers them all, since the few that must be judged share a call.
    """
    moved = step_on_device(states, task, plan)
    left = [state for state in states if state not in moved]
    size = max(1, len(left)) if plan.judges else task.photos_per_call
    parts = [left[at : at + size] for at in range(0, len(left), size)]
    return [state for part in parts for state in step_together(part, task, plan)]
