"""``pixelpriv protect``: write protected copies of photos, and say what was measured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import defaults
from ..errors import PixelPrivError, UsageError
from ..words import ClusterKind
from .job_options import JobOptions, with_job_options
from .lines import closing, line_of, survival_line
from .options import say_embedded, word_of
from .output import Output, guarded, say
from .progress import progress

if TYPE_CHECKING:
    from ..archive.cluster import Cluster
    from ..archive.job import Job
    from ..archive.walk import Item, LeftOut
    from ..protection.protector import Protector


@guarded
@with_job_options
def protect(
    context: typer.Context,
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="Photos or folders, then the output folder; or one photo and the name of its result.",
            metavar="IN... OUT",
        ),
    ],
    options: JobOptions,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would be done, and an estimate of time and size; write nothing."),
    ] = False,
    cluster: Annotated[
        ClusterKind | None,
        typer.Option(
            **word_of("cluster", ClusterKind), help="Protect in --workers processes on the machines of a cluster."
        ),
    ] = None,
) -> int:
    """Protect photos: the folder tree, names and formats are mirrored below OUT; originals are never written to.

    Run again, the command continues where it stopped and redoes what changed.
    """
    from ..archive.job import open_job
    from ..archive.single import names_a_photo
    from ..archive.state import find_state
    from ..archive.walk import LeftOut, plan

    if len(inputs) < 2:
        raise UsageError(f"only {inputs[0]} was given; write: pixelpriv protect IN... OUT")
    *sources, out = inputs
    if names_a_photo(out):
        return _single(context, sources, out, options, dry_run, cluster)
    left_out = LeftOut()
    items = plan(sources, out, options.format_name, all_folders=options.all_folders, left_out=left_out)
    _say_refused(items, left_out)
    _say_labels(items, options)
    output = Output(options.json)
    # All items count, also those that are done, so that a resumed job computes the same bytes.
    batch = min(options.batch or defaults.BATCH, max(1, len(items)))
    if dry_run:
        return _preview(items, out, options, batch, output, left_out, find_state(out, options.state))
    report = options.report if options.report is not None else any(source.is_dir() for source in sources)
    with (
        _workforce(options, cluster) as workforce,
        open_job(
            workforce,
            out,
            inputs=sources,
            state=options.state,
            batch=batch,
            strict=options.strict,
            resume=options.resume,
            report=report,
            default_recipe=options.default_recipe,
        ) as job,
    ):
        job.summary.left_out = left_out
        _run(job, items, output, options)
    _say_passed_over(left_out)
    if job.report is not None:
        say(f"report: {job.report}")
    return job.summary.exit_code


def _is_typed(context: typer.Context, option: str) -> bool:
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def _single(
    context: typer.Context,
    sources: list[Path],
    out: Path,
    options: JobOptions,
    dry_run: bool,
    cluster: ClusterKind | None,
) -> int:
    """Protect one photo into the file ``out``."""
    from ..archive.job import open_single
    from ..archive.single import single_item
    from ..archive.walk import LeftOut
    from ..codecs import format_for

    # What a settings file says is for folders; only what was typed can contradict the name that was typed.
    typed = {name for name in ("format", "report", "state") if _is_typed(context, name)}
    item = single_item(sources, out, options.format_name if "format" in typed else None)
    if "state" in typed or (options.report and "report" in typed):
        raise UsageError("one photo has neither journal nor report; leave --report and --state out, or give a folder")
    _say_labels([item], options)
    options, output = options.in_format(format_for(out)), Output(options.json)
    if dry_run:
        return _preview([item], out.parent, options, 1, output, LeftOut(), None)
    with (
        _workforce(options, cluster) as workforce,
        open_single(workforce, out, strict=options.strict) as job,
    ):
        _run(job, [item], output, options)
    return job.summary.exit_code


def _run(job: Job, items: Sequence[Item], output: Output, options: JobOptions) -> None:
    """Protect photos and show each, then the counts."""
    say_embedded(options.classifier)
    with summed_up(job.summary.record, output), progress(len(items), output, job.summary) as show:
        for record in job.run(items, options.accepted(items)):
            show(record, line_of(record))


@contextmanager
def summed_up(counted: Callable[[], dict[str, Any]], output: Output | None = None) -> Iterator[None]:
    """Say a run's counts when the block ends, also if an interrupt or a full disk ends it.

    Parameters
    ----------
    counted : callable
        Returns the summary as the command line's JSON object.
    output : Output or None
        Where the object is written, too.

    Yields
    ------
    None
        Once.
    """
    failed = False
    try:
        yield
    except PixelPrivError:
        failed = True
        raise
    finally:
        summary = counted()
        if output is not None:
            output.record({"summary": summary})
        if summary["images"] or not failed:  # an error that no photo came before speaks for itself
            say(closing(summary))
            if summary["survival"] is not None:
                say(survival_line(summary["survival"]))
        say(f"ran on {summary['device'] or 'no device'}", logging.INFO)


def _workforce(options: JobOptions, cluster: ClusterKind | None) -> Protector | Cluster:
    """Return what protects the photos; the caller closes it."""
    if cluster is None:
        return options.protector
    from ..archive.cluster import Cluster

    return Cluster(options.make, options.workers, gpu=options.gpu)


def _preview(
    items: Sequence[Item],
    out: Path,
    options: JobOptions,
    batch: int,
    output: Output,
    left_out: LeftOut,
    state: Path | None,
) -> int:
    from ..archive.preview import Preview

    preview = Preview(
        options.protector,
        items,
        out,
        batch,
        options.strict,
        options.resume,
        state,
        left_out,
        options.default_recipe,
        options.accepted(items),
    )
    for record in preview.records():
        done = f" ({record['reason']})" if record["reason"] else ""
        if record["output"] is None:  # told before
            output.record(record)
        else:
            output.photo(record, f"{record['source']} -> {out / record['output']}{done}")
    summary = preview.summary()
    output.record({"summary": summary})
    formats = ", ".join(f"{number} {name}" for name, number in sorted(summary["formats"].items()))
    say(f"{summary['planned']} to protect, {summary['skipped']} done already; {formats}; nothing was written")
    _say_passed_over(left_out)
    if summary["estimate"] is None:
        say("no estimate: there is no earlier run, and the networks are not installed")
    else:
        megabytes = summary["estimated_bytes"] / 1e6
        say(f"about {summary['estimated_seconds']:.0f} s and {megabytes:.1f} MB (from the {summary['estimate']})")
        if summary["estimated_bytes"] > summary["free_bytes"]:
            say(f"only {summary['free_bytes'] / 1e6:.1f} MB are free in {out}")
    return 0


def _say_refused(items: Sequence[Item], left_out: LeftOut) -> None:
    """Name what cannot be protected, before work starts: photos that clash, and folders that cannot be read."""
    for folder in left_out.unreadable:
        say(f"{folder}: the folder cannot be read, so its photos are not protected; allow reading it", logging.ERROR)
    for item in items:
        if item.refused:
            say(f"not protected: {item.refused}", logging.ERROR)


def _say_labels(items: Sequence[Item], options: JobOptions) -> None:
    """Say how many photos the label file does not name. Raises ``UsageError`` if it names none of them."""
    if options.labels is None or not items:
        return
    without = len(items) - len(options.accepted(items))
    if without == len(items):
        named = next(iter(options.labels))
        raise UsageError(f"the label file names none of the photos (it names {named}, there is {items[0].source})")
    if without:
        say(f"{without:,} of {len(items):,} photos have no label; of these the original's top-1 alone is hidden")


def _say_passed_over(left_out: LeftOut) -> None:
    """Say what stands in the inputs and is not a photo that was taken."""
    if left_out.counts:
        say(f"passed over: {'; '.join(left_out.words())}", logging.WARNING)
