"""A progress bar on stderr: photos a second, time left, counts by status. Nothing if stderr is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .output import Output, is_quiet

if TYPE_CHECKING:
    from ..archive.summary import Summary


@contextmanager
def progress(total: int, output: Output, summary: Summary) -> Iterator[Callable[[dict[str, Any], str], None]]:
    """Show a job's progress while the block runs.

    Parameters
    ----------
    total : int
        Number of photos.
    output : Output
        Where the records go.
    summary : Summary
        The job's counts, read whenever a photo is shown.

    Yields
    ------
    callable
        To be called with each photo's record and its line for people.
    """
    if not sys.stderr.isatty() or is_quiet() or output.on_terminal:
        yield output.photo
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[counts]}"), TimeRemainingColumn())
    # Lines for people go to sys.stderr, which rich prints above the bar.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False, transient=True) as bar:
        task = bar.add_task("", total=total, counts="")

        def show(record: dict[str, Any], line: str) -> None:
            output.photo(record, line)
            rate = f"{sum(summary.counts.values()) / summary.seconds:.2f}/s" if summary.seconds else ""
            counts = " ".join(f"{number} {status}" for status, number in summary.counts.items())
            bar.update(task, advance=1, counts=f"{rate} {counts}")

        yield show
