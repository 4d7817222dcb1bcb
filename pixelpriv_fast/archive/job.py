"""One run over an archive: what is planned, protected, written and counted; what is done already is left alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..defaults import BATCH
from ..files import sweep
from .former_default import check_default
from .history import History, settings_hash, settings_text
from .journal import IN_MEMORY, Journal
from .journal_file import open_journal
from .photo import ArchivePhoto
from .pipeline import archive_steps
from .report.pictures import Pictures
from .report.writing import notes_on_bytes, write_report
from .rows import JobRun
from .state import claim_output, claim_state
from .summary import Summary
from .walk import Item
from .workforce import Workforce
from .writer import Writer


@contextmanager
def open_job(
    workforce: Workforce,
    out: Path,
    *,
    inputs: Sequence[Path] = (),
    state: Path | None = None,
    batch: int = BATCH,
    strict: bool = False,
    resume: bool = True,
    report: bool = False,
    default_recipe: bool = False,
) -> Iterator[Job]:
    """Make a job that holds the journal of the output folder while the block runs.

    Nothing is made before the networks are loaded.

    Parameters
    ----------
    workforce : Workforce
        Protects the photos: a ``Protector`` or a ``Cluster``.
    out : Path
        The output folder.
    inputs : sequence of Path
        The photos and folders that were given; a new output folder is not open to more people than these folders.
    state : Path or None
        The folder of journal and report; None for the one beside ``out``, see ``state.claim_state``.
    batch : int
        Number of photos at a time, 1 or more.
    strict : bool
        Whether photos that are not protected are not written.
    resume : bool
        Whether what the journal calls done, and still is, is not done again; False also sets a damaged journal aside.
    report : bool
        Whether ``report.html`` is drawn at the end, however the block ends.
    default_recipe : bool
        Whether nobody named the recipe, so that photos may have been protected with the default of an earlier release.

    Yields
    ------
    Job
        The job.

    Raises
    ------
    JournalError, StorageError, UsageError
        See ``state.claim_output``, ``state.claim_state`` and ``journal.open_journal``.
    """
    workforce.load(batch)
    out = claim_output(out, inputs)
    folder = claim_state(out, state)
    with closing(open_journal(folder, fresh=not resume)) as journal:
        journal.bind(out, alone=state is not None)
        for place in (out, folder):
            sweep(place)
        reporting = folder if report else None
        job = Job(
            workforce,
            out,
            journal,
            batch=batch,
            strict=strict,
            resume=resume,
            report=reporting,
            default_recipe=default_recipe,
        )
        with closing(job):
            yield job


@contextmanager
def open_single(workforce: Workforce, target: Path, *, strict: bool = False) -> Iterator[Job]:
    """Make a job for one photo, whose result is the file ``target``: without journal and report.

    Parameters
    ----------
    workforce : Workforce
        Protects the photo.
    target : Path
        The file; nothing that stands there is replaced.
    strict : bool
        Whether it is not written if it is not protected.

    Yields
    ------
    Job
        The job; the output of its item is the file's name.
    """
    workforce.load(1)
    with closing(Journal(IN_MEMORY)) as journal:
        yield Job(workforce, target.parent, journal, batch=1, strict=strict, replace=False)


class Job:
    """Protects photos into the output folder and keeps its journal. Made by ``open_job``.

    Parameters
    ----------
    workforce : Workforce
        Protects the photos.
    out : Path
        The output folder.
    journal : Journal
        Its open journal.
    batch : int
        Number of photos at a time, 1 or more.
    strict : bool
        Whether photos that are not protected are not written.
    resume : bool
        Whether what the journal calls done, and still is, is not done again.
    report : Path or None
        The folder of the report and its pictures; None for no report.
    replace : bool
        Whether results that an earlier run wrote are replaced.
    default_recipe : bool
        Whether nobody named the recipe.
    """

    def __init__(
        self,
        workforce: Workforce,
        out: Path,
        journal: Journal,
        *,
        batch: int = BATCH,
        strict: bool = False,
        resume: bool = True,
        report: Path | None = None,
        replace: bool = True,
        default_recipe: bool = False,
    ) -> None:
        self.out = out
        self.batch = batch
        self.summary = Summary(workforce.device)
        self.report: Path | None = None  #: where the report was written
        self._workforce = workforce
        self._journal = journal
        parameters = settings_text(workforce.settings())
        settings = settings_hash(parameters)
        self._run = JobRun(0.0, settings, parameters, self.summary.device)
        self._history = History(journal, out, settings, strict=strict, resume=resume)
        self._writer = Writer(journal, out, settings, strict=strict, replace=replace)
        self._reporting = report
        self._default_recipe = default_recipe
        self._pictures = Pictures(report, settings) if report is not None else None
        self.steps = archive_steps(workforce.steps(batch), self._history, self._pictures, self._writer)

    def run(self, items: Sequence[Item], labels: Mapping[str, Sequence[int]] | None = None) -> Iterator[dict[str, Any]]:
        """Protect photos and write each result; ``summary`` is kept up to date.

        Parameters
        ----------
        items : sequence of Item
            The photos.
        labels : mapping of str to sequence of int, or None
            The accepted classes by the photos' ``source``, where they are known.

        Yields
        ------
        dict
            One record a photo, in order. What a yielded record says is on the disk.

        Raises
        ------
        StorageError
            If the disk or folder takes no more: what is written by then is whole, and the next run goes on from there.
        UsageError
            If nobody named the recipe and photos were protected with a former default, see ``former_default``.
        """
        if self._default_recipe:
            check_default(self._journal, items, self.out)
        self._run = replace(self._run, started=time.time(), photos=0, source_bytes=0, output_bytes=0)
        before, begin = self.summary.seconds, time.perf_counter()
        self._writer.foreign |= self._history.plan(items)
        for photo in self._workforce.run(self._entered(items, labels or {}), self.steps, self.batch):
            self.summary.seconds = before + time.perf_counter() - begin
            yield self._counted(photo)
        self.summary.seconds = before + time.perf_counter() - begin
        self._journal.add_run(replace(self._run, seconds=time.perf_counter() - begin))

    def draw(self) -> None:
        """Write the report of what is done by now, if there is to be one."""
        if self._pictures is not None and self._reporting is not None:
            self.report = write_report(
                self._reporting, self.out, self._journal, self._pictures, self.summary, self.notes()
            )

    def notes(self) -> list[str]:
        """Return what the report says of files that were passed over, and of equal bytes."""
        passed_over = [f"Passed over: {words}." for words in self.summary.left_out.words()]
        return passed_over + notes_on_bytes(
            self.summary.device, repeatable=self._workforce.repeatable, batch=self.batch
        )

    def close(self) -> None:
        """Draw the report, if there is to be one, and close its pictures."""
        self.draw()
        if self._pictures is not None:
            self._pictures.close()

    def _entered(self, items: Sequence[Item], labels: Mapping[str, Sequence[int]]) -> Iterator[ArchivePhoto]:
        for item in items:
            photo = ArchivePhoto.of(item, labels.get(item.source, ()))
            self._history.enter(photo)
            yield photo

    def _counted(self, photo: ArchivePhoto) -> dict[str, Any]:
        """Count a photo and return its record."""
        row = photo.row
        if row is None:
            raise RuntimeError(f"{photo.item.source}: it went through the pipeline without being written")
        record = dict(row.record)
        record.setdefault("survival", None)  # rows of earlier releases do not have it
        if photo.done_before:
            record |= {"status": "skipped", "reason": f"done already: {row.status}"}
            self.summary.unprotected_before += row.status == "unprotected"
        elif row.status in ("protected", "unprotected"):
            self._run = replace(
                self._run,
                photos=self._run.photos + 1,
                source_bytes=self._run.source_bytes + max(0, photo.stamp.size),
                output_bytes=self._run.output_bytes + max(0, row.output_size),
            )
        self.summary.counts[record["status"]] += 1
        self.summary.survived.add(record["survival"])
        return record
