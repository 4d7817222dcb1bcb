"""The loop that every lattice attack runs: gradients of a batch, one step a photo, and out as soon as a photo is done.

Photos of any size share a batch, since the network's input has one size; when one leaves, the next one takes its place.
Nothing is shared between photos, and every pass has ``task.batch`` slots, full or not, so a photo's result does not
depend on its neighbours.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from .. import kernels
from ..engines.walker import OffersWalker
from ..logits import log_odds
from ..models.preprocess import Offsets
from ..types import Floats, Logits, Pixels
from .goals import Aim, ClassSet, Goal, Row, View, softplus
from .linf import Ball, Iterate
from .rules import Judgement, StopRule, judge
from .task import AttackOutcome, AttackTask, Victim

#: Steps of a walk between two questions whether a photo has expired.
_WALK = 5


@dataclass(frozen=True, slots=True)
class Descent:
    """One attack, spelled out: where to, how far, how often, and what is kept.

    ``step`` is in the ball's units. ``stop`` is asked before each step, of the 8-bit iterate; None never stops.
    ``keep``: "last", "best_loss" or "first_success" (stops at the first iterate that fools).
    """

    goal: Goal
    ball: Ball
    step: int
    steps: int
    stop: StopRule | None = None
    keep: str = "last"
    random_start: bool = False

    @property
    def judges(self) -> bool:
        """Whether iterates must be judged on the way."""
        return self.stop is not None or self.keep != "last"

    @property
    def ends_early(self) -> bool:
        """Whether a photo may be done before its last step."""
        return self.stop is not None or self.keep == "first_success"

    def over(self, judgement: Judgement) -> bool:
        """Whether a photo is done with an iterate that is judged so."""
        succeeded = self.keep == "first_success" and judgement.fooled
        return succeeded or (self.stop is not None and self.stop(judgement))


@dataclass(slots=True, eq=False)
class Run:
    """One photo under attack; when it is over, ``iterate`` and ``judgement`` are what was kept."""

    index: int
    iterate: Iterate
    flee: tuple[ClassSet, ...]
    aim: Aim
    steps: int = 0
    judgement: Judgement | None = None  #: of the iterate as it stands, where somebody asked
    ahead: Floats | None = None  #: the last victim's input of the iterate as it stands, where the step to it wrote it
    best: tuple[Judgement, Offsets] | None = field(default=None)


def descend(
    photos: Sequence[Pixels], task: AttackTask, plan: Descent, begin: Sequence[Offsets] | None = None
) -> list[AttackOutcome]:
    """Attacks every photo as ``plan`` says; outcomes in their order. Arguments are trusted: ``contract`` checks.

    ``begin``: where inside the ball each photo's attack begins, instead of at the photo itself.
    """
    return [_outcome(run) for run in run_down(photos, task, plan, begin)]


def run_down(
    photos: Sequence[Pixels],
    task: AttackTask,
    plan: Descent,
    begin: Sequence[Offsets | None] | None = None,
    weights: Sequence[Floats] | None = None,
) -> list[Run]:
    """The same, as the runs where they ended. ``weights``: each photo's, see ``Iterate``."""
    over: dict[int, Run] = {}
    waiting = list(range(len(photos)))
    active: list[Run] = []
    while waiting or active:
        free = max(1, task.batch) - len(active)
        entering, waiting = waiting[:free], waiting[free:]
        entered = _enter(photos, entering, task, plan)
        for run in entered:
            run.iterate.weights = weights[run.index] if weights is not None else None
            if begin is not None and (offsets := begin[run.index]) is not None:
                run.iterate.offsets = offsets.copy()
        active += entered
        ending = [run for run in active if _out_of_steps(run, task, plan)]
        moving = [run for run in active if run not in ending]
        ending += _advance(moving, task, plan)
        _judge_last(ending, task, plan)
        for run in ending:
            active.remove(run)
            over[run.index] = _kept(run)
    return [over[index] for index in range(len(photos))]


def _enter(photos: Sequence[Pixels], indices: Sequence[int], task: AttackTask, plan: Descent) -> list[Run]:
    """Photos on their way in: their start and their aim."""
    if not indices:
        return []
    starts: list[Logits | None] = [None] * len(task.victims)
    if plan.goal.needs_start:
        starts = [
            v.logits(np.stack([v.preprocess.rounded(photos[i]) for i in indices]), task.batch) for v in task.victims
        ]
    return [_run(photos[index], index, row, starts, task, plan) for row, index in enumerate(indices)]


