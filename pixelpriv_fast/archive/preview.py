"""What a run would do, how long it would take and how much it would write, without writing anything."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..codecs import format_of_path
from ..defaults import BATCH
from ..protection.protector import Protector
from .former_default import check_default
from .history import History, settings_hash, settings_text
from .journal_file import reading
from .photo import ArchivePhoto
from .rows import JobRun
from .walk import Item, LeftOut


@dataclass(slots=True)
class Preview:
    """The plan of a run; nothing is written.

    Attributes
    ----------
    protector : Protector
        Would protect the photos.
    items : sequence of Item
        The photos.
    out : Path
        The output folder.
    batch : int
        Number of photos at a time, 1 or more.
    strict, resume : bool
        As for a job.
    state : Path or None
        The folder of the journal; None where there is none, see ``state.find_state``.
    left_out : LeftOut
        What was passed over in the inputs.
    default_recipe : bool
        As for a job.
    labels : mapping of str to sequence of int
        The accepted classes by the photos' ``source``, where they are known.
    """

    protector: Protector
    items: Sequence[Item]
    out: Path
    batch: int = BATCH
    strict: bool = False
    resume: bool = True
    state: Path | None = None
    left_out: LeftOut = field(default_factory=LeftOut)
    default_recipe: bool = False
    labels: Mapping[str, Sequence[int]] = field(default_factory=dict)
    _todo: list[tuple[Item, int]] = field(default_factory=list)
    _formats: Counter[str] = field(default_factory=Counter)
    _done: int = 0
    _refused: int = 0
    _alike: JobRun | None = None  #: runs of these settings
    _others: JobRun | None = None  #: runs of any

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield one object a photo: source, output, status "planned", "skipped" (done already) or "failed" (clash).

        Raises ``UsageError`` where the run would, see ``former_default.check_default``.
        """
        with reading(self.state) as journal:
            history = None
            if journal is not None:
                if self.default_recipe:
                    check_default(journal, self.items, self.out)
                settings = settings_hash(settings_text(self.protector.settings()))
                history = History(journal, self.out, settings, strict=self.strict, resume=self.resume)
                self._alike, self._others = journal.runs(settings), journal.runs()
            for item in self.items:
                photo = ArchivePhoto.of(item, self.labels.get(item.source, ()))
                if history is not None:
                    history.enter(photo)
                row = photo.row
                if not photo.alive and row is None:
                    self._refused += 1
                    yield {"source": item.source, "output": None, "status": "failed", "reason": photo.reason}
                    continue
                self._formats[format_of_path(item.path) or "unknown"] += 1
                if row is None:
                    self._todo.append((item, max(0, photo.stamp.size)))
                else:
                    self._done += 1
                status, reason = ("planned", "") if row is None else ("skipped", f"done already: {row.status}")
                yield {"source": item.source, "output": item.output, "status": status, "reason": reason}

    def summary(self) -> dict[str, Any]:
        """Return counts and estimates of everything that ``records`` yielded; an estimate is None where nothing tells."""
        size = sum(size for _, size in self._todo)
        basis, run = self._basis()
        return {
            "images": len(self.items),
            "planned": len(self._todo),
            "skipped": self._done,
            "failed": self._refused,
            "formats": dict(self._formats),
            "passed_over": dict(self.left_out.counts),
            "source_bytes": size,
            "estimate": basis,
            "estimated_seconds": round(run.seconds / run.photos * len(self._todo), 1) if run is not None else None,
            "estimated_bytes": round(run.output_bytes / max(1, run.source_bytes) * size) if run is not None else None,
            "free_bytes": shutil.disk_usage(_existing(self.out)).free,
        }

    def _basis(self) -> tuple[str | None, JobRun | None]:
        """Return what the estimate rests on, and a run that shows how long photos take and how large they get."""
        if self._alike is not None:
            return "journal", self._alike
        probed = self._probe()
        if probed is not None:
            return "probe", probed
        return ("journal", self._others) if self._others is not None else (None, None)

    def _probe(self) -> JobRun | None:
        """Time one full batch (a partial one costs the same) and discard it.

        Photos are sampled across formats and sizes.
        """
        if not self._todo or not self.protector.ready:
            return None
        alike = sorted(self._todo, key=lambda entry: (format_of_path(entry[0].path) or "", entry[1], entry[0].source))
        probes = min(self.batch, len(alike))
        sizes = {str(item.path): size for item, size in (_middle(alike, i, probes) for i in range(probes))}
        self.protector.warm_up(batch=self.batch)
        start = time.perf_counter()
        results = [r for r in self.protector.stream(sorted(sizes), batch=self.batch, encode=True) if r.encoded]
        if not results:
            return None
        return JobRun(
            0.0,
            "",
            "",
            "",
            len(results),
            sum(sizes[result.source] for result in results),
            sum(len(result.encoded or b"") for result in results),
            time.perf_counter() - start,
        )


def _middle(entries: Sequence[tuple[Item, int]], part: int, parts: int) -> tuple[Item, int]:
    """Return the entry in the middle of one of ``parts`` equal parts."""
    return entries[len(entries) * (2 * part + 1) // (2 * parts)]


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
