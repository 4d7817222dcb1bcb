"""The experiment itself: choose the photos, protect them by each recipe, and measure the files that were saved."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..archive.walk import Item, plan
from ..codecs import EncodeOptions, Limits, check_options
from ..codecs.sources import load
from ..errors import PhotoError, UsageError
from ..evaluate import DEFAULT_METRICS, PairMeasurement, PhotoPair, Totals, measure
from ..evaluate.label_files import labels_for, read_labels
from ..files import write_atomic
from ..metrics import Metric, available, create
from ..models import Classifier, load_classifier
from ..protection.protector import Protector
from .cases import ExperimentCase

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One recipe's line of the table. Accuracies are fractions; metrics are means or None."""

    case: ExperimentCase
    images: int
    failed: int
    top1_accuracy: float
    top5_accuracy: float
    metrics: dict[str, float | None]
    original: dict[str, Any]
    seconds_per_image: float


@dataclass(slots=True)
class Experiment:
    """Photos and labels that were chosen, and the networks that judge them. Made by ``prepare``.

    ``skipped``: photos that the classifier gets wrong from the start (left out, as the task did); ``unreadable``: photos
    that cannot be decoded.
    """

    items: list[Item]
    labels: dict[str, tuple[int, ...]]
    classifier: Classifier
    metrics: dict[str, Metric]
    out: Path
    skipped: int
    unreadable: int
    models: Path | None
    device: str
    engine: str
    precision: str
    encoding: EncodeOptions
    batch: int
    seed: int
    subset: dict[int, frozenset[str]] = field(default_factory=dict)  #: run -> the photos that it is limited to

    def run(self, case: ExperimentCase, say: Say) -> CaseResult:
        """Protects the photos by ``case``, writes them below ``out/<name>``, and measures the files."""
        items = [item for item in self.items if case.run not in self.subset or item.source in self.subset[case.run]]
        if not items:
            raise UsageError(f"{case.name}: no photo is left to run on")
        protector = Protector(
            case.recipe,
            classifier=self.classifier.name,
            models=self.models,
            device=self.device,
            engine=self.engine,
            precision=self.precision,
            seed=self.seed,
            encoding=self.encoding,
            metrics=(),
            retry=False,  # the paper's rules, nothing on top
        )
        protector.warm_up()
        pairs, failed, seconds = self._protect(case, protector, items, say)
        tally = Totals()
        for row in measure(pairs, self.labels, self.classifier, self.metrics):
            if isinstance(row, PairMeasurement):
                tally.add(row)
            else:
                failed += 1
                say(str(row))
        record = tally.record()
        if not record["images"]:
            raise UsageError(f"{case.name}: every photo failed; see the messages above")
        return CaseResult(
            case,
            record["images"],
            failed,
            record["top1_accuracy"],
            record["top5_accuracy"],
            record["metrics"],
            record["original"],
            seconds / len(items),
        )

    def _protect(
        self, case: ExperimentCase, protector: Protector, items: Sequence[Item], say: Say
    ) -> tuple[list[PhotoPair], int, float]:
        """The pairs of original and written file, the number of failures, and the seconds without measuring."""
        pairs, failed, start = [], 0, time.perf_counter()
        labels = [self.labels[item.source] for item in items]
        results = protector.stream([item.path for item in items], self.batch, labels=labels, encode=True)
        for item, result in zip(items, results, strict=True):
            if result.encoded is None:
                failed += 1
                say(result.reason)
                continue
            target = self.out / case.name / item.output
            write_atomic(target, result.encoded)
            pairs.append(PhotoPair(item.source, item.path, target))
        return pairs, failed, time.perf_counter() - start


def prepare(
    images: Path,
    labels_file: Path,
    out: Path,
    *,
    classifier: str,
    models: Path | None = None,
    device: str = "auto",
    engine: str = "auto",
    precision: str = "auto",
    encoding: EncodeOptions | None = None,
    keep_misclassified: bool = False,
    run5_labels: Path | None = None,
    batch: int = 16,
    seed: int = 0,
    say: Say,
) -> Experiment:
    """Checks everything that can be wrong before the first run, and chooses the photos.

    ``labels_file``: see ``labels``. ``keep_misclassified``: also photos that the classifier gets wrong at the start.
    ``run5_labels``: limits run 5 to the photos that this file names, as the paper did. Raises ``UsageError`` for
    photos without labels, labels without photos or out of range; ``ModelError`` for a missing network.
    """
    judge = load_classifier(classifier, models, device)
    encoding = encoding or EncodeOptions(format="png")
    check_options(encoding)
    items = plan([images], out, encoding.format)
    labels = labels_for([item.source for item in items], read_labels(labels_file, judge.classes), labels_file)
    made = {name: create(name, models=models, device=device) for name in DEFAULT_METRICS}
    kept, skipped, unreadable = _choose(items, labels, judge, keep_misclassified, batch, say)
    if not kept:
        raise UsageError(f"{classifier} gets none of the {len(items)} photos right; are the labels its own classes?")
    limited = {} if run5_labels is None else {5: _named(run5_labels, judge.classes, kept)}
    return Experiment(
        kept,
        labels,
        judge,
        {name: metric for name, metric in made.items() if available(metric)},
        out,
        skipped,
        unreadable,
        models,
        device,
        engine,
        precision,
        encoding,
        batch,
        seed,
        limited,
    )


def _choose(
    items: Sequence[Item], labels: dict[str, tuple[int, ...]], judge: Classifier, keep: bool, batch: int, say: Say
) -> tuple[list[Item], int, int]:
    """The photos to run on, and how many were left out: wrong from the start, unreadable."""
    chosen: list[Item] = []
    skipped = unreadable = 0
    for start in range(0, len(items), batch):
        readable, photos = [], []
        for item in items[start : start + batch]:
            try:
                photos.append(load(item.path, Limits()).pixels)
                readable.append(item)
            except PhotoError as error:
                unreadable += 1
                say(str(error))
        for item, row in zip(readable, judge(photos), strict=True):
            right = int(row.argmax()) in labels[item.source]
            if right or keep:
                chosen.append(item)
            skipped += not right and not keep
    return chosen, skipped, unreadable


def _named(path: Path, classes: int, items: Sequence[Item]) -> frozenset[str]:
    wanted = read_labels(path, classes)
    return frozenset(i.source for i in items if i.source in wanted or Path(i.source).name in wanted)


def save_recipes(path: Path, experiment: Experiment, cases: Sequence[ExperimentCase]) -> None:
    """Writes every field of every recipe, the seed and the networks' hashes, so that a run can be repeated."""
    record = {
        "version": __version__,
        "classifier": {"name": experiment.classifier.name, "sha256": experiment.classifier.model.sha256},
        "seed": experiment.seed,
        "batch": experiment.batch,
        "encoding": {"format": experiment.encoding.format, "quality": experiment.encoding.quality},
        "runs": {case.name: case.recipe.parameters() for case in cases},
    }
    write_atomic(path, (json.dumps(record, indent=2, default=str) + "\n").encode())