def _run(photo: Pixels, index: int, row: int, starts: Sequence[Logits | None], task: AttackTask, plan: Descent) -> Run:
    draw = cache(lambda: np.random.default_rng(operator.index(task.seeds[index])))
    views = []
    for v, victim in enumerate(task.victims):
        flee = np.zeros(victim.classes, np.bool_)
        flee[list(task.flee[v][index])] = True
        start = starts[v]
        original = task.original_logits[v][index] if task.original_logits is not None else None
        views.append(View(None if start is None else start[row], original, flee))
    aim = plan.goal.aim(tuple(views), draw)
    begin = Iterate.random(photo, plan.ball, draw()) if plan.random_start else Iterate.at_start(photo, plan.ball)
    return Run(index, begin, tuple(view.flee for view in views), aim)


def _out_of_steps(run: Run, task: AttackTask, plan: Descent) -> bool:
    return run.steps >= plan.steps or (task.expired is not None and task.expired(run.index))


def _advance(runs: list[Run], task: AttackTask, plan: Descent) -> list[Run]:
    """One step for each run; the runs that stop before theirs are returned.

    Where no iterate is judged, runs go on by as many as a pass holds: their gradients are still in cache when they step.
    Judging gathers them all, since the few that must be judged share a pass.
    """
    walked = _walk(runs, task, plan)
    left = [run for run in runs if run not in walked]
    size = max(1, len(left)) if plan.judges else task.pass_size
    return [run for at in range(0, len(left), size) for run in _advance_together(left[at : at + size], task, plan)]


def _advance_together(runs: list[Run], task: AttackTask, plan: Descent) -> list[Run]:
    answers = [_gradient(task.victims, v, runs, task.batch) for v in range(len(task.victims))]
    known = [[logits[row] for logits, _ in answers] for row in range(len(runs))]
    stopped = _stopping(runs, known, task, plan) if plan.judges else []
    for row, run in enumerate(runs):
        if run not in stopped:
            _step(run, [(logits[row], gradient[row]) for logits, gradient in answers], task.victims, plan)
    return stopped


def _walk(runs: Sequence[Run], task: AttackTask, plan: Descent) -> list[Run]:
    """Moves the runs that the victim can walk by itself, and returns them; up to the end, or as far as nobody asks
    whether a photo has expired."""
    victim = task.victims[0]
    walker = victim.walker if isinstance(victim, OffersWalker) else None
    if walker is None or plan.judges or len(task.victims) > 1:
        return []
    # Choice: photos that are read without resampling, so that a job of many sizes is no job of many recordings, and
    # so that who walks does not depend on who else is there.
    walking = [r for r in runs if r.iterate.weights is None and victim.preprocess.identity(*r.iterate.start.shape[:2])]
    alike: dict[tuple[tuple[int, ...], bool, int], list[Run]] = {}
    for run in walking:
        alike.setdefault((run.iterate.start.shape, run.aim.away, plan.steps - run.steps), []).append(run)
    for (_, away, left), group in alike.items():
        steps = left if task.expired is None else min(left, _WALK)
        moved = walker.walk(
            np.stack([run.iterate.start for run in group]),
            np.stack([run.iterate.offsets for run in group]),
            np.stack([run.aim.sets[0] for run in group]),
            step=plan.step if away else -plan.step,
            bound=plan.ball.bound,
            units=plan.ball.units,
            steps=steps,
            slots=task.batch,
        )
        for run, offsets in zip(group, moved, strict=True):
            run.iterate.offsets = offsets
            run.steps += steps
    return walking


def _stopping(runs: Sequence[Run], known: Sequence[Sequence[Row]], task: AttackTask, plan: Descent) -> list[Run]:
    """The runs that are over with the iterate they stand at, which "best_loss" also remembers where it is the best.

    Only "best_loss" must judge every iterate, the start apart; a stop rule looks at the unrounded iterate first, which
    costs nothing, and judges the 8-bit photo, in fp32, where that one would stop.
    """
    if plan.keep == "best_loss":
        chosen = [i for i, run in enumerate(runs) if run.steps > 0 or plan.stop is not None]
    else:
        chosen = [i for i, run in enumerate(runs) if plan.over(judge(known[i], run.flee, run.aim))]
    judged = [runs[i] for i in chosen]
    stopped = []
    for run, judgement in zip(judged, _judge(judged, task, [known[i] for i in chosen]), strict=True):
        run.judgement = judgement
        if plan.keep == "best_loss" and (run.best is None or judgement.rank > run.best[0].rank):
            run.best = judgement, run.iterate.offsets.copy()
        if plan.over(judgement):
            stopped.append(run)
    return stopped


