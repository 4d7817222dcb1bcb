"""From results to files and rows, in the order that a crash forgives: the file, its folder, then the row."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import PhotoError
from ..files import write_atomic
from ..protection.result import Result
from .history import DONE, Taken, sha256_of
from .journal import Journal
from .rows import Row, Stamp
from .walk import Item


@dataclass(frozen=True, slots=True)
class Outcome:
    """A photo's row as it is on the disk now, and whether an earlier run had done it."""

    row: Row
    before: bool = False
    kept: bool = True  #: whether the journal has the row; False where another photo's stands in its place


@dataclass(frozen=True, slots=True)
class _Task:
    """What is left of a result once its pixels are not needed any more."""

    item: Item
    stamp: Stamp
    record: dict[str, Any]
    sha256: str
    encoded: bytes | None
    taken: bool
    future: Future[Outcome]


class Writer:
    """Writes results below ``out``. ``foreign``: outputs at whose place stands a file that is not ours: it is left as it
    is, and taken for the result where it holds the same bytes (the journal was lost)."""

    def __init__(self, journal: Journal, out: Path, settings: str, *, strict: bool) -> None:
        self.foreign: set[str] = set()
        self.unwritten = 0  #: bytes that wait for the disk
        self._journal = journal
        self._out = out
        self._settings = settings
        self._strict = strict
        self._inbox: deque[_Task] = deque()

    def submit(self, disk: ThreadPoolExecutor, item: Item, stamp: Stamp, result: Result) -> Future[Outcome]:
        """Has the result written by ``disk``, an executor of one thread; done once the row is on the disk. All results
        that wait by then share one commit."""
        record = {"source": item.source, "output": None} | {k: v for k, v in result.record().items() if k != "source"}
        task = _Task(
            item, stamp, record, result.source_sha256 or "", result.encoded, isinstance(result.error, Taken), Future()
        )
        self.unwritten += len(task.encoded or b"")
        self._inbox.append(task)
        disk.submit(self._drain)
        return task.future

    def _drain(self) -> None:
        tasks = [self._inbox.popleft() for _ in range(len(self._inbox))]
        outcomes: list[Outcome] = []
        try:
            try:
                for task in tasks:
                    outcomes.append(self._settle(task))
            finally:  # what was written before the disk said no gets its row all the same
                self._journal.put(outcome.row for outcome in outcomes if outcome.kept)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must hear of it
            for task in tasks:
                task.future.set_exception(error)
            return
        for task, outcome in zip(tasks, outcomes, strict=True):
            self.unwritten -= len(task.encoded or b"")
            task.future.set_result(outcome)

    def _settle(self, task: _Task) -> Outcome:
        record, item = task.record, task.item
        if record["reason"] == DONE and (known := self._journal.get(item.source)) is not None:
            return Outcome(self._stamped(replace(known, path=str(item.path)), task.stamp), before=True)
        written = False
        try:
            written = self._write(task)
        except PhotoError as error:
            record |= {"status": "failed", "reason": str(error)}
        if written:
            record["output"] = item.output
        elif record["status"] == "unprotected":
            record["reason"] += "; not written (strict)"
            if os.path.lexists(self._out / item.output):
                record["reason"] += ": the file there is an earlier run's"
        return Outcome(self._row(task, written), kept=not task.taken)

    def _write(self, task: _Task) -> bool:
        """Whether the photo was to be written, and now is."""
        status = task.record["status"]
        if task.encoded is None or not (status == "protected" or (status == "unprotected" and not self._strict)):
            return False
        target = self._out / task.item.output
        if task.item.output in self.foreign and target.exists():
            if sha256_of(target) != hashlib.sha256(task.encoded).hexdigest():
                raise PhotoError(f"{target}: a file that is no result of this archive stands there; move it away")
            return True
        if not target.parent.resolve().is_relative_to(self._out.resolve()):
            raise PhotoError(f"{target}: a link leads out of the output folder; remove it")
        write_atomic(target, task.encoded)
        return True

    def _row(self, task: _Task, written: bool) -> Row:
        item, record = task.item, task.record
        row = Row(
            source=item.source,
            path=str(item.path),
            output=item.output,
            status=record["status"],
            reason=record["reason"],
            settings=self._settings,
            source_sha256=task.sha256,
            written=int(written),
            seconds=record["seconds"],
            finished=time.time(),
            record=json.dumps(record),
        )
        return self._with_output(self._stamped(row, task.stamp), task.encoded if written else None)

    def _with_output(self, row: Row, encoded: bytes | None) -> Row:
        """The row with the file that stands at its output's place: the one just written, else the last one."""
        if encoded is None:
            owner = self._journal.owner_of(row.output)
            names = ("output_sha256", "output_size", "output_modified", "output_changed")
            return row if owner is None else replace(row, **{name: getattr(owner, name) for name in names})
        stamp = Stamp.of(self._out / row.output) or Stamp()
        return replace(
            row,
            output_sha256=hashlib.sha256(encoded).hexdigest(),
            output_size=stamp.size,
            output_modified=stamp.modified,
            output_changed=stamp.changed,
        )

    @staticmethod
    def _stamped(row: Row, stamp: Stamp) -> Row:
        return replace(row, source_size=stamp.size, source_modified=stamp.modified, source_changed=stamp.changed)
