"""``figure1.png``, the paper's Figure 1: photos by runs with their top-5; and ``scatter.png``, accuracy against NIMA."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..codecs import Limits
from ..codecs.sources import load
from ..codecs.transparency import shown
from ..errors import ModelError
from ..files import write_atomic
from ..models import Classifier
from ..types import Pixels
from .cases import ExperimentCase
from .experiment import CaseResult, Experiment
from .published import ORIGINALS, PUBLISHED

_LABEL = 24  #: characters of a class name that fit under a picture


def draw_figure(path: Path, experiment: Experiment, rows: Sequence[CaseResult], photos: int = 3) -> None:
    """Draw photos, one a line: the original, then each run, with the top-5 under each picture.

    Only photos that every run wrote are drawn. Nothing is drawn if there is none, or no run was done.

    Parameters
    ----------
    path : Path
        The PNG file.
    experiment : Experiment
        The photos and the classifier.
    rows : sequence of CaseResult
        What was run.
    photos : int
        Number of photos.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    runs = [row for row in rows if not row.case.extra]
    names = _shown(experiment, runs, photos)
    if not names or not runs:
        return
    outputs = {item.source: (item.path, item.output) for item in experiment.items}
    shapes = [load(outputs[name][0], Limits()).pixels.shape for name in names]
    heights = [2.8 * height / width + 1.1 for height, width, _ in shapes]  # inches: the picture and five lines of text
    columns = [("original", None), *((_title(row.case), row.case.name) for row in runs)]
    figure = _figure(3.0 * len(columns), sum(heights) + 0.3)
    axes = figure.subplots(len(names), len(columns), squeeze=False, height_ratios=heights)
    for line, name in enumerate(names):
        original, output = outputs[name]
        for column, (title, folder) in enumerate(columns):
            file = original if folder is None else experiment.out / folder / output
            pixels = shown(load(file, Limits()))
            _picture(axes[line][column], pixels, title if line == 0 else "", experiment.classifier)
    _write(figure, path)


def draw_scatter(path: Path, table: dict[str, Any]) -> None:
    """Draw accuracy (lower is better) against NIMA (higher is better): measured, and the paper's own points.

    Parameters
    ----------
    path : Path
        The PNG file.
    table : dict
        What ``table1.json`` holds.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    figure = _figure(7, 5)
    axis = figure.subplots()
    points = [("original", table["original"], ORIGINALS)]
    points += [
        (f"run {line['run']}", line, PUBLISHED[line["run"]]) for line in table["runs"] if line["run"] is not None
    ]
    for label, line, published in points:
        axis.scatter(100 * published.top1_accuracy, published.nima, marker="x", color="grey")
        if line["nima"] is None:
            continue
        axis.scatter(100 * line["top1_accuracy"], line["nima"], color="tab:blue")
        axis.annotate(label, (100 * line["top1_accuracy"], line["nima"]), textcoords="offset points", xytext=(5, 4))
    beside = [(line["recipe"], line, "tab:green", 36, 8) for line in table["runs"] if line["run"] is None]
    beside += [(line["run"], line, "tab:orange", 14, 6) for line in table["others"]]
    for label, line, colour, size, letters in beside:
        if line["nima"] is not None:
            axis.scatter(100 * line["top1_accuracy"], line["nima"], color=colour, s=size)
            place = (100 * line["top1_accuracy"], line["nima"])
            axis.annotate(label, place, textcoords="offset points", xytext=(5, 4), fontsize=letters)
    axis.set_xlabel(f"top-1 accuracy of {table['classifier']} in % (lower is better)")
    axis.set_ylabel("mean NIMA score (higher is better)")
    axis.set_title(
        "blue: measured; green: other recipes; orange: ablations and sweeps; grey crosses: the paper's figures",
        fontsize=9,
    )
    _write(figure, path)


def _title(case: ExperimentCase) -> str:
    return textwrap.fill(case.recipe.word, 40) if case.run is None else f"run {case.run}: {case.recipe.names}"


def _shown(experiment: Experiment, runs: Sequence[CaseResult], count: int) -> list[str]:
    """Return up to ``count`` photos, evenly spread, that every run wrote."""
    folders = [experiment.out / row.case.name for row in runs]
    there = [i.source for i in experiment.items if all((folder / i.output).is_file() for folder in folders)]
    step = max(1, len(there) // count)
    return there[step // 2 :: step][:count]


def _picture(axis: Any, pixels: Pixels, title: str, classifier: Classifier) -> None:
    axis.imshow(pixels, aspect="equal", interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    if title:
        axis.set_title(title, fontsize=9)
    top5 = classifier.predictions(classifier([pixels]))[0].top5
    lines = [f"{label[:_LABEL]:<{_LABEL}} {probability:.3f}" for label, probability in top5]
    axis.set_xlabel("\n".join(lines), fontsize=7, family="monospace", loc="left")


def _figure(width: float, height: float) -> Any:
    """Return a new figure of this size in inches; it needs no display and no global state."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ModelError(f'figures need matplotlib: pip install "pixelpriv-fast[full]" ({error})') from error
    return Figure(figsize=(width, height), layout="tight")


def _write(figure: Any, path: Path) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_atomic(path, buffer.getvalue())
