"""``report.html``: one page that a person can look at, without network, server or library.

Everything stands inside it, pictures included; its own policy forbids it to load anything. What is not protected comes
first. A photo brings about 30 kB, so pictures stop at ``MOST_PICTURES`` and rows at ``MOST_ROWS``; the page says so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from .evidence import MAGNIFIED, Evidence

MOST_PICTURES = 1_000
MOST_ROWS = 10_000

#: The bad news first, so that whatever is left out is protected.
_ORDER = ("failed", "unprotected", "protected", "skipped")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A photo: ``protect``'s JSON record, and its pictures where it has any."""

    record: Mapping[str, Any]
    evidence: Evidence | None = None


def render(rows: Iterable[ReportRow], summary: Mapping[str, Any]) -> bytes:
    """The page, UTF-8. ``summary``: counts by status, "seconds" and "device" of ``protect``'s summary record."""
    ordered = sorted(rows, key=lambda row: (_ORDER.index(row.record["status"]), row.record["source"]))
    photos, pictures = [], 0
    for row in ordered[:MOST_ROWS]:
        shown = row.evidence if pictures < MOST_PICTURES else None
        pictures += shown is not None
        photos.append({**row.record, "pictures": _encoded(shown)})
    data = {"summary": {**summary, "sentence": _sentence(summary)}, "photos": photos}
    data["omitted"] = _omitted(ordered, pictures)
    page = _part("report.html")
    parts = {
        "style": _part("report.css"),
        "script": _part("report.js"),
        "magnified": str(MAGNIFIED),
        # "<" could end the element that holds the data, in a photo's name for example.
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    }
    before, *after = page.split("{{")
    pieces = [before]
    for piece in after:
        name, rest = piece.split("}}", 1)
        pieces += [parts[name], rest]
    return "".join(pieces).encode("utf-8", "replace")  # names on disk may hold bytes that are no UTF-8


def _encoded(evidence: Evidence | None) -> dict[str, str] | None:
    if evidence is None:
        return None
    pictures = {"before": evidence.before, "after": evidence.after, "difference": evidence.difference}
    return {name: base64.b64encode(data).decode("ascii") for name, data in pictures.items()}


def _sentence(summary: Mapping[str, Any]) -> str:
    photos = sum(int(summary.get(status) or 0) for status in _ORDER)
    return f"{photos:,} photos in {float(summary['seconds']):,.1f} s: {summary['device'] or 'nothing was run'}."


def _omitted(rows: list[ReportRow], pictures: int) -> str:
    left_out = sum(row.evidence is not None for row in rows) - pictures
    notes = []
    if len(rows) > MOST_ROWS:
        notes.append(f"The table stops at {MOST_ROWS:,} of {len(rows):,} photos; the journal has them all.")
    if left_out > 0:
        notes.append(f"Pictures of {left_out:,} protected photos are left out.")
    return " ".join(notes)


def _part(name: str) -> str:
    return resources.files(__package__).joinpath("page", name).read_text(encoding="utf-8")
