"""The experiment: choose the photos, protect them by each recipe, and measure the saved files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..archive.walk import Item
from ..channels.panel import Panel
from ..codecs import EncodeOptions
from ..errors import UsageError
from ..evaluate import PairMeasurement, PhotoPair, SurvivalTotals, Totals, measure
from ..files import Access, write_atomic
from ..metrics import Metric
from ..models import Classifier
from ..protection.protector import Protector
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
    survival : dict or None
        What the files survive, see ``SurvivalTotals.record``; None where that was not asked.
    """

    case: ExperimentCase
    images: int
    failed: int
    top1_accuracy: float
    top5_accuracy: float
    metrics: dict[str, float | None]
    original: dict[str, Any]
    seconds_per_image: float
    survival: dict[str, Any] | None = None


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
        Makes the protector of a recipe; takes ``retry``.
    encoding : EncodeOptions
        How photos are written.
    batch : int
        Number of photos attacked together.
    seed : int
        Seed of every run.
    subset : dict of int to frozenset of str
        Run -> the photos that it is limited to.
    panel : Panel or None
        Treatments of sharing after which it is measured what is still read; None for none.
    """

    items: list[Item]
    labels: dict[str, tuple[int, ...]]
    classifier: Classifier
    metrics: dict[str, Metric]
    out: Path
    skipped: int
    unreadable: int
    protector: Callable[..., Protector]
    encoding: EncodeOptions
    batch: int
    seed: int
    subset: dict[int, frozenset[str]] = field(default_factory=dict)
    panel: Panel | None = None

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
        protector = self.protector(
            case.recipe, retry=case.own
        )  # the paper's rules and nothing on top, but for our own runs
        protector.warm_up()
        pairs, failed, seconds = self._protect(case, protector, items, say)
        totals, survival = Totals(), None if self.panel is None else SurvivalTotals(self.panel)
        for row in measure(pairs, self.labels, self.classifier, self.metrics, panel=self.panel):
            if isinstance(row, PairMeasurement):
                totals.add(row)
                if survival is not None and row.survival is not None:
                    survival.add(row.survival)
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
            None if survival is None else survival.record(),
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
            write_atomic(target, result.encoded, Access.of(item.path))
            pairs.append(PhotoPair(item.source, item.path, target))
        return pairs, failed, time.perf_counter() - start


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
