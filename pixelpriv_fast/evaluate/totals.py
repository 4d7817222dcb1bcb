"""Accuracy and mean metrics over all measured photos."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from .measuring import PairMeasurement, PhotoMeasurement


@dataclass(slots=True)
class SideTotals:
    """Counts and sums over the originals, or over the protected files.

    Attributes
    ----------
    images : int
        Number of photos.
    top1, top5 : int
        Number of photos with an accepted class on top, or among the top five.
    """

    images: int = 0
    top1: int = 0
    top5: int = 0
    _sums: dict[str, float] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, seen: PhotoMeasurement) -> None:
        """Count one photo."""
        self.images += 1
        self.top1 += seen.top1
        self.top5 += seen.top5
        for name, value in seen.metrics.items():
            finite = value is not None and math.isfinite(value)
            self._sums[name] = self._sums.get(name, 0.0) + (value if finite and value is not None else 0.0)
            self._counts[name] = self._counts.get(name, 0) + finite

    def record(self) -> dict[str, Any]:
        """Return ``top1_accuracy``, ``top5_accuracy`` (fractions) and ``metrics`` (means); None without a photo.

        Choice: means are over the photos with a finite figure. An unchanged photo's PSNR is infinite, and one such photo
        would hide all others.
        """
        share = 1.0 / self.images if self.images else None
        return {
            "top1_accuracy": share and self.top1 * share,
            "top5_accuracy": share and self.top5 * share,
            "metrics": {name: self._sums[name] / n if (n := self._counts[name]) else None for name in self._sums},
        }


@dataclass(slots=True)
class Totals:
    """Counts and sums over pairs of photos.

    Attributes
    ----------
    original, protected : SideTotals
        Over the originals and over the protected files.
    """

    original: SideTotals = field(default_factory=SideTotals)
    protected: SideTotals = field(default_factory=SideTotals)

    def add(self, row: PairMeasurement) -> None:
        """Count one pair."""
        self.original.add(row.original)
        self.protected.add(row.protected)

    def record(self) -> dict[str, Any]:
        """Return the protected files' figures, and the originals' under ``original``."""
        return {"images": self.protected.images, **self.protected.record(), "original": self.original.record()}
