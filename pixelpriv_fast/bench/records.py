"""What a run writes down: one record a case, and the machine that they hold for. JSON both ways."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..files import write_atomic
from .clock import Measurement, median_and_mad
from .pair import Case, Pair

FORMAT = "pixelpriv_fast bench 1"


@dataclass(frozen=True, slots=True)
class Record:
    """One case. ``ratio`` is the case's processor time over its yardstick's for the same work, ``band`` its relative
    noise by A/A halves of the run; all other seconds are wall time of one call. ``reason`` says why a case was skipped;
    then there are no figures."""

    name: str
    yardstick: str
    ran: str = ""
    reason: str = ""
    ratio: float = 0.0
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

    @classmethod
    def of(cls, case: Case, pair: Pair, found: Measurement) -> Record:
        median, mad = median_and_mad([reading.wall for reading in found.case])
        yardstick_median, yardstick_mad = median_and_mad([reading.wall for reading in found.yardstick])
        return cls(
            case.name,
            case.yardstick,
            pair.ran,
            ratio=found.ratio / pair.work,
            band=found.band,
            median=median,
            mad=mad,
            yardstick_median=yardstick_median,
            yardstick_mad=yardstick_mad,
            first=found.first.wall,
            yardstick_first=found.yardstick_first.wall,
            rounds=len(found.case),
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
            return cls(data["header"], tuple(Record(**case) for case in data["cases"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{path} is no bench report ({error}); write one by --json {path}") from error
