"""Candidates of many photos through the victims' networks, in full batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..engines.ranking import ranker_of
from ..logits import Doubles, Flags, fooled_each, leads
from .spatial_candidates import Candidates
from .task import AttackTask

#: Candidates that are made together; more only fill the caches.
_CHUNK = 32
#: Batch sizes of the network calls, always the same, so that a candidate's logits do not depend on the photos beside it: in
#: fp32 where all are judged so; in fp32 for the few that a ranking left (on a CPU a batch of one is as fast a candidate, and
#: wastes no place); and roughly.
_BATCH, _FEW_BATCH, _ROUGH_BATCH = 4, 1, 8


@dataclass(frozen=True, slots=True)
class Scores:
    """What the victims say of n candidates.

    Attributes
    ----------
    odds : float64 array of shape (n, victims)
        Log-odds of the classes outside the set to flee.
    leads : float64 array of shape (n, victims)
        The highest logit outside the set to flee, minus the highest inside.
    fooled : bool array of shape (n,)
        Whether every victim's top-1 is outside the set to flee.
    """

    odds: Doubles
    leads: Doubles
    fooled: Flags


def score_candidates(batch: Sequence[tuple[Candidates, int]], task: AttackTask, rough: bool, ranked: bool) -> Scores:
    """Score candidates of many photos.

    Parameters
    ----------
    batch : sequence of tuples of Candidates and int
        Photos, and which of their candidates.
    task : AttackTask
        The victims and what each photo must flee.
    rough : bool
        Whether by rough logits; otherwise in fp32.
    ranked : bool
        Whether those in fp32 are the few that a ranking left.

    Returns
    -------
    Scores
        In the order of ``batch``.
    """
    size = _ROUGH_BATCH if rough else _FEW_BATCH if ranked else _BATCH
    parts = [_score_chunk(batch[at : at + _CHUNK], task, rough, size) for at in range(0, len(batch), _CHUNK)]
    return Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in Scores.__slots__))


def _score_chunk(batch: Sequence[tuple[Candidates, int]], task: AttackTask, rough: bool, size: int) -> Scores:
    count = len(task.victims)
    odds, ahead, fooled = np.empty((len(batch), count)), np.empty((len(batch), count)), np.ones(len(batch), np.bool_)
    for v, victim in enumerate(task.victims):
        inputs = np.concatenate([photo.inputs(victim, v, rows) for photo, rows in _slices(batch)])
        ranker = ranker_of(victim) if rough else None
        logits = victim.logits(inputs, size) if ranker is None else ranker.logits(inputs, size)
        flee = np.zeros((len(batch), victim.classes), np.bool_)
        for row, (photo, _) in enumerate(batch):
            flee[row, list(task.flee[v][photo.index])] = True
        odds[:, v], ahead[:, v] = leads(logits, flee)
        fooled &= fooled_each(logits, flee)
    return Scores(odds, ahead, fooled)


def _slices(batch: Sequence[tuple[Candidates, int]]) -> list[tuple[Candidates, slice]]:
    """Return the batch as slices of each photo's candidates where these are consecutive."""
    slices: list[tuple[Candidates, slice]] = []
    for photo, row in batch:
        if slices and slices[-1][0] is photo and slices[-1][1].stop == row:
            slices[-1] = (photo, slice(slices[-1][1].start, row + 1))
        else:
            slices.append((photo, slice(row, row + 1)))
    return slices
