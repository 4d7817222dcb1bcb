"""What is judged and what is kept. A network call costs about half a step, so iterates are judged only where a rule asks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .goals import LogitsRow
from .photo_state import PhotoState
from .plan import Descent
from .rules import Assessment, assess
from .task import AttackTask, Victim


def stopping(
    states: Sequence[PhotoState], known: Sequence[Sequence[LogitsRow]], task: AttackTask, plan: Descent
) -> list[PhotoState]:
    """Judge iterates where the plan's rules need it, and find the photos whose attack is over.

    Only "best_loss" must judge every iterate, except the start if no stop rule asks for it. A stop rule looks at the
    unrounded iterate first, which costs nothing; where that one would stop, it judges the 8-bit photo, in fp32.

    Parameters
    ----------
    states : sequence of PhotoState
        The photos, before their next step; "best_loss" remembers their iterates.
    known : sequence of sequences of float32 arrays of shape (classes,)
        For each photo, the victims' logits of the unrounded iterate, which came with the gradients.
    task : AttackTask
        The victims, and the batch size of their calls.
    plan : Descent
        Holds the rules.

    Returns
    -------
    list of PhotoState
        The photos that are over with the iterate that they stand at.
    """
    if plan.keep == "best_loss":
        chosen = [i for i, state in enumerate(states) if state.steps > 0 or plan.stop is not None]
    else:
        chosen = [i for i, state in enumerate(states) if plan.over(assess(known[i], state.flee, state.aim))]
    judged = [states[i] for i in chosen]
    stopped = []
    for state, assessment in zip(judged, _judge(judged, task, [known[i] for i in chosen]), strict=True):
        state.assessment = assessment
        if plan.keep == "best_loss":
            state.remember()
        if plan.over(assessment):
            stopped.append(state)
    return stopped


def judge_leaving(states: Sequence[PhotoState], task: AttackTask, plan: Descent) -> None:
    """Judge the last iterate of photos whose attack is over, and let each photo keep what the keep rule says.

    Nothing is judged where a rule already judged it, or where neither the caller nor the keep rule asks.

    Parameters
    ----------
    states : sequence of PhotoState
        The photos that leave; each ends at the iterate that is kept.
    task : AttackTask
        The victims, and whether the caller asks for a judgement.
    plan : Descent
        Holds the keep rule.
    """
    if task.judged or plan.keep == "best_loss":
        unknown = [state for state in states if state.assessment is None]
        for state, assessment in zip(unknown, _judge(unknown, task, None), strict=True):
            state.assessment = assessment
    for state in states:
        state.finish()


def _judge(
    states: Sequence[PhotoState], task: AttackTask, known: Sequence[Sequence[LogitsRow]] | None
) -> list[Assessment]:
    """Assess each photo as it is judged, in fp32.

    ``known``, as in ``stopping``, is taken where it says the same; the rest costs a forward call.
    """
    rows: list[list[LogitsRow]] = [list(r) for r in known] if known is not None else [[] for _ in states]
    for v, victim in enumerate(task.victims):
        unknown = [i for i, state in enumerate(states) if known is None or not _says_the_same(victim, v, state)]
        if not unknown:
            continue
        inputs = np.stack([states[i].iterate.judged(victim.preprocess, states[i].copy_for(v)) for i in unknown])
        for i, answer in zip(unknown, victim.logits(inputs, task.batch), strict=True):
            rows[i][v : v + 1] = [answer]
    return [assess(logits, state.flee, state.aim) for logits, state in zip(rows, states, strict=True)]


def _says_the_same(victim: Victim, v: int, state: PhotoState) -> bool:
    """Return whether the logits that came with the gradient are fp32 and of the very photo that is judged."""
    return victim.precision == "fp32" and state.iterate.judged_as_seen(victim.preprocess, state.copy_for(v))
