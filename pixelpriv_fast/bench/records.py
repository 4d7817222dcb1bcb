"""The records of a run: one a case, and the machine that they hold for. JSON both ways."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import json_files
from .case import BenchCase, TimedPair
from .clock import Measurement, median_and_mad

FORMAT = "pixelpriv_fast bench 3"
_MEDIANS = ("median", "mad", "yardstick_median", "yardstick_mad", "first", "yardstick_first")


@dataclass(frozen=True, slots=True)
class Record:
    """The figures of one case, measured by one process or several.

    Attributes
    ----------
    name, yardstick : str
        Those of the case.
    ran : str
        What ran in the case; empty for the fastest kernels.
    reason : str
        Why the case was skipped; then there are no figures. Empty if it was measured.
    ratio : float
        The case's fastest reading divided by its yardstick's.
    band : float or None
        By which share the second fastest process of either side falls behind, summed over both sides; it tells whether
        something faster is still to be expected. None for a single process.
    fastest, yardstick_fastest : tuple of float
        Processor seconds of each process's fastest reading; the yardstick's are for the case's work.
    median, mad, yardstick_median, yardstick_mad : float
        Wall seconds of one call: median and median absolute deviation.
    first, yardstick_first : float
        Wall seconds of the first call.
    rounds : int
        Number of rounds, over all processes.
    """

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
        """Whether there are figures."""
        return not self.reason

    @classmethod
    def of(cls, case: BenchCase, pair: TimedPair, found: Measurement) -> Record:
        """Make the record of what one process measured.

        Parameters
        ----------
        case : BenchCase
            The case.
        pair : TimedPair
            The pair that was timed.
        found : Measurement
            Its readings.

        Returns
        -------
        Record
            The figures.
        """
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
        )._with_ratio()

    @classmethod
    def merged(cls, records: Sequence[Record]) -> Record:
        """Merge what several processes measured of one case: all their fastest readings, medians of the other figures."""
        measured = [record for record in records if record.measured]
        if not measured:
            return records[0]
        return dataclasses.replace(
            measured[0],
            fastest=tuple(seconds for record in measured for seconds in record.fastest),
            yardstick_fastest=tuple(seconds for record in measured for seconds in record.yardstick_fastest),
            rounds=sum(record.rounds for record in measured),
            **{name: statistics.median(getattr(record, name) for record in measured) for name in _MEDIANS},
        )._with_ratio()

    def _with_ratio(self) -> Record:
        sides = (sorted(self.fastest), sorted(self.yardstick_fastest))
        band = sum(side[1] / side[0] - 1.0 for side in sides) if len(sides[0]) > 1 else None
        return dataclasses.replace(self, ratio=sides[0][0] / sides[1][0], band=band)


@dataclass(frozen=True, slots=True)
class Report:
    """The records of a run.

    Attributes
    ----------
    header : dict
        Plain values that say what the figures hold for, see ``machine.header``.
    records : sequence of Record
        One a case.
    """

    header: dict[str, Any]
    records: Sequence[Record] = field(default_factory=tuple)

    @property
    def measured(self) -> dict[str, Record]:
        """The records with figures, by case name."""
        return {record.name: record for record in self.records if record.measured}

    def of_same_processor(self, other: Report) -> Mapping[str, Record]:
        """Return the measured records if ``other`` is of the same processor, else none."""
        same = self.header.get("processor") == other.header.get("processor")
        return self.measured if same else {}

    def with_records(self, newer: Sequence[Record]) -> Report:
        """Return the report with the records of some cases replaced by ``newer`` ones."""
        by_name = {record.name: record for record in newer}
        return Report(self.header, tuple(by_name.get(record.name, record) for record in self.records))

    def save(self, path: Path) -> None:
        """Write the report to ``path``; see ``json_files.save``."""
        cases = [dataclasses.asdict(record) for record in self.records]
        json_files.save(path, FORMAT, {"header": self.header, "cases": cases})

    @classmethod
    def load(cls, path: Path) -> Report:
        """Read a report. Raises ``UsageError`` if the file is missing or is not a bench report."""
        return json_files.load(path, FORMAT, cls._of, "is not a bench report", "--json")

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Report:
        if not isinstance(data["header"], dict):
            raise TypeError("the header is not an object")
        return cls(data["header"], tuple(read_record(case) for case in data["cases"]))


def read_record(row: dict[str, Any]) -> Record:
    """Make a record of its JSON object. Raises ``ValueError`` or ``TypeError`` if a measured case lacks positive figures."""
    lists = {name: tuple(row.get(name, ())) for name in ("fastest", "yardstick_fastest")}
    record = Record(**row | lists)
    figures = (record.ratio, *record.fastest, *record.yardstick_fastest)
    if record.measured and not all(math.isfinite(figure) and figure > 0 for figure in figures):
        raise ValueError(f"case {record.name!r} has ratio {record.ratio!r}, expected positive numbers")
    return record
