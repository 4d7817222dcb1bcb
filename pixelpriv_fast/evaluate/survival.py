"""What many protected files survive, treatment by treatment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..channels.panel import Panel
from ..types import Survival


@dataclass(slots=True)
class SurvivalTotals:
    """Counts over photos.

    Attributes
    ----------
    panel : Panel
        The treatments.
    photos : int
        Number of photos.
    complete : int
        Number of photos that survive every treatment that was applied.
    """

    panel: Panel
    photos: int = 0
    complete: int = 0
    _read: Counter[str] = field(default_factory=Counter)
    _unread: Counter[str] = field(default_factory=Counter)
    _not_applied: Counter[str] = field(default_factory=Counter)

    def add(self, survival: Survival) -> None:
        """Count one photo."""
        self.photos += 1
        self.complete += survival.complete
        self._read.update(survival.failed)
        self._unread.update(survival.unread)
        self._not_applied.update(survival.not_applied)

    def record(self) -> dict[str, Any]:
        """Return the counts as plain values.

        A photo counts at a treatment only where the treated original is read: elsewhere the treatment says nothing of the
        protection.

        Returns
        -------
        dict
            ``panel``; ``photos``; ``survived_all``, the share of photos that no treatment makes readable again; and under
            ``treatments`` for each by its name: ``read``, the number of photos that are still read, ``of`` those that count;
            ``unread``, whose treated originals are not read; ``not_applied``, that the treatment's format cannot hold.
        """
        return {
            "panel": self.panel.name,
            "photos": self.photos,
            "survived_all": self.complete / self.photos if self.photos else None,
            "treatments": {
                name: {
                    "read": self._read[name],
                    "of": self.photos - self._unread[name] - self._not_applied[name],
                    "unread": self._unread[name],
                    "not_applied": self._not_applied[name],
                }
                for name in (treatment.name for treatment in self.panel.treatments)
            },
        }


def still_read(record: Mapping[str, Any]) -> dict[str, float]:
    """Return the share of photos that are still read after each treatment that says something of any photo."""
    return {name: n["read"] / n["of"] for name, n in record["treatments"].items() if n["of"]}


def survival_lines(record: Mapping[str, Any]) -> list[str]:
    """Return the counts for people: the share of photos that survive all, then a line a treatment."""
    if not record["photos"]:
        return [f"survival, panel {record['panel']}: no photo"]
    width = max(map(len, record["treatments"]))
    lines = [
        f"{record['survived_all']:.2%} of {record['photos']} photos survive all treatments of the panel {record['panel']}",
        f"{'after':{width}}  still read      of  original unread  not applied",
    ]
    for name, n in record["treatments"].items():
        share = f"{n['read'] / n['of']:10.2%}" if n["of"] else f"{'-':>10}"
        lines.append(f"{name:{width}}  {share}  {n['of']:6}  {n['unread']:15}  {n['not_applied']:11}")
    return lines
