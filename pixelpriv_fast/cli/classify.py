"""``pixelpriv classify``: the classes that a classifier sees in photos."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from .inputs import photos_only
from .options import ClassifierOption, DeviceOption, JsonOption, ModelsOption, classifiers_or_default, say_embedded
from .output import Output, guarded, say


@guarded
def classify(
    images: Annotated[list[Path], typer.Argument(help="Photos.", metavar="IMAGE...")],
    classifier: ClassifierOption = None,
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    top: Annotated[int, typer.Option("--top", min=1, help="Number of classes to show.")] = 5,
    json: JsonOption = False,
) -> int:
    """Classify photos: print the most probable classes of each."""
    from ..errors import PhotoError
    from ..evaluate.classify import classify_files

    photos_only(images, "classify")
    output, failed = Output(json), 0
    names = classifiers_or_default(classifier)
    say_embedded(classifier)
    for answer in classify_files(images, names, models=models, device=device, top=top):
        if output.reader_left:
            break
        if isinstance(answer, PhotoError):
            say(str(answer), logging.ERROR)
            failed += 1
            continue
        shown = "  ".join(f"{label} {probability:.3f}" for label, probability in answer["top"])
        output.record(
            answer, f"{answer['source']}: {shown}" + (f"  [{answer['classifier']}]" if len(names) > 1 else "")
        )
    return 1 if failed else 0
