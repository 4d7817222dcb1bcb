"""What a run writes down: one record a case, and the machine that they hold for. JSON both ways."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import stored
from .clock import Measurement, median_and_mad
from .pair import Case, Pair

FORMAT = "pixelpriv_fast bench 3"
_MIDDLES = ("median", "mad", "yardstick_median", "yardstick_mad", "first", "yardstick_first")


@dataclass(frozen=True, slots=True)
class Record:
    """One case. ``fastest`` and ``yardstick_fastest``: processor seconds of the fastest reading, one entry a process, the
    yardstick's for the case's work. All other seconds are wall time of one call. ``reason`` says why a case was skipped;
    then there are no figures."""

    name: str
    yardstick: str
    ran: str = ""
    reason: str = ""
    ratio: float = 0.0
    band: float | None = None
    fastest: tuple[float, ...] = ()
    yardstick_fastest: tuple[float, ...] = ()
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

    @classmethod
    def of(cls, case: Case, pair: Pair, found: Measurement) -> Record:
        """What one process found."""
        median, mad = median_and_mad([reading.wall for reading in found.case])
        yardstick_median, yardstick_mad = median_and_mad([reading.wall for reading in found.yardstick])
        fastest, yardstick_fastest = found.fastest
        return cls(
            case.name,
            case.yardstick,
            pair.ran,
            fastest=(fastest,),
            yardstick_fastest=(yardstick_fastest * pair.work(),),
            median=median,
            mad=mad,
            yardstick_median=yardstick_median,
            yardstick_mad=yardstick_mad,
            first=found.first.wall,
            yardstick_first=found.yardstick_first.wall,
            rounds=len(found.case),
        )._weighed()

    @classmethod
    def merged(cls, records: Sequence[Record]) -> Record:
        """The same case as several processes measured it: all their fastest readings, medians of the other figures."""
        measured = [record for record in records if record.measured]
        if not measured:
            return records[0]
        return dataclasses.replace(
            measured[0],
            fastest=tuple(seconds for record in measured for seconds in record.fastest),
            yardstick_fastest=tuple(seconds for record in measured for seconds in record.yardstick_fastest),
            rounds=sum(record.rounds for record in measured),
            **{name: statistics.median(getattr(record, name) for record in measured) for name in _MIDDLES},
        )._weighed()

    def _weighed(self) -> Record:
        """The same with ``ratio``, the fastest of the case over the fastest of its yardstick, and ``band``: by what share
        the second fastest process of either falls behind, which is how sure it is that nothing faster is to be found."""
        sides = (sorted(self.fastest), sorted(self.yardstick_fastest))
        band = sum(side[1] / side[0] - 1.0 for side in sides) if len(sides[0]) > 1 else None
        return dataclasses.replace(self, ratio=sides[0][0] / sides[1][0], band=band)


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
        """See ``stored.save``."""
        cases = [dataclasses.asdict(record) for record in self.records]
        stored.save(path, FORMAT, {"header": self.header, "cases": cases})

    @classmethod
    def load(cls, path: Path) -> Report:
        """Raises ``UsageError`` for a file that is missing or no bench report."""
        return stored.load(path, FORMAT, cls._of, "is no bench report", "--json")

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Report:
        if not isinstance(data["header"], dict):
            raise TypeError("the header is no object")
        return cls(data["header"], tuple(read_record(case) for case in data["cases"]))


def read_record(row: dict[str, Any]) -> Record:
    """A record as JSON holds it. Raises ``ValueError`` or ``TypeError`` where the figures of a measured case are none."""
    lists = {name: tuple(row.get(name, ())) for name in ("fastest", "yardstick_fastest")}
    record = Record(**row | lists)
    figures = (record.ratio, *record.fastest, *record.yardstick_fastest)
    if record.measured and not all(math.isfinite(figure) and figure > 0 for figure in figures):
        raise ValueError(f"case {record.name!r} has ratio {record.ratio!r}, expected positive numbers")
    return record
