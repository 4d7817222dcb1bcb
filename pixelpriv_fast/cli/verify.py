"""``pixelpriv verify``: check an output folder again, without the originals."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ..files import STATE_SUFFIX
from .lines import line_of
from .options import ClassifierOption, DeviceOption, JsonOption, ModelsOption
from .output import Output, guarded, say
from .protect import summed_up

_SHOWN = 10


@guarded
def verify(
    out: Annotated[Path, typer.Argument(help="The output folder of `pixelpriv protect`.", metavar="OUT")],
    classifier: ClassifierOption = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help=f"Folder of the journal. Default: OUT{STATE_SUFFIX}, beside OUT."),
    ] = None,
    survival: Annotated[
        bool,
        typer.Option(
            "--survival",
            help="Also measure what the files are still protected after, see `protect`; takes the originals.",
        ),
    ] = False,
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> int:
    """Check every protected file again: that it is there, is unchanged and still fools the classifier.

    Without --classifier, all classifiers are asked that the photos were protected from.
    """
    from ..archive.verify import Verification

    names = [name for word in classifier or () for name in word.split(",") if name]
    verification = Verification(out, names, state=state, models=models, device=device, survival=survival)
    output, start, unknown = Output(json), time.perf_counter(), list[Path]()

    def counted() -> dict[str, Any]:
        verification.summary.seconds = time.perf_counter() - start
        return verification.summary.record() | {"unknown": len(unknown)}

    with summed_up(counted, output):
        for record in verification.records():
            output.photo(record, line_of(record))
        unknown += verification.unknown_files()
    for path in unknown[:_SHOWN]:
        say(f"{path}: not part of this archive", logging.WARNING)
    if len(unknown) > _SHOWN:
        say(f"... and {len(unknown) - _SHOWN} more files that are not part of this archive", logging.WARNING)
    return verification.summary.exit_code
