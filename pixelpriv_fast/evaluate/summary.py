"""Sums over rows: accuracy and mean metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from .measuring import Row, Seen


@dataclass(slots=True)
class Side:
    """One side of the pairs, added up photo by photo."""

    images: int = 0
    top1: int = 0
    top5: int = 0
    _sums: dict[str, float] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, seen: Seen) -> None:
        self.images += 1
        self.top1 += seen.top1
        self.top5 += seen.top5
        for name, value in seen.metrics.items():
            finite = value is not None and math.isfinite(value)
            self._sums[name] = self._sums.get(name, 0.0) + (value if finite and value is not None else 0.0)
            self._counts[name] = self._counts.get(name, 0) + finite

    def record(self) -> dict[str, Any]:
        """``top1_accuracy``, ``top5_accuracy`` (fractions) and ``metrics`` (means); None without a photo.

        Choice: means run over the photos that have a finite figure. An unchanged photo's PSNR is infinite, and one of
        them would hide all the others.
        """
        share = 1.0 / self.images if self.images else None
        return {
            "top1_accuracy": share and self.top1 * share,
            "top5_accuracy": share and self.top5 * share,
            "metrics": {name: self._sums[name] / n if (n := self._counts[name]) else None for name in self._sums},
        }


@dataclass(slots=True)
class Tally:
    """Both sides of all rows."""

    original: Side = field(default_factory=Side)
    protected: Side = field(default_factory=Side)

    def add(self, row: Row) -> None:
        self.original.add(row.original)
        self.protected.add(row.protected)

    def record(self) -> dict[str, Any]:
        """The protected photos' figures, and under ``original`` the same of the photos that they come from."""
        return {"images": self.protected.images, **self.protected.record(), "original": self.original.record()}
