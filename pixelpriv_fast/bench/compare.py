"""Held against a baseline: which cases got slower, relative to their yardsticks, by more than noise explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .apart import Apart, merged
from .records import Record, Report

#: A case is slower for certain only by more than this many deviations of what noise makes of an unchanged one.
_SURE = 3.0
#: The noise is estimated from few processes, so no limit is smaller.
_LEAST = 0.08
#: What makes a suspect. Choice: far below any limit, for one process says little and asking again costs little.
_SUSPECT = 0.04
#: Fresh processes that measure a suspect. Over eight processes the ratio of warp_u8 ranged over 2 %, of resize_u8 over 6 %,
#: of ssim over 9 %; medians of five deviate by about half of what one does.
PROCESSES = 5
TOLERANCE = 0.12


@dataclass(frozen=True, slots=True)
class Change:
    """One case against its baseline. ``slower``: the share by which its ratio grew; ``noise``: what noise alone may
    make of it; ``limit``: the share that is allowed; ``rerun``: whether fresh processes measured it again."""

    name: str
    slower: float
    noise: float
    limit: float
    rerun: bool = False

    @property
    def regressed(self) -> bool:
        return self.slower > max(self.limit, self.noise)

    @property
    def blind(self) -> bool:
        """Whether noise would hide a change of the size that the limit forbids: such a case is not judged by it."""
        return self.noise > self.limit


def change(record: Record, before: Record, tolerance: float) -> Change:
    """``record`` against ``before``, both measured. The limit follows the noise of both and never exceeds
    ``tolerance``; where noise does, the case is ``blind``."""
    deviation = max(record.deviation, before.deviation)
    noise = _SURE * deviation * math.hypot(record.certainty, before.certainty)
    limit = min(max(noise, _LEAST), tolerance)
    return Change(record.name, record.ratio / before.ratio - 1.0, noise, limit)


def compare(
    report: Report, baseline: Report, tolerance: float, apart: Apart
) -> tuple[list[Change], tuple[Record, ...]]:
    """Every case that both hold, and the records of those measured again.

    All suspects are measured again by ``PROCESSES`` fresh processes, which alone decide: what made a case suspect would
    weigh twice otherwise.
    """
    old = {record.name: record for record in baseline.records if record.measured}
    both = [record for record in report.records if record.measured and record.name in old]
    suspects = [record.name for record in both if record.ratio / old[record.name].ratio - 1.0 > _SUSPECT]
    newer = merged([apart(suspects) for _ in range(PROCESSES)]) if suspects else ()
    again = {record.name: record for record in newer if record.measured}
    changes = [
        replace(change(again.get(record.name, record), old[record.name], tolerance), rerun=record.name in again)
        for record in both
    ]
    return changes, newer


def missing(report: Report, baseline: Report) -> Sequence[str]:
    """Cases that the baseline measured and this run could not (skipped here)."""
    measured = {record.name for record in report.records if record.measured}
    present = {record.name for record in report.records}
    return [r.name for r in baseline.records if r.measured and r.name in present and r.name not in measured]
