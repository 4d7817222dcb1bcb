"""What a run writes down: one record a case, and the machine that they hold for. JSON both ways."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..files import write_atomic
from .clock import Measurement, median_and_mad
from .pair import Case, Pair

FORMAT = "pixelpriv_fast bench 2"
#: The median of n normal values deviates by this over the root of n, for n that is not tiny.
_MEDIAN = math.sqrt(math.pi / 2)


@dataclass(frozen=True, slots=True)
class Record:
    """One case. ``ratio`` is the case's processor time over its yardstick's for the same work, the median of ``ratios``,
    one for each process that measured it; ``band`` the relative noise within one process, by A/A halves. All seconds are
    wall time of one call. ``reason`` says why a case was skipped; then there are no figures."""

    name: str
    yardstick: str
    ran: str = ""
    reason: str = ""
    ratio: float = 0.0
    ratios: Sequence[float] = ()
    band: float = 0.0
    median: float = 0.0
    mad: float = 0.0
    yardstick_median: float = 0.0
    yardstick_mad: float = 0.0
    first: float = 0.0
    yardstick_first: float = 0.0
    rounds: int = 0

    @property
    def measured(self) -> bool:
        return not self.reason

    @property
    def deviation(self) -> float:
        """By how much one process's ratio deviates, relative: the larger of the deviation within and between them."""
        if len(self.ratios) < 2:
            return self.band
        return max(self.band, statistics.stdev(math.log(ratio) for ratio in self.ratios))

    @property
    def certainty(self) -> float:
        """The deviation of ``ratio`` for a ``deviation`` of 1: smaller the more processes there were."""
        return 1.0 if len(self.ratios) < 2 else _MEDIAN / math.sqrt(len(self.ratios))

    @classmethod
    def of(cls, case: Case, pair: Pair, found: Measurement) -> Record:
        median, mad = median_and_mad([reading.wall for reading in found.case])
        yardstick_median, yardstick_mad = median_and_mad([reading.wall for reading in found.yardstick])
        return cls(
            case.name,
            case.yardstick,
            pair.ran,
            ratio=found.ratio / pair.work,
            ratios=(found.ratio / pair.work,),
            band=found.band,
            median=median,
            mad=mad,
            yardstick_median=yardstick_median,
            yardstick_mad=yardstick_mad,
            first=found.first.wall,
            yardstick_first=found.yardstick_first.wall,
            rounds=len(found.case),
        )

    @classmethod
    def merged(cls, records: Sequence[Record]) -> Record:
        """The same case as several processes measured it: medians of their figures, all their ratios and rounds."""
        measured = [record for record in records if record.measured]
        if len(measured) < 2:
            return measured[0] if measured else records[0]
        ratios = [ratio for record in measured for ratio in record.ratios]
        seconds = ("median", "mad", "yardstick_median", "yardstick_mad", "first", "yardstick_first", "band")
        middles = {field: statistics.median(getattr(record, field) for record in measured) for field in seconds}
        rounds = sum(record.rounds for record in measured)
        return dataclasses.replace(
            measured[0], ratio=statistics.median(ratios), ratios=tuple(ratios), rounds=rounds, **middles
        )


@dataclass(frozen=True, slots=True)
class Report:
    """A run: ``header`` is plain values (versions, processor, threads, kernels, providers)."""

    header: dict[str, Any]
    records: Sequence[Record] = field(default_factory=tuple)

    def with_records(self, newer: Sequence[Record]) -> Report:
        """The same with some cases' records replaced."""
        by_name = {record.name: record for record in newer}
        return Report(self.header, tuple(by_name.get(record.name, record) for record in self.records))

    def save(self, path: Path) -> None:
        """Raises ``StorageError`` or ``PhotoError`` as every writer of files here."""
        data = {"format": FORMAT, "header": self.header, "cases": [dataclasses.asdict(r) for r in self.records]}
        write_atomic(path, (json.dumps(data, indent=1) + "\n").encode())

    @classmethod
    def load(cls, path: Path) -> Report:
        """Raises ``UsageError`` for a file that is missing or no bench report."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                raise UsageError(f"{path} has format {data['format']!r}, expected {FORMAT!r}; write it anew by --json")
            return cls(dict(data["header"]), tuple(_read(case) for case in data["cases"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{path} is no bench report ({error}); write one by --json {path}") from error


def _read(case: dict[str, Any]) -> Record:
    """Raises ``ValueError`` or ``TypeError`` where the figures of a measured case are none."""
    record = Record(**case)
    if record.measured and not all(math.isfinite(ratio) and ratio > 0 for ratio in (record.ratio, *record.ratios)):
        raise ValueError(f"case {record.name!r} has ratio {record.ratio!r}, expected a positive number")
    return record
