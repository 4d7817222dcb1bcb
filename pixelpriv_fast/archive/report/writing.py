"""From the journal to ``report.html`` in the state folder; a failure is logged and does not stop the job."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...files import PRIVATE, write_atomic
from ..journal import Journal
from ..summary import Summary
from .pictures import Pictures
from .rendering import MAX_ROWS, ORDER, ReportRow, render

_LOG = logging.getLogger(__name__)

#: The name of the page.
REPORT = "report.html"

_MARK = b'<meta name="generator" content="pixelpriv">'
_HEAD = 1024  #: bytes that the mark stands in


def write_report(
    folder: Path, out: Path, journal: Journal, pictures: Pictures, summary: Summary, notes: Sequence[str] = ()
) -> Path | None:
    """Draw what the journal says of all photos.

    Parameters
    ----------
    folder : Path
        The state folder, where it is written for the user alone: it shows the originals.
    out : Path
        The output folder, which it links to.
    journal : Journal
        The open journal.
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
        facts = {**of_all, "seconds": summary.seconds, "device": summary.device}
        target = folder / REPORT
        write_atomic(target, render(rows, facts, notes, links=_link(folder, out)), PRIVATE)
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


def _link(folder: Path, out: Path) -> str:
    """Return the output folder's URL as the page writes it: relative where both may be moved together."""
    if folder.parent == out.parent:
        return f"../{quote(os.fsencode(out.name))}/"
    return f"file://{quote(os.fsencode(out.absolute().as_posix()))}/"


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
