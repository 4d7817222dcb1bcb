"""``pixelpriv score``: metrics of single photos."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from . import completion
from .inputs import photos_only
from .options import DeviceOption, JsonOption, ModelsOption, PresetOption, words_of
from .output import Output, guarded, say


@guarded
def score(
    images: Annotated[list[Path], typer.Argument(help="Photos.", metavar="IMAGE...")],
    metrics: Annotated[
        str,
        typer.Option(
            "--metrics", autocompletion=completion.metrics, help="Comma-separated metrics that need no original."
        ),
    ] = "nima",
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    preset: PresetOption = None,
    json: JsonOption = False,
) -> int:
    """Rate photos: NIMA's mean aesthetic rating, 1 to 10."""
    from ..errors import PhotoError
    from ..evaluate.score import score_files

    photos_only(images, "score")
    output, failed = Output(json), 0
    for answer in score_files(images, words_of(metrics), models=models, device=device, preset=preset):
        if output.reader_left:
            break
        if isinstance(answer, PhotoError):
            say(str(answer), logging.ERROR)
            failed += 1
            continue
        shown = "  ".join(f"{name} {value:.3f}" for name, value in answer["metrics"].items())
        output.record(answer, f"{answer['source']}: {shown}")
    return 1 if failed else 0
