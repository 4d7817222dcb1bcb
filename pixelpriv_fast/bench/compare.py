"""Held against a baseline: which cases got slower, relative to their yardsticks, by more than noise explains."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .records import Record, Report

#: A case is slower for certain only by more than this many of its bands.
_BANDS = 3.0
#: What two processes differ by besides, which no A/A half shows: where memory lies, how code is aligned. Over eight
#: processes the ratio of warp_u8 ranged over 2 %, of resize_u8 over 6 %, of ssim over 9 %: its numpy twin drifts.
_LEAST = 0.08
TOLERANCE = 0.12


@dataclass(frozen=True, slots=True)
class Change:
    """One case against its baseline. ``slower``: the share by which its ratio grew; ``noise``: what noise alone may
    make of it; ``limit``: the share that is allowed; ``rerun``: whether it was measured again."""

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
    noise = _BANDS * math.hypot(record.band, before.band)
    limit = min(max(noise, _LEAST), tolerance)
    return Change(record.name, record.ratio / before.ratio - 1.0, noise, limit)


def compare(
    report: Report, baseline: Report, tolerance: float, again: Callable[[str], Record]
) -> tuple[list[Change], list[Record]]:
    """Every case that both hold, and the records of those measured again.

    A suspect is measured once more, longer, by ``again``: it has regressed only where that run says so too.
    """
    old = {record.name: record for record in baseline.records if record.measured}
    changes, remeasured = [], []
    for record in report.records:
        if not record.measured or record.name not in old:
            continue
        found = change(record, old[record.name], tolerance)
        if found.regressed:
            second = again(record.name)
            remeasured.append(second)
            found = replace(change(second, old[record.name], tolerance), rerun=True)
        changes.append(found)
    return changes, remeasured


def missing(report: Report, baseline: Report) -> Sequence[str]:
    """Cases that the baseline measured and this run could not (skipped here)."""
    measured = {record.name for record in report.records if record.measured}
    present = {record.name for record in report.records}
    return [r.name for r in baseline.records if r.measured and r.name in present and r.name not in measured]
