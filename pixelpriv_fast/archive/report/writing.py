"""From the journal to ``OUT/report.html``. Never overwrites foreign files; a failure is logged and does not stop the job."""

from __future__ import annotations

import itertools
import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...files import write_atomic
from ..journal import Journal
from ..summary import Summary
from .pictures import Pictures
from .rendering import MAX_ROWS, ORDER, ReportRow, render

_LOG = logging.getLogger(__name__)

_MARK = b'<meta name="generator" content="pixelpriv">'
_HEAD = 1024  #: bytes that the mark stands in


def write_report(
    out: Path, journal: Journal, pictures: Pictures, summary: Summary, notes: Sequence[str] = ()
) -> Path | None:
    """Draw what the journal says of all photos.

    Parameters
    ----------
    out : Path
        The output folder.
    journal : Journal
        Its open journal.
    pictures : Pictures
        What the report shows.
    summary : Summary
        The last run.
    notes : sequence of str
        Sentences about that run.

    Returns
    -------
    Path or None
        Where the report was written; None, with a warning, if that failed: the photos are safe without it.
    """
    try:
        rows = [ReportRow(row.record, pictures.of(row)) for row in journal.first(ORDER, MAX_ROWS)]
        of_all = {status: number for status, number in journal.counts().items() if status in ORDER}
        page = render(rows, {**of_all, "seconds": summary.seconds, "device": summary.device}, notes)
        target = place(out)
        write_atomic(target, page)
    except Exception as error:  # noqa: BLE001 - whatever it is, the job itself went well
        _LOG.warning("no report: %s", error)
        return None
    return target


#: Seconds from one report of a job without an end to the next, and how many times as long as drawing one takes.
_PAUSE, _PAUSE_SHARES = 10.0, 20.0


@dataclass(slots=True)
class Redrawing:
    """Draws a report again once there is something new, but not so often that photos would wait for it.

    Attributes
    ----------
    draw : callable
        Draws the report.
    state : callable
        Returns a value that is equal as long as there is nothing new.
    clock : callable
        Returns seconds; a monotonic clock.
    """

    draw: Callable[[], None]
    state: Callable[[], object]
    clock: Callable[[], float] = time.monotonic
    _drawn: object = None
    _next: float = -math.inf

    def __post_init__(self) -> None:
        self._drawn = self.state()

    def draw_if_due(self) -> None:
        """Draw if there is something new and time enough has passed; to be called now and then."""
        begin, state = self.clock(), self.state()
        if begin < self._next or state == self._drawn:
            return
        self.draw()
        self._drawn, end = state, self.clock()
        self._next = end + max(_PAUSE, _PAUSE_SHARES * (end - begin))


def place(out: Path) -> Path:
    """Return ``report.html``, or the first ``report-N.html`` if something else than a report stands there.

    A photo's result may have that name; photos are written before.
    """
    names = itertools.chain(["report.html"], (f"report-{number}.html" for number in itertools.count(2)))
    return next(path for path in map(out.joinpath, names) if not os.path.lexists(path) or is_report(path))


def is_report(path: Path) -> bool:
    """Return whether the file is a report that this library wrote."""
    if path.suffix != ".html" or path.is_symlink() or not path.is_file():
        return False
    try:
        with open(path, "rb") as file:
            return _MARK in file.read(_HEAD)
    except OSError:
        return False


def notes_on_bytes(device: str, *, repeatable: bool, batch: int) -> list[str]:
    """Say what a run promises of equal bytes.

    Parameters
    ----------
    device : str
        What really ran.
    repeatable : bool
        See ``Protector.repeatable``.
    batch : int
        Number of photos at a time; 1 is what --deterministic asks for.

    Returns
    -------
    list of str
        Sentences for the report.
    """
    if batch > 1 and repeatable:
        return [f"Attacked {batch} at a time in batches of a fixed size: no file depends on the other photos."]
    if batch > 1:
        return [
            f"Attacked {batch} at a time on {device}, which cannot promise that a photo gives the same bytes again beside "
            "other photos; --deterministic takes one photo at a time."
        ]
    alone = "One photo at a time (--deterministic)"
    if repeatable:
        return [f"{alone}: a file depends on its photo and the settings alone."]
    return [f"{alone}, because {device} cannot promise that a photo gives the same bytes beside other photos."]
