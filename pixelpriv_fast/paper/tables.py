"""``table1.json``, ``table1.csv`` and ``table1.md``: what was measured, next to what the paper says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files import write_atomic
from .experiment import CaseResult, Experiment
from .published import ORIGINALS, PUBLISHED

_COLUMNS = (
    "run", "recipe", "images", "top1_accuracy", "nima", "psnr", "ssim", "seconds_per_image",
    "paper_top1_accuracy", "paper_nima",
)  # fmt: skip


def write_tables(folder: Path, experiment: Experiment, rows: Sequence[CaseResult]) -> dict[str, Any]:
    """Writes the three files into ``folder`` and returns what ``table1.json`` holds."""
    table = as_record(experiment, rows)
    write_atomic(folder / "table1.json", (json.dumps(table, indent=2) + "\n").encode())
    write_atomic(folder / "table1.csv", _as_csv(table).encode())
    write_atomic(folder / "table1.md", _as_markdown(table).encode())
    return table


def as_record(experiment: Experiment, rows: Sequence[CaseResult]) -> dict[str, Any]:
    """``{classifier, images, skipped, original, runs, ...}``; rows that are none of the paper's runs under ``others``."""
    widest = max(rows, key=lambda row: row.images).original
    return {
        "classifier": experiment.classifier.name,
        "images": len(experiment.items),
        "skipped": experiment.skipped,
        "unreadable": experiment.unreadable,
        "original": {
            "top1_accuracy": widest["top1_accuracy"],
            "nima": widest["metrics"].get("nima"),
            "paper": {"top1_accuracy": ORIGINALS.top1_accuracy, "nima": ORIGINALS.nima},
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
        **{name: row.metrics.get(name) for name in ("nima", "psnr", "ssim")},
        "seconds_per_image": round(row.seconds_per_image, 4),
    }
    if row.case.run is not None:
        published = PUBLISHED[row.case.run]
        line["paper"] = {"top1_accuracy": published.top1_accuracy, "nima": published.nima}
    return line


def _flat(line: dict[str, Any]) -> dict[str, Any]:
    paper = line.get("paper", {})
    return line | {"paper_top1_accuracy": paper.get("top1_accuracy"), "paper_nima": paper.get("nima")}


def _as_csv(table: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    original = {"run": "original", "images": table["images"], **table["original"]}
    writer.writerows(_flat(line) for line in (original, *table["runs"], *table["others"]))
    return text.getvalue()


def _as_markdown(table: dict[str, Any]) -> str:
    lines = [
        f"Classifier {table['classifier']}, {table['images']} photos; {table['skipped']} left out because it gets them "
        "wrong from the start. Measured on the saved files, decoded again. In brackets: the paper's figures, on its own "
        "photos and ResNet50-Places365.",
        "",
        "| run | recipe | top-1 accuracy | NIMA | PSNR dB | SSIM | s a photo |",
        "|---|---|---|---|---|---|---|",
    ]
    original = {"run": "original", "recipe": "", **table["original"]}
    lines += [_markdown_row(line) for line in (original, *table["runs"], *table["others"])]
    return "\n".join(lines) + "\n"


def _markdown_row(line: dict[str, Any]) -> str:
    paper = line.get("paper", {})
    accuracy = _figure(line["top1_accuracy"], paper.get("top1_accuracy"), lambda v: f"{100 * v:.2f} %")
    nima = _figure(line.get("nima"), paper.get("nima"), lambda v: f"{v:.2f}")
    rest = (
        _figure(line.get(name), None, lambda v, d=digits: f"{v:.{d}f}")
        for name, digits in (("psnr", 1), ("ssim", 3), ("seconds_per_image", 2))
    )
    return f"| {line['run']} | {line['recipe']} | {accuracy} | {nima} | {' | '.join(rest)} |"


def _figure(value: float | None, paper: float | None, show: Any) -> str:
    measured = "-" if value is None else show(value)
    return measured if paper is None else f"{measured} ({show(paper)})"
