"""``pixelpriv watch``: photos are protected as they come into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .job_options import JobOptions, with_job_options
from .output import Output, guarded, say
from .protect import evidence


@guarded
@with_job_options
def watch(
    source: Annotated[Path, typer.Argument(help="The folder to watch.", metavar="IN")],
    out: Annotated[Path, typer.Argument(help="The output folder.", metavar="OUT")],
    options: JobOptions,
    settle: Annotated[
        float, typer.Option(min=0.05, help="Seconds that a file must stay as it is before it is taken.")
    ] = 2.0,
) -> int:
    """Protects what is in IN and whatever comes into it, until it is interrupted (exit code 130); see `protect`."""
    from ..archive.job import open_job
    from ..archive.report.writing import Redrawing
    from ..archive.walk import check_places
    from ..archive.watching import watch as settled
    from ..errors import UsageError

    if not source.is_dir():
        raise UsageError(f"{source} is no folder to watch")
    check_places([source], out)
    output = Output(options.json)
    with open_job(
        options.protector,
        out,
        batch=options.batch or 1,  # a pass costs the same however few of its slots the next photos fill
        strict=options.strict,
        resume=options.resume,
        report=options.report is not False,
    ) as job:
        say(f"watching {source}; Ctrl-C ends it")
        redraw = Redrawing(job.draw, lambda: dict(job.summary.counts))
        for items in settled(source, out, options.format_name, settle, idle=redraw):
            for record in job.run(items):
                output.record(record, evidence(record))
                redraw()
    return job.summary.exit_code
