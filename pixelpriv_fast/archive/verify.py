"""Checks an output folder again, later and without the originals: is everything there, and does it still fool.

What the files survive is measured against the originals, where these are still there.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import defaults
from ..codecs import Limits
from ..codecs.sources import read_file
from ..codecs.transparency import BLACK, WHITE, shown
from ..errors import PhotoError, UsageError
from ..files import TEMPORARY_SUFFIX, real_path
from ..models import Classifier, load_classifier
from ..protection.survival import panel_of, survival_of, survival_record
from ..protection.verdicts import Subject, classify_seen, decoded, flee_from, judge, still_recognised
from ..types import Photo, Prediction
from .journal import Journal
from .journal_file import reading
from .rows import JournalRow
from .state import find_state, places_of
from .summary import Summary

#: Files whose hash is the one that was written are as large as they may be.
_ANY_SIZE = Limits(max_pixels=sys.maxsize, max_bytes=sys.maxsize)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What a classifier said of the original over one background, as the journal has it."""

    classifier: str  #: by the name that loads it
    before: dict[str, Any]
    background: int = WHITE

    def prediction(self) -> Prediction:
        found = self.before
        top5 = tuple((label, probability) for label, probability in found["top5"])
        return Prediction(found["index"], found["label"], found["probability"], top5)


