"""The experiment: choose the photos, protect them by each recipe, and measure the saved files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .. import __version__
from ..archive.walk import Item, plan
from ..codecs import EncodeOptions, Limits, check_options
from ..codecs.sources import load
from ..errors import PhotoError, UsageError
from ..evaluate import PairMeasurement, PhotoPair, Totals, measure
from ..evaluate.label_files import labels_for, read_labels
from ..files import write_atomic
from ..metrics import Metric, available, create, names_in_table_order
from ..models import Classifier, load_classifier
from ..protection.protector import Protector
from ..protection.recipes import Recipe
from .cases import ExperimentCase

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What was measured of one recipe: a line of the table.

    Attributes
    ----------
    case : ExperimentCase
        The recipe.
    images : int
        Number of photos measured.
    failed : int
        Number of photos that could not be protected or measured.
    top1_accuracy, top5_accuracy : float
        The classifier's accuracy on the saved files, as a fraction.
    metrics : dict of str to float or None
        Means of the metrics.
    original : dict
        Accuracy and metrics of the photos before protection.
    seconds_per_image : float
        Time to protect one photo, measuring not included.
    """

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
    """The chosen photos with their labels, the networks that judge them, and how photos are protected.

    Made by ``prepare``.

    Attributes
    ----------
    items : list of Item
        The photos.
    labels : dict of str to tuple of int
        Photo -> accepted class indices.
    classifier : Classifier
        The classifier to fool, and whose accuracy is measured.
    metrics : dict of str to Metric
        Metrics by name.
    out : Path
        Folder for everything that is written.
    skipped : int
        Number of photos left out because the classifier gets them wrong from the start, as in the task.
    unreadable : int
        Number of photos that cannot be decoded.
    protector : callable
        Makes the protector of a recipe.
    encoding : EncodeOptions
        How photos are written.
    batch : int
        Number of photos attacked together.
    seed : int
        Seed of every run.
    subset : dict of int to frozenset of str
        Run -> the photos that it is limited to.
    """

    items: list[Item]
    labels: dict[str, tuple[int, ...]]
    classifier: Classifier
    metrics: dict[str, Metric]
    out: Path
    skipped: int
    unreadable: int
    protector: Callable[[Recipe], Protector]
    encoding: EncodeOptions
    batch: int
    seed: int
    subset: dict[int, frozenset[str]] = field(default_factory=dict)

    def run(self, case: ExperimentCase, say: Say) -> CaseResult:
        """Protect the photos by one recipe, write them below ``out/<name>``, and measure the files.

        Parameters
        ----------
        case : ExperimentCase
            The recipe.
        say : callable
            Called with a line for every photo that fails.

        Returns
        -------
        CaseResult
            The measurements.

        Raises
        ------
        UsageError
            If no photo is left to run on, or every photo failed.
        """
        items = [item for item in self.items if case.run not in self.subset or item.source in self.subset[case.run]]
        if not items:
            raise UsageError(f"{case.name}: no photo is left to run on")
        protector = self.protector(case.recipe)
        protector.warm_up()
        pairs, failed, seconds = self._protect(case, protector, items, say)
        totals = Totals()
        for row in measure(pairs, self.labels, self.classifier, self.metrics):
            if isinstance(row, PairMeasurement):
                totals.add(row)
            else:
                failed += 1
                say(str(row))
        record = totals.record()
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
        """Return the pairs of original and written file, the number of failures, and the seconds it took."""
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
    """Check everything that can be wrong before the first run, and choose the photos.

    Parameters
    ----------
    images : Path
        Folder of the photos.
    labels_file : Path
        CSV of ``file,index``, see ``evaluate.label_files``.
    out : Path
        Folder for everything that is written.
    classifier : str
        The classifier to fool: a name or the path of a stamped ``.onnx``.
    models : Path, optional
        Folder of models that is searched first.
    device, engine, precision : str
        As of ``Protector``.
    encoding : EncodeOptions, optional
        How photos are written; None for PNG.
    keep_misclassified : bool
        Whether photos are kept that the classifier gets wrong from the start.
    run5_labels : Path, optional
        Limits run 5 to the photos that this file names, as in the paper.
    batch : int
        Number of photos attacked together.
    seed : int
        Seed of every run.
    say : callable
        Called with a line for every photo that cannot be read.

    Returns
    -------
    Experiment
        Ready to run.

    Raises
    ------
    UsageError
        If a photo has no label, a label has no photo or is out of range, or the classifier gets no photo right.
    ModelError
        If a network is missing or damaged.
    """
    judge = load_classifier(classifier, models, device)
    encoding = encoding or EncodeOptions(format="png")
    check_options(encoding)
    items = plan([images], out, encoding.format)
    labels = labels_for([item.source for item in items], read_labels(labels_file, judge.classes), labels_file)
    made = {name: create(name, models=models, device=device) for name in names_in_table_order()}
    kept, skipped, unreadable = _choose(items, labels, judge, keep_misclassified, batch, say)
    if not kept:
        raise UsageError(f"{classifier} gets none of the {len(items)} photos right; are the labels its own classes?")
    limited = {} if run5_labels is None else {5: _named(run5_labels, judge.classes, kept)}
    protector = partial(
        Protector,
        classifier=judge.name,
        models=models,
        device=device,
        engine=engine,
        precision=precision,
        seed=seed,
        encoding=encoding,
        metrics=(),
        retry=False,  # the paper's rules, nothing on top
    )
    return Experiment(
        kept,
        labels,
        judge,
        {name: metric for name, metric in made.items() if available(metric)},
        out,
        skipped,
        unreadable,
        protector,
        encoding,
        batch,
        seed,
        limited,
    )


def _choose(
    items: Sequence[Item], labels: dict[str, tuple[int, ...]], judge: Classifier, keep: bool, batch: int, say: Say
) -> tuple[list[Item], int, int]:
    """Return the photos to run on, and the numbers of those left out: wrong from the start, unreadable."""
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
    """Write every field of every recipe, the seed and the network's hash, so that a run can be repeated.

    Parameters
    ----------
    path : Path
        The JSON file.
    experiment : Experiment
        The classifier, seed and encoding.
    cases : sequence of ExperimentCase
        The recipes.
    """
    record = {
        "version": __version__,
        "classifier": {"name": experiment.classifier.name, "sha256": experiment.classifier.model.sha256},
        "seed": experiment.seed,
        "batch": experiment.batch,
        "encoding": {"format": experiment.encoding.format, "quality": experiment.encoding.quality},
        "runs": {case.name: case.recipe.parameters() for case in cases},
    }
    write_atomic(path, (json.dumps(record, indent=2, default=str) + "\n").encode())
