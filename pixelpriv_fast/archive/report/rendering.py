"""``report.html``: one page that a person can look at, without network, server or library.

Everything stands inside it, pictures included; its own policy forbids it to load anything. What is not protected comes
first. Pictures stop at ``MAX_BYTES`` and rows at ``MAX_ROWS``; the page says so.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import quote

from ...json_safe import json_safe
from ...metrics import names_in_table_order
from ...registry import METRICS, PANELS
from ..summary import STATUSES
from .evidence import MAGNIFIED, Evidence
from .pictures import MAX_BYTES

MAX_ROWS = 10_000

#: The bad news first, so that whatever is left out is protected.
ORDER = ("failed", "unprotected", "protected", "skipped")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One photo of the report.

    Attributes
    ----------
    record : mapping
        ``protect``'s JSON object.
    evidence : Evidence or None
        Its pictures, if it has any.
    """

    record: Mapping[str, Any]
    evidence: Evidence | None = None


def render(rows: Iterable[ReportRow], summary: Mapping[str, Any], notes: Sequence[str] = (), links: str = "") -> bytes:
    """Render the page.

    Parameters
    ----------
    rows : iterable of ReportRow
        The first photos by status, in ``ORDER``, then by source, or all of them.
    summary : mapping
        Number of photos by status, "seconds" and "device" of the last run.
    notes : sequence of str
        Sentences about that run.
    links : str
        The URL of the output folder, with a slash at its end; "" for a page without links.

    Returns
    -------
    bytes
        HTML in UTF-8.
    """
    ordered = sorted(rows, key=lambda row: (ORDER.index(row.record["status"]), row.record["source"]))[:MAX_ROWS]
    room, photos, bare = MAX_BYTES, [], 0
    for row in ordered:
        shown = row.evidence if row.evidence is not None and row.evidence.size <= room else None
        room -= shown.size if shown is not None else 0
        bare += shown is None and row.record["after"] is not None
        photos.append(_json({**row.record, "link": _link(links, row.record), "pictures": _encoded(shown)}))
    head = {
        "summary": {**summary, "sentence": _sentence(summary)},
        "notes": list(notes),
        "metrics": _metric_columns(),
        "panels": {name: [treatment.name for treatment in PANELS.load(name).treatments] for name in PANELS},
        "omitted": _omitted(len(ordered), _photos(summary), bare),
    }
    parts = {
        "style": _part("report.css").encode(),
        "script": _part("report.js").encode(),
        "magnified": str(MAGNIFIED).encode(),
        "data": b"".join([_json(head)[:-1], b',"photos":[', b",".join(photos), b"]}"]),
    }
    before, *after = _part("report.html").split("{{")
    pieces = [before.encode()]
    for piece in after:
        name, rest = piece.split("}}", 1)
        pieces += [parts[name], rest.encode()]
    return b"".join(pieces)


def _json(value: Any) -> bytes:
    """One by one, and not as one text: the page is large."""
    text = json.dumps(json_safe(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # "<" could end the element that holds the data, in a photo's name for example.
    return text.replace("<", "\\u003c").encode("utf-8", "replace")  # names on disk may hold bytes that are no UTF-8


def _encoded(evidence: Evidence | None) -> dict[str, str] | None:
    if evidence is None:
        return None
    pictures = {"before": evidence.before, "after": evidence.after, "difference": evidence.difference}
    return {name: base64.b64encode(data).decode("ascii") for name, data in pictures.items()}


def _link(links: str, record: Mapping[str, Any]) -> str | None:
    """Return the URL of a photo's file, whatever bytes its name has; None where there is none."""
    output = record.get("output")
    return links + quote(os.fsencode(output)) if links and output is not None else None


def _metric_columns() -> list[dict[str, Any]]:
    """Return what the page must know of each metric: its key in a record, its title and its decimal places."""
    metrics = ((name, METRICS.load(name)) for name in names_in_table_order())
    return [{"name": name, "title": metric.title, "decimals": metric.decimals} for name, metric in metrics]


def _photos(summary: Mapping[str, Any]) -> int:
    return sum(int(summary.get(status) or 0) for status in STATUSES)


def _sentence(summary: Mapping[str, Any]) -> str:
    last = f"The last run took {float(summary['seconds']):,.1f} s: {summary['device'] or 'nothing was run'}."
    return f"{_photos(summary):,} photos. {last}"


def _omitted(rows: int, photos: int, bare: int) -> str:
    notes = []
    if photos > rows:
        notes.append(f"The table stops at {rows:,} of {photos:,} photos; the journal has them all.")
    if bare > 0:
        notes.append(f"{bare:,} photos are listed without their pictures.")
    return " ".join(notes)


def _part(name: str) -> str:
    return resources.files(__package__).joinpath("page", name).read_text(encoding="utf-8")
