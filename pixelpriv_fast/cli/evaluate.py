"""``pixelpriv evaluate``: accuracy and quality of protected files, the columns of the paper's Table 1."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Annotated, Any

import typer

from ..registry import METRICS
from . import completion
from .options import (
    ClassifierOption,
    DeviceOption,
    JsonOption,
    ModelsOption,
    PresetOption,
    classifiers_or_default,
    say_embedded,
    words_of,
)
from .output import Output, guarded, say

_SHOWN = 10


@guarded
def evaluate(
    originals: Annotated[Path, typer.Argument(help="Folder of the original photos.", metavar="ORIGINALS")],
    protected: Annotated[Path, typer.Argument(help="Folder of their protected files.", metavar="PROTECTED")],
    labels: Annotated[Path, typer.Option("--labels", help="CSV of file,index for every original.")],
    classifier: ClassifierOption = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            autocompletion=completion.metrics,
            help=f"Comma-separated, of {','.join(METRICS)}. Default: the usual ones whose network is installed.",
        ),
    ] = None,
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    preset: PresetOption = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Also write a table of all photos to this CSV file.")
    ] = None,
    survival: Annotated[
        bool,
        typer.Option("--survival", help="Also measure what is still read after sharing: `pixelpriv list panels`."),
    ] = False,
    json: JsonOption = False,
) -> int:
    """Measure protected files, decoded again: the classifier's accuracy on them, and how good they look."""
    from ..errors import PhotoError, UsageError
    from ..evaluate import prepare, survival_lines

    names = classifiers_or_default(classifier)
    if len(names) > 1:
        raise UsageError(f"evaluate measures one classifier at a time, not {', '.join(names)}")
    say_embedded(classifier)
    output = Output(json)
    wanted = None if metrics is None else words_of(metrics)
    run = prepare(
        originals,
        protected,
        labels,
        classifier=names[0],
        metrics=wanted,
        models=models,
        device=device,
        preset=preset,
        survival=survival,
    )
    _say_what_is_left_out(run.missing, run.unavailable, protected)
    with run.table(csv) if csv else contextlib.nullcontext() as table:
        for row in run.rows():
            if isinstance(row, PhotoError):
                say(str(row), logging.ERROR)
            elif table is not None:
                table.add(row)
    record = run.record()
    output.record(record, *_lines(record), *(survival_lines(record["survival"]) if survival else ()))
    return 1 if run.failed or run.missing else 0


def _say_what_is_left_out(missing: Any, unavailable: Any, protected: Path) -> None:
    for name in missing[:_SHOWN]:
        say(f"{name}: no protected file below {protected}; not measured", logging.ERROR)
    if len(missing) > _SHOWN:
        say(f"... and {len(missing) - _SHOWN} more without a protected file", logging.ERROR)
    for name in unavailable:
        say(f"{name} is not measured: its network is not in the store; see pixelpriv models list", logging.WARNING)


def _lines(record: dict[str, Any]) -> list[str]:
    """Return the sums for people: a line for the originals, a line for the protected files."""
    lines = [f"{record['images']} photos, {record['classifier']}: top-1, top-5 accuracy and mean metrics"]
    for name, side in (("original", record["original"]), ("protected", record)):
        accuracy = [side[f"top{k}_accuracy"] for k in (1, 5)]
        cells = ["      -" if share is None else f"{share:7.2%}" for share in accuracy]
        cells += [f"{word} {'-' if value is None else format(value, '.4g')}" for word, value in side["metrics"].items()]
        lines.append(f"{name:10} {'  '.join(cells)}")
    return lines
