"""``pixelpriv verify``: check an output folder again, without the originals."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from ..files import STATE_SUFFIX
from .options import ClassifierOption, DeviceOption, JsonOption, ModelsOption
from .output import Output, guarded, say
from .protect import closing, line_of

_SHOWN = 10


@guarded
def verify(
    out: Annotated[Path, typer.Argument(help="The output folder of `pixelpriv protect`.", metavar="OUT")],
    classifier: ClassifierOption = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help=f"Folder of the journal. Default: OUT{STATE_SUFFIX}, beside OUT."),
    ] = None,
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> int:
    """Check every protected file again: that it is there, is unchanged and still fools the classifier.

    Without --classifier, all classifiers are asked that the photos were protected from.
    """
    from ..archive.verify import Verification

    names = [name for word in classifier or () for name in word.split(",") if name]
    verification = Verification(out, names, state=state, models=models, device=device)
    output, start = Output(json), time.perf_counter()
    for record in verification.records():
        output.record(record, line_of(record))
    verification.summary.seconds = time.perf_counter() - start
    unknown = verification.unknown_files()
    for path in unknown[:_SHOWN]:
        say(f"{path}: not part of this archive")
    if len(unknown) > _SHOWN:
        say(f"... and {len(unknown) - _SHOWN} more files that are not part of this archive")
    summary = verification.summary.record() | {"unknown": len(unknown)}
    output.record({"summary": summary})
    say(closing(summary))
    return verification.summary.exit_code
