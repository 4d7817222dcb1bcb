"""Records and summaries as lines for people."""

from __future__ import annotations

from typing import Any, Final

#: Number of treatments that a photo's line names.
_SHOWN: Final = 4


def line_of(record: dict[str, Any]) -> str:
    """Return one photo's record as a line for people."""
    if record.get("before") is None:
        return f"{record['source']}: {record['status']}: {record['reason']}"
    before, after = (f"{record[key]['label']} {record[key]['probability']:.2f}" for key in ("before", "after"))
    edit = record.get("edit")
    measures = [edit["name"]] if edit else []
    measures += [f"{record['linf']} level{'' if record['linf'] == 1 else 's'}"] if "linf" in record else []
    measures += [f"{name} {value:.4g}" for name, value in record.get("metrics", {}).items() if value is not None]
    parts = "; ".join([f"{before} -> {after}", *([", ".join(measures)] if measures else [])])
    note = record["reason"] or _lost(record) or record.get("survival_reason")
    return f"{record['source']}: {record['status']}: {parts}" + (f" ({note})" if note else "")


def _lost(record: dict[str, Any]) -> str:
    """Return after which treatments a photo is read again, the first ones by name; "" where that is none or not known."""
    survival = record.get("survival")
    if survival is None:
        return ""
    from ..protection.survival import lost_words

    return lost_words(survival["failed"], _SHOWN)


def closing(summary: dict[str, Any]) -> str:
    """Return a run's counts as a line for people."""
    counts = [(summary[s], s) for s in ("protected", "unprotected", "failed", "skipped") if summary[s]]
    if not counts:
        return "no photos processed"
    (number, status), *others = counts
    first = f"{number} photo{'s' if number > 1 else ''} {status}"
    return ", ".join([first, *(f"{n} {s}" for n, s in others)]) + f" in {summary['seconds']:.1f} s"


def survival_line(survival: dict[str, Any]) -> str:
    """Return how many photos of a summary survive everything, and after what the others are read again."""
    again = [f"{name} {number} of {of}" for name, (number, of) in survival["read"].items() if number]
    ending = f"; read again after {', '.join(again)}" if again else ""
    return (
        f"survival: {survival['passed_all']} of {survival['photos']} photos survive all of {survival['panel']}{ending}"
    )
