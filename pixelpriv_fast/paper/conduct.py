"""All the cases of an experiment, one after the other, and everything that is written about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cases import ExperimentCase
from .experiment import Experiment, Say, save_recipes
from .figure import draw_figure, draw_scatter
from .tables import write_tables

#: The task's 60 photos that the paper's run 5 was measured on.
RUN5_LABELS = "MEPP19test_manual.csv"


def run5_labels(labels: Path) -> Path | None:
    """The file that limits run 5 as in the paper: there where ``labels`` is the task's own list of 600 photos and
    the list of 60 stands beside it.
    """
    manual = labels.parent / RUN5_LABELS
    task = labels.name.startswith("MEPP19") and labels.name != RUN5_LABELS
    return manual if task and manual.is_file() else None


def conduct(
    experiment: Experiment, cases: Sequence[ExperimentCase], photos: int, say: Say
) -> tuple[dict[str, Any], bool]:
    """Runs ``cases`` and writes ``table1.*``, ``recipes.json``, ``figure1.png`` (with ``photos`` photos) and
    ``scatter.png``. Returns the table, and whether every photo could be read and measured.
    """
    say(f"{len(experiment.items)} photos; {experiment.skipped} left out, the classifier gets them wrong from the start")
    rows = []
    for case in cases:
        rows.append(experiment.run(case, say))
        say(f"{case.name} ({case.recipe.word}): accuracy {100 * rows[-1].top1_accuracy:.2f} %")
    table = write_tables(experiment.out, experiment, rows)
    save_recipes(experiment.out / "recipes.json", experiment, cases)
    draw_figure(experiment.out / "figure1.png", experiment, rows, photos)
    draw_scatter(experiment.out / "scatter.png", table)
    return table, not experiment.unreadable and not any(row.failed for row in rows)
