"""Compares a run with a baseline, and says which cases got slower relative to their yardsticks.

**The rule.** Every disturbance makes a computation slower: another process in the cache, the other half of the core at work,
an unlucky layout of memory. Disturbances last from microseconds to minutes, are far from normally distributed, and also change
the ratio of two different computations (by up to 25 %), so a mean or median of ratios depends on the machine's state. The
*fastest* of many readings does not: as an extreme value bounded from below it converges, from one side, to the time of the
undisturbed code. So a case's ratio is its fastest reading divided by its yardstick's fastest, each over all processes (they
need not be the same).

An extreme value is trusted when it is confirmed: when the second fastest process comes within ``SETTLED`` of it, for both
sides, and when the yardstick is as fast as in the baseline, if the processor is the same. Until then further processes
measure, up to ``MAX_PROCESSES``. A case regressed if its ratio grew by more than ``TOLERANCE``, halfway to a change of 20 %,
and still does after one re-run, whose processes join the first ones. If a case stays unsure by more than that, only a larger
growth counts: a machine that is slower by some share for minutes, now or when the baseline was written (the yardsticks'
seconds tell), changes ratios by up to about that share. Such cases are called noisy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .records import Record, Report
from .subprocesses import Measurer

#: Two processes' fastest readings are the same within this share, of case and yardstick together.
SETTLED = 0.03
#: Number of processes that measure a case; the minimum is trebled if no baseline tells how fast the machine can be.
MIN_PROCESSES, MAX_PROCESSES = 3, 12
TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Change:
    """One case compared with its baseline.

    Attributes
    ----------
    name : str
        The case's name.
    slower : float
        Share by which its ratio grew; negative if it is faster.
    noise : float
        Share by which noise alone may have changed the ratio.
    limit : float
        Share by which the ratio may grow.
    rerun : bool
        Whether the case was a suspect and was measured again.
    """

    name: str
    slower: float
    noise: float
    limit: float
    rerun: bool = False

    @property
    def regressed(self) -> bool:
        """Whether the ratio grew beyond the limit and beyond the noise."""
        return self.slower > max(self.limit, self.noise)

    @property
    def noisy(self) -> bool:
        """Whether noise may hide a growth beyond the limit."""
        return self.noise > self.limit


def settled(
    names: Sequence[str],
    measurer: Measurer,
    max_processes: int = MAX_PROCESSES,
    before: Mapping[str, Record] | None = None,
) -> tuple[Record, ...]:
    """Measure cases in further processes until their ratios are sure.

    Parameters
    ----------
    names : sequence of str
        The cases.
    measurer : Measurer
        Measures cases in one fresh process.
    max_processes : int
        Maximum number of processes a case, at least 1. The minimum is ``MIN_PROCESSES``, three times as many for a case that
        is not in ``before``.
    before : mapping, optional
        Records of this processor, whose yardsticks tell how fast it can be.

    Returns
    -------
    tuple of Record
        One a name, in their order.
    """
    found: dict[str, list[Record]] = {name: [] for name in names}
    left = list(names)
    while left:
        for record in measurer(left):
            found[record.name].append(record)
        left = [name for name in left if not _enough(found[name], max_processes, (before or {}).get(name))]
    return tuple(Record.merged(found[name]) for name in names)


def _enough(records: Sequence[Record], max_processes: int, before: Record | None) -> bool:
    if len(records) >= max_processes or not all(record.measured for record in records):
        return True
    if len(records) < (MIN_PROCESSES if before else 3 * MIN_PROCESSES):
        return False
    record = Record.merged(records)
    return (record.band or 0.0) + (max(0.0, _drift(record, before)) if before else 0.0) <= SETTLED


def _drift(record: Record, before: Record) -> float:
    """Return the share by which the machine was slower than in ``before``, as the yardstick tells."""
    return min(record.yardstick_fastest) / min(before.yardstick_fastest) - 1.0


def compare(
    report: Report,
    baseline: Report,
    measurer: Measurer,
    tolerance: float = TOLERANCE,
    max_processes: int = MAX_PROCESSES,
) -> tuple[list[Change], Report]:
    """Compare a report with a baseline; suspects are measured again.

    Parameters
    ----------
    report, baseline : Report
        This run and an earlier one.
    measurer : Measurer
        Measures cases in one fresh process.
    tolerance : float
        Share by which a ratio may grow, above 0.
    max_processes : int
        Maximum number of processes a suspect.

    Returns
    -------
    changes : list of Change
        Every case that both measured.
    report : Report
        ``report`` with the suspects' records as they are after the re-run.
    """
    suspects = [one.name for one in _changes(report, baseline, tolerance) if one.regressed]
    first = report.measured
    again = settled(suspects, measurer, max_processes, baseline.of_same_processor(report))
    report = report.with_records([Record.merged([first[record.name], record]) for record in again])
    changes = _changes(report, baseline, tolerance)
    return [replace(one, rerun=one.name in suspects) for one in changes], report


def _changes(report: Report, baseline: Report, tolerance: float) -> list[Change]:
    before, same = baseline.measured, baseline.of_same_processor(report)
    changes = []
    for name, record in report.measured.items():
        if name in before:
            unsure = (record.band or 0.0) + (before[name].band or 0.0)
            unsure += abs(_drift(record, same[name])) if name in same else 0.0
            changes.append(Change(name, record.ratio / before[name].ratio - 1.0, unsure, tolerance))
    return changes
