"""Counts by status, time, and the exit code that they mean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .survived import Survived
from .walk import LeftOut

STATUSES = ("protected", "unprotected", "failed", "skipped")

#: The order in which bad news wins the exit code: a photo that failed, then one that is not protected.
_EXIT_FAILED, _EXIT_UNPROTECTED = 1, 3


@dataclass(slots=True)
class Summary:
    """Counts and timing of one run.

    Attributes
    ----------
    device : str
        What really ran.
    seconds : float
        Wall time.
    counts : Counter
        Number of photos by status.
    unprotected_before : int
        Number of skipped photos that an earlier run could not protect.
    left_out : LeftOut
        What was passed over in the inputs. Photos in a folder that cannot be read count as failed in the exit code.
    survived : Survived
        What the photos survive, where that was asked.
    """

    device: str = ""
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    unprotected_before: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)
    survived: Survived = field(default_factory=Survived)

    @property
    def exit_code(self) -> int:
        """What the process ends with: 0 if all photos are protected."""
        if self.counts["failed"] or self.left_out.unreadable:
            return _EXIT_FAILED
        return _EXIT_UNPROTECTED if self.counts["unprotected"] or self.unprotected_before else 0

    def record(self) -> dict[str, Any]:
        """Return the summary as the command line's JSON object."""
        photos = sum(self.counts.values())
        return {
            "images": photos,
            **{status: self.counts[status] for status in STATUSES},
            "passed_over": dict(self.left_out.counts),
            "survival": self.survived.record(),
            "seconds": round(self.seconds, 3),
            "images_per_second": round(photos / self.seconds, 3) if self.seconds else None,
            "device": self.device,
        }
