"""What the photos of a run survive, counted from their records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..protection.survival import panel_of
from ..registry import PANELS


@dataclass(slots=True)
class Survived:
    """Counts over the records that say what their photo survives, those of earlier runs included.

    Attributes
    ----------
    panel : str
        The panel of the first such record; records of another panel do not count. "" before the first one.
    photos : int
        Number of records that count.
    passed_all : int
        Number of those whose photo survives every treatment.
    failed : Counter
        Number of photos by the treatment after which they are read again.
    silent : Counter
        Number of photos by the treatment that says nothing of them: the original itself is not read after it, or it was not
        applied.
    """

    panel: str = ""
    photos: int = 0
    passed_all: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)

    def add(self, survival: Mapping[str, Any] | None) -> None:
        """Count the ``survival`` of one record; None and panels that this release does not know are passed over."""
        if survival is None or survival["panel"] not in PANELS or self.panel not in ("", survival["panel"]):
            return
        self.panel = survival["panel"]
        self.photos += 1
        self.passed_all += not survival["failed"]
        self.failed.update(survival["failed"])
        self.silent.update((*survival["unread"], *survival["not_applied"]))

    def record(self) -> dict[str, Any] | None:
        """Return the counts as JSON holds them; None where no record said what its photo survives.

        Returns
        -------
        dict or None
            ``panel``, ``photos``, ``passed_all``, and under ``read`` for each treatment the number of photos that are read again
            and the number of those whose treated original is read.
        """
        if not self.photos:
            return None
        names = [treatment.name for treatment in panel_of(self.panel).treatments]
        read = {name: [self.failed[name], self.photos - self.silent[name]] for name in names}
        return {"panel": self.panel, "photos": self.photos, "passed_all": self.passed_all, "read": read}
