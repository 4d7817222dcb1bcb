"""``table1.json``, ``table1.csv`` and ``table1.md``: what was measured, beside what the paper says.

The columns of the metrics follow from ``registry.METRICS``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ..files import write_atomic
from ..metrics import names_in_table_order
from ..registry import METRICS
from .experiment import CaseResult, Experiment
from .published import ORIGINALS, PUBLISHED, Published


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
        ``{classifier, images, skipped, unreadable, original, runs, others}``; recipes that are not one of the paper's runs
        are under ``others``.
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
        "runs": [_line(row) for row in rows if row.case.run is not None],
        "others": [_line(row) for row in rows if row.case.run is None],
    }


def _line(row: CaseResult) -> dict[str, Any]:
    line: dict[str, Any] = {
        "run": row.case.run if row.case.run is not None else row.case.name,
        "recipe": row.case.recipe.word,
        "images": row.images,
        "failed": row.failed,
        "top1_accuracy": row.top1_accuracy,
        "top5_accuracy": row.top5_accuracy,
        **{name: row.metrics.get(name) for name in names_in_table_order()},
        "seconds_per_image": round(row.seconds_per_image, 4),
    }
    if row.case.run is not None:
        line["paper"] = asdict(PUBLISHED[row.case.run])
    return line


def _flat(line: dict[str, Any]) -> dict[str, Any]:
    return line | {f"paper_{name}": value for name, value in line.get("paper", {}).items()}


def _as_csv(table: dict[str, Any]) -> str:
    text = io.StringIO()
    published = [f"paper_{field.name}" for field in fields(Published)]
    columns = ["run", "recipe", "images", "top1_accuracy", *names_in_table_order(), "seconds_per_image", *published]
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    original = {"run": "original", "images": table["images"], **table["original"]}
    writer.writerows(_flat(line) for line in (original, *table["runs"], *table["others"]))
    return text.getvalue()


def _as_markdown(table: dict[str, Any]) -> str:
    metrics = [METRICS.load(name) for name in names_in_table_order()]
    titles = [f"{metric.title} {metric.unit}".rstrip() for metric in metrics]
    lines = [
        f"Classifier {table['classifier']}, {table['images']} photos; {table['skipped']} left out because it gets them "
        "wrong from the start. Measured on the saved files, decoded again. In brackets: the paper's figures, on its own "
        "photos and ResNet50-Places365.",
        "",
        f"| run | recipe | top-1 accuracy | {' | '.join(titles)} | s a photo |",
        "|---" * (4 + len(titles)) + "|",
    ]
    original = {"run": "original", "recipe": "", **table["original"]}
    lines += [_markdown_row(line) for line in (original, *table["runs"], *table["others"])]
    return "\n".join(lines) + "\n"


def _markdown_row(line: dict[str, Any]) -> str:
    paper = line.get("paper", {})
    digits = {name: METRICS.load(name).mean_decimals for name in names_in_table_order()} | {"seconds_per_image": 2}
    accuracy = _cell(line["top1_accuracy"], paper.get("top1_accuracy"), ".2%").replace("%", " %")
    cells = [accuracy, *(_cell(line.get(name), paper.get(name), f".{number}f") for name, number in digits.items())]
    return f"| {line['run']} | {line['recipe']} | {' | '.join(cells)} |"


def _cell(value: float | None, paper: float | None, form: str) -> str:
    """Return the measured figure, and in brackets the paper's where it has one."""
    measured = "-" if value is None else format(value, form)
    return measured if paper is None else f"{measured} ({format(paper, form)})"