def _gradient(victims: Sequence[Victim], v: int, runs: Sequence[Run], slots: int) -> tuple[Logits, Floats]:
    inputs = [
        run.iterate.seen(victims[v].preprocess) if run.ahead is None or victims[v] is not victims[-1] else run.ahead
        for run in runs
    ]
    return victims[v].gradient(np.stack(inputs), np.stack([run.aim.sets[v] for run in runs]), slots)


def _step(run: Run, answers: Sequence[tuple[Row, Floats]], victims: Sequence[Victim], plan: Descent) -> None:
    """Moves one photo: up or down the mean cross entropy of its aim over the victims. Where it has another step to
    take, the last victim's next input is written on the way."""
    weights = _weights([log_odds(row, goal) for (row, _), goal in zip(answers, run.aim.sets, strict=True)])
    parts = [
        (victim, gradient * np.float32(weight) if weight != 1.0 else gradient)
        for victim, (_, gradient), weight in zip(victims, answers, weights, strict=True)
    ]
    iterate, extra = run.iterate, None
    for victim, gradient in parts[:-1]:
        extra = np.zeros(iterate.start.shape, np.float32) if extra is None else extra
        victim.preprocess.adjoint(gradient, extra)
    victim, gradient = parts[-1]
    run.steps += 1
    step = plan.step if run.aim.away else -plan.step
    run.ahead = iterate.step(victim.preprocess, gradient, step, extra, reads=run.steps < plan.steps)
    run.judgement = None


def _weights(odds: Sequence[float]) -> npt.NDArray[np.float64]:
    """What the mean cross entropy makes of each victim's log-odds gradient: sigmoid(odds), relative to the largest."""
    if len(odds) == 1:
        return np.ones(1)
    logs = np.array([-softplus(-value) for value in odds])
    return np.asarray(np.exp(logs - logs.max()))


def _judge(runs: Sequence[Run], task: AttackTask, known: Sequence[Sequence[Row]] | None) -> list[Judgement]:
    """The victims' view of each run's 8-bit iterate, in fp32. ``known``: for each run the victims' logits of the
    unrounded iterate, taken where they are the same; the rest costs a forward pass."""
    rows: list[list[Row]] = [list(r) for r in known] if known is not None else [[] for _ in runs]
    for v, victim in enumerate(task.victims):
        unknown = [i for i, run in enumerate(runs) if known is None or not _same(victim, run.iterate)]
        if not unknown:
            continue
        inputs = np.stack([runs[i].iterate.judged(victim.preprocess) for i in unknown])
        answers = victim.logits(inputs, task.batch)
        for i, answer in zip(unknown, answers, strict=True):
            rows[i][v : v + 1] = [answer]
    return [judge(logits, run.flee, run.aim) for logits, run in zip(rows, runs, strict=True)]


def _same(victim: Victim, iterate: Iterate) -> bool:
    """Whether the logits that came with the gradient are fp32 and of the very photo that is judged."""
    unrounded = iterate.weights is not None or iterate.whole
    return victim.precision == "fp32" and unrounded and victim.preprocess.identity(*iterate.start.shape[:2])


def _judge_last(runs: Sequence[Run], task: AttackTask, plan: Descent) -> None:
    """Judges where runs ended, but for those that a rule ended there, and where neither the caller nor ``plan`` asks:
    the pass costs about half a step."""
    if task.judged or plan.keep == "best_loss":
        unknown = [run for run in runs if run.judgement is None]
        for run, judgement in zip(unknown, _judge(unknown, task, None), strict=True):
            run.judgement = judgement


def _kept(run: Run) -> Run:
    """The run at the best iterate that was judged, where that is a better one than its last."""
    run.ahead = None
    if run.best is not None and (run.judgement is None or run.best[0].rank >= run.judgement.rank):
        run.judgement, run.iterate.offsets = run.best
    return run


def _outcome(run: Run) -> AttackOutcome:
    photo, judgement = run.iterate.pixels(), run.judgement
    linf = kernels.largest_change(photo, run.iterate.start)
    return AttackOutcome(photo, linf, run.steps, None if judgement is None else judgement.fooled)