class Verification:
    """Reads, decodes and classifies every file that the journal of an output folder lists.

    Parameters
    ----------
    out : Path
        The output folder.
    classifiers : sequence of str
        Some of those that the job worked against; () takes all of them.
    state : Path or None
        The folder of the journal; None looks for it, see ``state.find_state``.
    models : Path or None
        A folder of models to look in first.
    device : str
        "auto", "cpu" or "cuda".
    survival : bool
        Whether it is measured what the files survive; this takes the originals.
    """

    def __init__(
        self,
        out: Path,
        classifiers: Sequence[str] = (),
        *,
        state: Path | None = None,
        models: Path | None = None,
        device: str = "auto",
        survival: bool = False,
    ) -> None:
        self.out = real_path(out)
        self._given = state
        self.summary = Summary()
        self._wanted = tuple(classifiers)
        self._models = models
        self._device = device
        self._panel = panel_of(defaults.PANEL) if survival else None
        self._loaded: dict[str, Classifier] = {}

    def records(self) -> Iterator[dict[str, Any]]:
        """Judge every photo of the journal; ``summary`` is kept up to date.

        Yields
        ------
        dict
            One object a photo: source, output, status ("protected", "unprotected", "failed"), reason, ``before`` as the
            journal has it, ``after`` as measured now; where it is asked ``survival``, and in ``survival_reason`` why it is not
            known.

        Raises
        ------
        UsageError
            If no journal is found, or a classifier's view of the originals was never recorded.
        ModelError
            If a classifier cannot be loaded.
        """
        with reading(self._state()) as journal:
            if journal is None:
                places = [self._given] if self._given is not None else places_of(self.out)
                looked = " or ".join(str(place) for place in places)
                raise UsageError(
                    f"no journal of {self.out} in {looked}; give the output folder of pixelpriv protect, and by --state "
                    "where its journal is"
                )
            for row in journal.rows():
                if row.status == "skipped":
                    continue
                record = self._record(row)
                self.summary.counts[record["status"]] += 1
                self.summary.survived.add(record.get("survival"))
                yield record
            self.summary.device = ", ".join(sorted({c.device for c in self._loaded.values()}))

    def unknown_files(self) -> list[Path]:
        """List the files in the output folder that the journal does not know."""
        with reading(self._state()) as journal:
            known = {self.out / row.output for row in _rows(journal) if row.written}
        found = (path for path in sorted(self.out.rglob("*")) if path.is_file() and path not in known)
        return [path for path in found if not path.name.endswith(TEMPORARY_SUFFIX)]

    def _state(self) -> Path | None:
        return find_state(self.out, self._given)

    def _record(self, row: JournalRow) -> dict[str, Any]:
        record = {"source": row.source, "output": row.output if row.written else None, "status": "failed"}
        if not row.written:
            why = "was never finished; run pixelpriv protect again" if row.status == "planned" else row.reason
            return record | {"status": "unprotected" if row.status == "unprotected" else "failed", "reason": why}
        try:
            photo = self._intact_photo(row)
        except PhotoError as error:
            return record | {"reason": str(error)}
        views = [view for view in _views(row) if not self._wanted or view.classifier in self._wanted]
        self._check_recorded(row, views)
        return record | self._judged(row, views, photo)

    def _judged(self, row: JournalRow, views: Sequence[_Recorded], photo: Photo) -> dict[str, Any]:
        names = tuple(dict.fromkeys(view.classifier for view in views))
        classifiers = [self._classifier(name) for name in names]
        before = tuple(view.prediction() for view in views)
        subject = Subject(before, tuple(flee_from(p.index, row.accepted) for p in before))
        backgrounds = tuple(dict.fromkeys(view.background for view in views))
        seen = [shown(photo, background) for background in backgrounds]
        protected, judgements = judge(classifiers, subject, classify_seen(classifiers, [seen])[0])
        known = still_recognised(judgements, subject)
        number = judgements.index(known) if known is not None else 0
        view, after = views[number], judgements[number].after
        where = "" if view.background == WHITE else " over black"
        return {
            "status": "protected" if protected else "unprotected",
            "reason": "" if protected else f"{view.classifier} says {after.label} ({after.probability:.2f}){where}",
            "classifier": ",".join(names),
            "before": view.before,
            "after": {"index": after.index, "label": after.label, "probability": after.probability},
            **self._survival(row, classifiers, subject.flee, photo, backgrounds),
        }

    def _survival(
        self,
        row: JournalRow,
        classifiers: Sequence[Classifier],
        flee: tuple[tuple[int, ...], ...],
        photo: Photo,
        backgrounds: tuple[int, ...],
    ) -> dict[str, Any]:
        """Return what a file survives as keys of its record; {} where it is not asked."""
        if self._panel is None:
            return {}
        try:
            original = _original(row)
        except PhotoError as error:
            return {"survival": None, "survival_reason": f"what it survives is not known: {error}"}
        found = survival_of(self._panel, classifiers, flee, original, photo, backgrounds)
        return {"survival": survival_record(found), "survival_reason": ""}

    def _intact_photo(self, row: JournalRow) -> Photo:
        target = self.out / row.output
        data = read_file(target, _ANY_SIZE)
        if hashlib.sha256(data).hexdigest() != row.output_sha256:
            raise PhotoError(f"{target}: not the file that was written; run pixelpriv protect again")
        return decoded(data, str(target), _ANY_SIZE)

    def _check_recorded(self, row: JournalRow, views: Sequence[_Recorded]) -> None:
        known = list(dict.fromkeys(view.classifier for view in _views(row)))
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


def _rows(journal: Journal | None) -> Iterator[JournalRow]:
    return journal.rows() if journal is not None else iter(())


def _original(row: JournalRow) -> Photo:
    """Read the original of a row. Raises ``PhotoError`` if it is gone or is another photo by now."""
    path = Path(row.path)
    data = read_file(path, _ANY_SIZE)
    if hashlib.sha256(data).hexdigest() != row.source_sha256:
        raise PhotoError(f"{path}: not the original that was protected")
    return decoded(data, str(path), _ANY_SIZE)


def _views(row: JournalRow) -> list[_Recorded]:
    """List the classifiers of a row, each with its view of the original, and where it has transparency those over black."""
    record = row.record
    named = list(zip(record["classifier"].split(","), [record, *record.get("others", [])], strict=True))
    over_black = [_Recorded(name, view["over_black"]["before"], BLACK) for name, view in named if "over_black" in view]
    return [*(_Recorded(name, view["before"]) for name, view in named), *over_black]
