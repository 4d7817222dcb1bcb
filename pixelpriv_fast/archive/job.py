"""One run over an archive: what is planned, protected, written and counted; what is done already is left alone."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..files import sweep
from ..protection.protector import Protector
from .cluster import Cluster
from .history import History, settings_hash, settings_text
from .journal import Journal, journal_file, open_journal
from .report.pictures import Pictures
from .report.writing import notes_on_bytes, write_report
from .rows import Run, Stamp
from .summary import Summary
from .walk import Item
from .writer import Outcome, Writer

#: Finished photos, and their bytes, that may wait for the disk.
_WAITING, _WAITING_BYTES = 32, 256 << 20


@contextmanager
def open_job(
    protector: Protector | Cluster,
    out: Path,
    *,
    batch: int = 16,
    strict: bool = False,
    resume: bool = True,
    report: bool = False,
) -> Iterator[Job]:
    """A job that holds the journal of ``out`` while the block runs. ``resume`` False also sets a damaged journal
    aside. ``report``: draws ``report.html`` at the end, however the block ends.
    Raises what ``Protector`` and ``open_journal`` raise; makes nothing in ``out`` before the networks are loaded.
    """
    protector.load(batch)
    journal = open_journal(out, fresh=not resume)
    try:
        job = Job(protector, out, journal, batch=batch, strict=strict, resume=resume)
        if not report:
            yield job
            return
        job.pictures = Pictures(journal_file(out).parent, job.settings)
        try:
            yield job
        finally:
            job.draw()
            job.pictures.close()
    finally:
        journal.close()


@dataclass(slots=True)
class _Entry:
    """A photo in the order of the input. ``outcome``: known, or still to come."""

    item: Item
    stamp: Stamp
    outcome: Future[Outcome] | Outcome | None


class Job:
    """Protects photos into ``out`` and keeps its journal. ``strict``: a photo that is not protected is not written.
    ``resume``: what the journal calls done, and what is still so, is not done again. Made by ``open_job``."""

    def __init__(
        self,
        protector: Protector | Cluster,
        out: Path,
        journal: Journal,
        *,
        batch: int = 16,
        strict: bool = False,
        resume: bool = True,
    ) -> None:
        self.protector = protector
        self.out = out
        self.batch = batch
        self.summary = Summary(protector.device)
        self._journal = journal
        self.report: Path | None = None  #: where the report was written
        self.pictures: Pictures | None = None  #: keeps what a report shows, where there is to be one
        parameters = settings_text(protector.settings())
        self.settings = settings = settings_hash(parameters)
        self._run = Run(0.0, settings, parameters, self.summary.device)
        self._history = History(journal, out, settings, strict=strict, resume=resume)
        self._writer = Writer(journal, out, settings, strict=strict)

    def run(self, items: Sequence[Item]) -> Iterator[dict[str, Any]]:
        """Protects ``items`` and writes each result; yields one record a photo, in order, and keeps ``summary`` up to
        date. What a yielded record says is on the disk. Raises ``StorageError`` when the folder takes no more: what is
        written by then is whole, and the next run goes on from there."""
        self._run = replace(self._run, started=time.time(), photos=0, source_bytes=0, output_bytes=0)
        before, begin = self.summary.seconds, time.perf_counter()
        sweep(self.out)
        self._writer.foreign |= self._history.plan(items)
        with ThreadPoolExecutor(1, thread_name_prefix="pixelpriv-disk") as disk:
            for entry, outcome in self._outcomes(items, disk):
                self.summary.seconds = before + time.perf_counter() - begin
                yield self._counted(entry, outcome)
        self.summary.seconds = before + time.perf_counter() - begin
        self._journal.add_run(replace(self._run, seconds=time.perf_counter() - begin))

    def _outcomes(self, items: Sequence[Item], disk: ThreadPoolExecutor) -> Iterator[tuple[_Entry, Outcome]]:
        order: deque[_Entry] = deque()  # from the first photo whose outcome was not handed out to the last one begun
        begun = self._begin(items, order)
        results = self.protector.stream(begun, batch=self.batch, encode=True, skip=self._history, look=self.pictures)
        for result in results:
            entry = next(entry for entry in order if entry.outcome is None)
            entry.outcome = self._writer.submit(disk, entry.item, entry.stamp, result)
            while order and self._must_go(order):
                yield _handed_out(order.popleft())
        while order:
            yield _handed_out(order.popleft())

    def draw(self) -> None:
        """Writes the report of what is done by now, where there is to be one."""
        if self.pictures is None:
            return
        self.report = write_report(self.out, self._journal, self.pictures, self.summary, self.notes())

    def notes(self) -> list[str]:
        """What the report says of equal bytes."""
        return notes_on_bytes(self.summary.device, repeatable=self.protector.repeatable, batch=self.batch)

    def _begin(self, items: Sequence[Item], order: deque[_Entry]) -> Iterator[Item]:
        """The photos that are not done, as they are asked for; ``order`` gets all of them."""
        for item in items:
            stamp = Stamp.of(item.path)
            row = self._history.done(item, stamp)
            order.append(_Entry(item, stamp or Stamp(), Outcome(row, before=True) if row is not None else None))
            if row is None:
                yield item

    def _must_go(self, order: deque[_Entry]) -> bool:
        """Whether the first in order can be handed out, or holds up too much."""
        outcome = order[0].outcome
        if not isinstance(outcome, Future):
            return outcome is not None
        waiting = sum(isinstance(entry.outcome, Future) for entry in order)
        return outcome.done() or waiting > _WAITING or self._writer.unwritten > _WAITING_BYTES

    def _counted(self, entry: _Entry, outcome: Outcome) -> dict[str, Any]:
        """The record of a photo, counted."""
        row, record = outcome.row, outcome.row.evidence
        if outcome.before:
            record |= {"status": "skipped", "reason": f"done already: {row.status}"}
            self.summary.unprotected_before += row.status == "unprotected"
        elif row.status in ("protected", "unprotected"):
            self._run = replace(
                self._run,
                photos=self._run.photos + 1,
                source_bytes=self._run.source_bytes + max(0, entry.stamp.size),
                output_bytes=self._run.output_bytes + max(0, row.output_size),
            )
        self.summary.counts[record["status"]] += 1
        return record


def _handed_out(entry: _Entry) -> tuple[_Entry, Outcome]:
    outcome = entry.outcome.result() if isinstance(entry.outcome, Future) else entry.outcome
    if outcome is None:
        raise RuntimeError(f"{entry.item.source}: the stream ended without its result")
    return entry, outcome
