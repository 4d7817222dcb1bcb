"""``pixelpriv watch``: protect photos as they come into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .job_options import JobOptions, with_job_options
from .lines import line_of
from .options import say_embedded
from .output import Output, guarded, say
from .protect import summed_up

if TYPE_CHECKING:
    from ..archive.job import Job


@guarded
@with_job_options
def watch(
    source: Annotated[Path, typer.Argument(help="The folder to watch.", metavar="IN")],
    out: Annotated[Path, typer.Argument(help="The output folder.", metavar="OUT")],
    options: JobOptions,
    settle: Annotated[
        float, typer.Option(min=0.05, help="Seconds that a file must stay unchanged before it is processed.")
    ] = 2.0,
) -> int:
    """Protect the photos in IN and those that arrive later, until interrupted (exit code 130); see `protect`."""
    from ..archive.job import open_job
    from ..archive.single import names_a_photo
    from ..archive.walk import check_places
    from ..errors import UsageError

    if not source.is_dir():
        raise UsageError(f"{source} is not a folder")
    if names_a_photo(out):
        raise UsageError(f"{out} names one photo, and a folder is watched; give a folder (mkdir {out} makes it one)")
    check_places([source], out)
    output = Output(options.json)
    with open_job(
        options.protector,
        out,
        inputs=[source],
        state=options.state,
        batch=options.batch or 1,  # a photo need not wait until a batch is full
        strict=options.strict,
        resume=options.resume,
        report=options.report is not False,
        default_recipe=options.default_recipe,
    ) as job:
        say_embedded(options.classifier)
        say(f"watching {source}; Ctrl-C ends it")
        with summed_up(job.summary.record):
            _protect_what_settles(job, source, out, options, settle, output)
    return job.summary.exit_code


def _protect_what_settles(
    job: Job, source: Path, out: Path, options: JobOptions, settle: float, output: Output
) -> None:
    """Protect photos as they settle, until an interrupt."""
    from ..archive.report.writing import Redrawing
    from ..archive.watching import watch as settled

    redraw = Redrawing(job.draw, lambda: dict(job.summary.counts))
    found = settled(
        source,
        out,
        options.format_name,
        settle,
        idle=redraw.draw_if_due,
        all_folders=options.all_folders,
        left_out=job.summary.left_out,
    )
    for items in found:
        for record in job.run(items, options.accepted(items)):
            output.photo(record, line_of(record))
            redraw.draw_if_due()
