"""``table1.json``, ``table1.csv`` and ``table1.md``: what was measured, beside what the paper says.

The columns of the metrics follow from ``registry.METRICS``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from ..evaluate import still_read
from ..files import write_atomic
from ..metrics import names_in_table_order
from ..registry import METRICS
from .experiment import CaseResult, Experiment
from .published import ORIGINALS, PUBLISHED, Published

#: Columns of survival, where it was asked, and their titles.
_SURVIVAL: Final = {
    "survived_all": "survive all",
    "still_read_mean": "still read after sharing, mean",
    "still_read_worst": "worst of these",
}


def write_tables(folder: Path, experiment: Experiment, rows: Sequence[CaseResult]) -> dict[str, Any]:
    """Write the three files.

    Parameters
    ----------
    folder : Path
        Where they are written.
    experiment : Experiment
        The photos and the classifier.
    rows : sequence of CaseResult
        What was measured, at least one.

    Returns
    -------
    dict
        What ``table1.json`` holds.
    """
    table = as_record(experiment, rows)
    write_atomic(folder / "table1.json", (json.dumps(table, indent=2) + "\n").encode())
    write_atomic(folder / "table1.csv", _as_csv(table).encode())
    write_atomic(folder / "table1.md", _as_markdown(table).encode())
    return table


def as_record(experiment: Experiment, rows: Sequence[CaseResult]) -> dict[str, Any]:
    """Return the table as plain values.

    Parameters
    ----------
    experiment : Experiment
        The photos and the classifier.
    rows : sequence of CaseResult
        What was measured, at least one.

    Returns
    -------
    dict
        ``{classifier, images, skipped, unreadable, original, runs, others}``. A run beside the paper's has ``run`` null;
        ablations and sweeps are under ``others``. Where survival was asked, each line has ``survival``.
    """
    widest = max(rows, key=lambda row: row.images).original
    return {
        "classifier": experiment.classifier.name,
        "images": len(experiment.items),
        "skipped": experiment.skipped,
        "unreadable": experiment.unreadable,
        "original": {
            "top1_accuracy": widest["top1_accuracy"],
            **{
                name: widest["metrics"].get(name) for name in names_in_table_order() if not METRICS.load(name).reference
            },
            "paper": asdict(ORIGINALS),
        },
        "runs": [_line(row) for row in rows if not row.case.extra],
        "others": [_line(row) for row in rows if row.case.extra],
    }


def _line(row: CaseResult) -> dict[str, Any]:
    line: dict[str, Any] = {
        "run": row.case.name if row.case.extra else row.case.run,
        "recipe": row.case.recipe.word,
        "images": row.images,
        "failed": row.failed,
        "top1_accuracy": row.top1_accuracy,
        "top5_accuracy": row.top5_accuracy,
        **{name: row.metrics.get(name) for name in names_in_table_order()},
        "seconds_per_image": round(row.seconds_per_image, 4),
    }
    if row.survival is not None:
        line["survival"] = row.survival
    if row.case.run is not None:
        line["paper"] = asdict(PUBLISHED[row.case.run])
    return line


def _flat(line: dict[str, Any]) -> dict[str, Any]:
    return line | _shared(line) | {f"paper_{name}": value for name, value in line.get("paper", {}).items()}


def _shared(line: dict[str, Any]) -> dict[str, float | None]:
    """Return a line's columns of survival; {} where that was not asked."""
    if (survival := line.get("survival")) is None:
        return {}
    shares = still_read(survival).values()
    return {
        "survived_all": survival["survived_all"],
        "still_read_mean": sum(shares) / len(shares) if shares else None,
        "still_read_worst": max(shares, default=None),
    }


def _shared_columns(table: dict[str, Any]) -> dict[str, str]:
    """Return the columns of survival that the table has, with their titles."""
    asked = any("survival" in line for line in (*table["runs"], *table["others"]))
    return _SURVIVAL if asked else {}


def _as_csv(table: dict[str, Any]) -> str:
    text = io.StringIO()
    published = [f"paper_{field.name}" for field in fields(Published)]
    columns = ["run", "recipe", "images", "top1_accuracy", *names_in_table_order(), "seconds_per_image"]
    columns += [*_shared_columns(table), *published]
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    original = {"run": "original", "images": table["images"], **table["original"]}
    writer.writerows(_flat(line) for line in (original, *table["runs"], *table["others"]))
    return text.getvalue()


def _as_markdown(table: dict[str, Any]) -> str:
    rows = ({"run": "original", "recipe": "", **table["original"]}, *table["runs"], *table["others"])
    names = [name for name in names_in_table_order() if any(line.get(name) is not None for line in rows)]
    shared = _shared_columns(table)
    titles = [f"{(metric := METRICS.load(name)).title} {metric.unit}".rstrip() for name in names]
    titles += ["s a photo", *shared.values()]
    lines = [
        f"Classifier {table['classifier']}, {table['images']} photos; {table['skipped']} left out because it gets them "
        "wrong from the start. Measured on the saved files, decoded again. In brackets: the paper's figures, on its own "
        "photos and ResNet50-Places365.",
        "",
        f"| run | recipe | top-1 accuracy | {' | '.join(titles)} |",
        "|---" * (3 + len(titles)) + "|",
    ]
    lines += [_markdown_row(line, names, shared) for line in rows]
    return "\n".join(lines) + "\n"


def _markdown_row(line: dict[str, Any], metrics: Iterable[str], shared: Iterable[str]) -> str:
    paper = line.get("paper", {})
    digits = {name: METRICS.load(name).mean_decimals for name in metrics} | {"seconds_per_image": 2}
    accuracy = _cell(line["top1_accuracy"], paper.get("top1_accuracy"), ".2%").replace("%", " %")
    cells = [accuracy, *(_cell(line.get(name), paper.get(name), f".{number}f") for name, number in digits.items())]
    found = _shared(line)
    cells += [_cell(found.get(name), None, ".1%").replace("%", " %") for name in shared]
    return f"| {'-' if line['run'] is None else line['run']} | {line['recipe']} | {' | '.join(cells)} |"


def _cell(value: float | None, paper: float | None, form: str) -> str:
    """Return the measured figure, and in brackets the paper's where it has one."""
    measured = "-" if value is None else format(value, form)
    return measured if paper is None else f"{measured} ({format(paper, form)})"
