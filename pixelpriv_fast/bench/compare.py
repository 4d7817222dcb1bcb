"""Held against a baseline: which cases got slower, relative to their yardsticks?

**The rule.** Whatever disturbs a computation makes it slower: another process in the cache, the other half of the core at
work, an unlucky layout of memory. Disturbances last from microseconds to minutes, are far from normal, and change the
ratio of two different computations too (by up to 25 %), so a mean or median of ratios follows the machine's mood. The
*fastest* of many readings does not: as an extreme value bounded from below it converges to what the undisturbed code
takes, from one side. So a case's ratio is its fastest reading over its yardstick's fastest, each over all processes
(they need not be the same). An extreme value is trusted when it is confirmed: when the second fastest process comes within
``SETTLED`` of it, for both, and the yardstick is as fast as it was in the baseline, where the processor is the same. Until
then further processes measure, up to ``MOST``. A case regressed when its ratio grew by more than ``TOLERANCE``, halfway
to a change of 20 %, and still does after one re-run, whose processes join the first ones. Where a case stays unsure by
more than that, only a larger growth is one: a machine that is slower by some share for minutes, now or when the baseline
was written (the yardsticks' seconds tell), changes ratios by up to about that share. Such cases are called noisy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .apart import Apart
from .records import Record, Report

#: Two processes' fastest readings are the same within this share, of case and yardstick together.
SETTLED = 0.03
#: Processes that measure a case; the least is trebled where no baseline tells how fast the machine can be.
LEAST, MOST = 3, 12
TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Change:
    """One case against its baseline. ``slower``: the share by which its ratio grew; ``noise``: by what share noise alone
    may have changed it; ``rerun``: whether it was a suspect and measured again."""

    name: str
    slower: float
    noise: float
    limit: float
    rerun: bool = False

    @property
    def regressed(self) -> bool:
        return self.slower > max(self.limit, self.noise)

    @property
    def noisy(self) -> bool:
        """Whether noise may hide a growth beyond the limit."""
        return self.noise > self.limit


def settled(
    names: Sequence[str], apart: Apart, most: int = MOST, before: Mapping[str, Record] | None = None
) -> tuple[Record, ...]:
    """The cases of these names, each measured by ``LEAST`` fresh processes at least (three times as many without ``before``)
    and by ``most`` at most, until its ratio is sure. ``before``: records of this processor, whose yardsticks say how fast it
    can be."""
    found: dict[str, list[Record]] = {name: [] for name in names}
    left = list(names)
    while left:
        for record in apart(left):
            found[record.name].append(record)
        left = [name for name in left if not _enough(found[name], most, (before or {}).get(name))]
    return tuple(Record.merged(found[name]) for name in names)


def _enough(records: Sequence[Record], most: int, before: Record | None) -> bool:
    if len(records) >= most or not all(record.measured for record in records):
        return True
    least = LEAST if before else 3 * LEAST
    return len(records) >= least and noise(Record.merged(records), before) <= SETTLED


def noise(record: Record, before: Record | None) -> float:
    """By what share a faster reading of ``record``'s sides is to be expected still."""
    return (record.band or 0.0) + (max(0.0, drift(record, before)) if before else 0.0)


def drift(record: Record, before: Record) -> float:
    """By what share the machine was slower than in ``before``, as the yardstick says."""
    return min(record.yardstick_fastest) / min(before.yardstick_fastest) - 1.0


def compare(
    report: Report, baseline: Report, apart: Apart, tolerance: float = TOLERANCE, most: int = MOST
) -> tuple[list[Change], Report]:
    """Every case that both hold, and ``report`` with the suspects' records as they are after their re-run."""
    suspects = [one.name for one in _changes(report, baseline, tolerance) if one.regressed]
    first = measured(report)
    again = settled(suspects, apart, most, known(report, baseline))
    report = report.with_records([Record.merged([first[record.name], record]) for record in again])
    changes = _changes(report, baseline, tolerance)
    return [replace(one, rerun=one.name in suspects) for one in changes], report


def _changes(report: Report, baseline: Report, tolerance: float) -> list[Change]:
    before, same = measured(baseline), known(report, baseline)
    changes = []
    for name, record in measured(report).items():
        if name in before:
            unsure = (record.band or 0.0) + (before[name].band or 0.0)
            unsure += abs(drift(record, same[name])) if name in same else 0.0
            changes.append(Change(name, record.ratio / before[name].ratio - 1.0, unsure, tolerance))
    return changes


def known(report: Report, baseline: Report) -> Mapping[str, Record]:
    """The baseline's records where they are of the same processor."""
    same = report.header.get("processor") == baseline.header.get("processor")
    return measured(baseline) if same else {}


def measured(report: Report) -> dict[str, Record]:
    return {record.name: record for record in report.records if record.measured}


def missing(report: Report, baseline: Report) -> Sequence[str]:
    """Cases that the baseline measured and this run could not (skipped here)."""
    now, present = measured(report), {record.name for record in report.records}
    return [name for name in measured(baseline) if name in present and name not in now]
