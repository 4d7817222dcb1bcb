"""Runs all cases of an experiment and writes the tables and figures."""

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
    """Return the file that limits run 5 to the paper's 60 photos, or None.

    There is one if ``labels`` is the task's own list of 600 photos and the list of 60 stands beside it.
    """
    manual = labels.parent / RUN5_LABELS
    task = labels.name.startswith("MEPP19") and labels.name != RUN5_LABELS
    return manual if task and manual.is_file() else None


def conduct(
    experiment: Experiment, cases: Sequence[ExperimentCase], photos: int, say: Say, complain: Say
) -> tuple[dict[str, Any], bool]:
    """Run the cases; write ``table1.*``, ``recipes.json``, ``figure1.png`` and ``scatter.png``.

    Parameters
    ----------
    experiment : Experiment
        The photos and networks.
    cases : sequence of ExperimentCase
        The recipes to measure, in order.
    photos : int
        Number of photos in ``figure1.png``.
    say : callable
        Called with a line of progress after each case.
    complain : callable
        Called with a line for every photo that fails.

    Returns
    -------
    table : dict
        What ``table1.json`` holds.
    complete : bool
        Whether every photo could be read and measured.
    """
    say(f"{len(experiment.items)} photos; {experiment.skipped} left out, the classifier gets them wrong from the start")
    rows = []
    for case in cases:
        rows.append(experiment.run(case, complain))
        say(f"{case.name} ({case.recipe.word}): accuracy {100 * rows[-1].top1_accuracy:.2f} %")
    table = write_tables(experiment.out, experiment, rows)
    save_recipes(experiment.out / "recipes.json", experiment, cases)
    draw_figure(experiment.out / "figure1.png", experiment, rows, photos)
    draw_scatter(experiment.out / "scatter.png", table)
    return table, not experiment.unreadable and not any(row.failed for row in rows)
