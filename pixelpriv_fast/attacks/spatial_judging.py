"""Candidates of many photos through the victims' networks, in full passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..logits import fooled_each, leads
from ..types import Floats, Pixels
from .spatial_search import Doubles, Flags
from .task import AttackTask, Victim

#: Candidates that are made together; more only fill the caches.
_PASS = 32
#: Candidates in one network pass, always as many, so that a candidate's logits do not depend on the photos beside it: in
#: fp32 where all are judged so, in fp32 the few that a ranking left (a CPU's pass of one is as fast, and none is filled
#: up), and roughly.
_SLOTS, _FEW_SLOTS, _ROUGH_SLOTS = 4, 1, 8


class Moved(Protocol):
    """A photo and its candidates, rows (degrees, tx, ty)."""

    index: int
    photo: Pixels
    motions: Doubles

    def inputs(self, victim: Victim, rows: slice) -> Floats:
        """What ``victim`` sees of these candidates."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the victims say of n candidates. ``odds`` and ``leads``, (n, victims): by how much the classes outside the
    set to flee are ahead, as logsumexp and as maximum; ``fooled``: whether every victim's top-1 is outside."""

    odds: Doubles
    leads: Doubles
    fooled: Flags


def judge(batch: Sequence[tuple[Moved, int]], task: AttackTask, rough: bool, ranked: bool) -> Answers:
    """Answers for the candidates (photo, row) of ``batch``, in fp32 or ``rough``. ``ranked``: whether those in fp32 are the
    few that a ranking left."""
    slots = _ROUGH_SLOTS if rough else _FEW_SLOTS if ranked else _SLOTS
    parts = [_judge_pass(batch[at : at + _PASS], task, rough, slots) for at in range(0, len(batch), _PASS)]
    return Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in Answers.__slots__))


def _judge_pass(batch: Sequence[tuple[Moved, int]], task: AttackTask, rough: bool, slots: int) -> Answers:
    count = len(task.victims)
    odds, ahead, fooled = np.empty((len(batch), count)), np.empty((len(batch), count)), np.ones(len(batch), np.bool_)
    for v, victim in enumerate(task.victims):
        inputs = np.concatenate([photo.inputs(victim, rows) for photo, rows in _runs(batch)])
        logits = victim.rough_logits(inputs, slots) if rough else victim.logits(inputs, slots)
        flee = np.zeros((len(batch), victim.classes), np.bool_)
        for row, (photo, _) in enumerate(batch):
            flee[row, list(task.flee[v][photo.index])] = True
        odds[:, v], ahead[:, v] = leads(logits, flee)
        fooled &= fooled_each(logits, flee)
    return Answers(odds, ahead, fooled)


def _runs(batch: Sequence[tuple[Moved, int]]) -> list[tuple[Moved, slice]]:
    """The batch as slices of each photo's candidates where these are consecutive."""
    runs: list[tuple[Moved, slice]] = []
    for photo, row in batch:
        if runs and runs[-1][0] is photo and runs[-1][1].stop == row:
            runs[-1] = (photo, slice(runs[-1][1].start, row + 1))
        else:
            runs.append((photo, slice(row, row + 1)))
    return runs
