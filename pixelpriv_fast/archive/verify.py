"""An output folder looked at again, later and without the originals: is everything there, and does it still fool?"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..codecs import Limits, decode
from ..codecs.sources import read_file
from ..errors import PhotoError, UsageError
from ..files import STATE_FOLDER, TEMPORARY_SUFFIX
from ..logits import fooled
from ..models import Classifier, load_classifier
from ..types import Pixels
from .journal import Journal, reading
from .report.writing import is_report
from .rows import Row
from .summary import Summary

#: Files whose hash is the one that was written are as large as they may be.
_ANY_SIZE = Limits(max_pixels=sys.maxsize, max_bytes=sys.maxsize)


class Verification:
    """Every file that the journal of ``out`` lists, read, decoded and classified anew. ``classifiers``: some of those
    that the job worked against; none takes all of them. ``summary`` is kept up to date."""

    def __init__(
        self,
        out: Path,
        classifiers: Sequence[str] = (),
        *,
        models: Path | None = None,
        device: str = "auto",
    ) -> None:
        self.out = out
        self.summary = Summary()
        self._wanted = tuple(classifiers)
        self._models = models
        self._device = device
        self._loaded: dict[str, Classifier] = {}

    def records(self) -> Iterator[dict[str, Any]]:
        """One object a photo of the journal: source, output, status ("protected", "unprotected", "failed"), reason,
        ``before`` as the journal has it, ``after`` as measured now. Raises ``UsageError`` where there is no journal or a
        classifier's view of the originals was never recorded, ``ModelError`` for a classifier that cannot be had."""
        with reading(self.out) as journal:
            if journal is None:
                raise UsageError(f"{self.out} holds no journal; give the output folder of pixelpriv protect")
            for row in journal.rows():
                if row.status == "skipped":
                    continue
                record = self._record(row)
                self.summary.counts[record["status"]] += 1
                yield record
            self.summary.device = ", ".join(sorted({c.device for c in self._loaded.values()}))

    def unknown_files(self) -> list[Path]:
        """The files in the output folder that the journal does not list."""
        with reading(self.out) as journal:
            known = {self.out / row.output for row in _rows(journal) if row.written}
        found = (path for path in sorted(self.out.rglob("*")) if path.is_file() and STATE_FOLDER not in path.parts)
        strange = (path for path in found if path not in known and not path.name.endswith(TEMPORARY_SUFFIX))
        return [path for path in strange if not is_report(path)]

    def _record(self, row: Row) -> dict[str, Any]:
        record = {"source": row.source, "output": row.output if row.written else None, "status": "failed"}
        if not row.written:
            why = "was never finished; run pixelpriv protect again" if row.status == "planned" else row.reason
            return record | {"status": "unprotected" if row.status == "unprotected" else "failed", "reason": why}
        try:
            pixels = self._intact_pixels(row)
        except PhotoError as error:
            return record | {"reason": str(error)}
        views = [view for view in _views(row) if not self._wanted or view["classifier"] in self._wanted]
        self._check_recorded(row, views)
        answers = []
        for view in views:
            classifier = self._classifier(view["classifier"])
            logits = classifier([pixels])
            hidden = fooled(logits[0], [view["before"]["index"]])
            answers.append((view, classifier.predictions(logits)[0], hidden))
        bad = [answer for answer in answers if not answer[2]]
        view, after, _ = (bad or answers)[0]
        return record | {
            "status": "unprotected" if bad else "protected",
            "reason": f"{view['classifier']} says {after.label} ({after.probability:.2f})" if bad else "",
            "classifier": ",".join(view["classifier"] for view in views),
            "before": view["before"],
            "after": {"index": after.index, "label": after.label, "probability": after.probability},
        }

    def _intact_pixels(self, row: Row) -> Pixels:
        target = self.out / row.output
        data = read_file(target, _ANY_SIZE)
        if hashlib.sha256(data).hexdigest() != row.output_sha256:
            raise PhotoError(f"{target}: not the file that was written; run pixelpriv protect again")
        return decode(data, name=str(target), limits=_ANY_SIZE).pixels

    def _check_recorded(self, row: Row, views: Sequence[dict[str, Any]]) -> None:
        known = [view["classifier"] for view in _views(row)]
        missing = [name for name in self._wanted if name not in known]
        if missing or not views:
            raise UsageError(
                f"what {', '.join(missing)} made of the originals was never recorded, and they are not asked for here; "
                f"the job worked against {', '.join(known)}"
            )

    def _classifier(self, name: str) -> Classifier:
        if name not in self._loaded:
            self._loaded[name] = load_classifier(name, self._models, self._device)
        return self._loaded[name]


def _rows(journal: Journal | None) -> Iterator[Row]:
    return journal.rows() if journal is not None else iter(())


def _views(row: Row) -> list[dict[str, Any]]:
    """The classifiers of a row, by the names that load them, each with its view of the original."""
    evidence = row.evidence
    befores = [evidence["before"], *(other["before"] for other in evidence.get("others", []))]
    names = evidence["classifier"].split(",")
    return [{"classifier": name, "before": before} for name, before in zip(names, befores, strict=True)]
