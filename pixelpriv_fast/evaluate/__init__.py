"""How well a folder of protected photos does: a classifier's accuracy and metrics, measured on the saved files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import defaults
from ..errors import PhotoError, UsageError
from ..metrics import Metric, create, default_metrics, names_in_table_order, warm_up
from ..models import Classifier, load_classifier
from ..registry import PANELS
from .label_files import labels_for, read_labels
from .measuring import PairMeasurement, PhotoMeasurement, measure
from .pairs import PhotoPair, pair_up
from .photo_table import PhotoTable
from .survival import SurvivalTotals, still_read, survival_lines
from .totals import SideTotals, Totals


@dataclass(slots=True)
class Evaluation:
    """One evaluation of two folders: made by ``prepare``, run by iterating over ``rows``, summed up by ``record``.

    Attributes
    ----------
    pairs : sequence of PhotoPair
        The files to measure.
    labels : dict of str to tuple of int
        Pair name -> accepted class indices.
    labels_file : Path
        Where the labels were read from.
    classifier : Classifier
        The classifier whose accuracy is measured.
    metrics : dict of str to Metric
        Metrics by name.
    missing : sequence of str
        Originals without a protected file; they are not measured.
    unavailable : sequence of str
        Metrics that are not measured, since no names were given; they are reported as None.
    failed : int
        Number of pairs that could not be read or rated so far.
    totals : Totals
        Counts and sums so far.
    survival : SurvivalTotals or None
        What was survived so far; None where that was not asked.
    """

    pairs: Sequence[PhotoPair]
    labels: dict[str, tuple[int, ...]]
    labels_file: Path
    classifier: Classifier
    metrics: dict[str, Metric]
    missing: Sequence[str] = ()
    unavailable: Sequence[str] = ()
    failed: int = 0
    totals: Totals = field(default_factory=Totals)
    survival: SurvivalTotals | None = None

    def rows(self) -> Iterator[PairMeasurement | PhotoError]:
        """Measure the pairs in order, and yield each measurement or the error of a file that cannot be read."""
        panel = None if self.survival is None else self.survival.panel
        for row in measure(self.pairs, self.labels, self.classifier, self.metrics, panel=panel):
            if isinstance(row, PairMeasurement):
                self.totals.add(row)
                if self.survival is not None and row.survival is not None:
                    self.survival.add(row.survival)
            else:
                self.failed += 1
            yield row

    def table(self, path: Path) -> PhotoTable:
        """Open the CSV file at ``path`` for a line a photo.

        Raises
        ------
        UsageError
            If it would overwrite one of the files that are read.
        StorageError
            If it cannot be written.
        """
        read = {
            self.labels_file.resolve(),
            *(p.resolve() for pair in self.pairs for p in (pair.original, pair.protected)),
        }
        if path.resolve() in read:
            raise UsageError(f"{path} is one of the files to be read; write the per-photo table elsewhere")
        alone = [name for name, metric in self.metrics.items() if not metric.reference]
        return PhotoTable(path, tuple(self.metrics), alone, self.survival is not None)

    def record(self) -> dict[str, Any]:
        """Return the sums: the JSON object of ``pixelpriv evaluate``.

        Returns
        -------
        dict
            ``images``; ``top1_accuracy`` and ``top5_accuracy``, fractions; ``metrics``, means; the same of the originals
            under ``original``; ``missing`` and ``failed``, numbers of photos that were left out; ``classifier``, ``device``;
            and where it was asked ``survival``, see ``SurvivalTotals.record``.
        """
        record = self.totals.record()
        found = dict.fromkeys(self.unavailable) | record["metrics"]
        record["metrics"] = {name: found[name] for name in names_in_table_order() if name in found}
        counts = {"missing": len(self.missing), "failed": self.failed}
        survival = {} if self.survival is None else {"survival": self.survival.record()}
        return record | counts | survival | {"classifier": self.classifier.name, "device": self.classifier.device}


def prepare(
    originals: Path,
    protected: Path,
    labels: Path,
    *,
    classifier: str,
    metrics: Sequence[str] | None = None,
    models: Path | None = None,
    device: str = "auto",
    preset: str | None = None,
    survival: bool = False,
) -> Evaluation:
    """Pair the files, load the networks and check the labels: everything that can go wrong before the first photo.

    Parameters
    ----------
    originals : Path
        Folder of the original photos.
    protected : Path
        Folder of their protected files.
    labels : Path
        CSV of ``file,index`` for every original, see ``label_files``.
    classifier : str
        The classifier: a name or the path of a stamped ``.onnx``.
    metrics : sequence of str, optional
        Metrics by name. None for ``metrics.default_metrics``.
    models : Path, optional
        Folder of models that is searched first.
    device : str
        A word of ``words.Device``.
    preset : str, optional
        A word of ``words.NimaPreset``; None for NIMA's default.
    survival : bool
        Whether it is measured what the protected files survive of sharing.

    Returns
    -------
    Evaluation
        Ready to run.

    Raises
    ------
    UsageError
        If the folders do not belong together, a photo has no label, a label has no photo or an index is out of range.
    ModelError
        If a network that was asked for is missing or damaged.
    """
    pairs, missing = pair_up(originals, protected)
    judge = load_classifier(classifier, models=models, device=device)
    names = [*(pair.name for pair in pairs), *missing]
    known = labels_for(names, read_labels(labels, judge.classes), labels)
    options: dict[str, Any] = {"models": models, "device": device} | ({} if preset is None else {"preset": preset})
    kept = {name: create(name, **options) for name in metrics} if metrics else default_metrics(**options)
    unavailable = [] if metrics else [name for name in names_in_table_order() if name not in kept]
    for metric in kept.values():
        warm_up(metric)
    asked = SurvivalTotals(PANELS.load(defaults.PANEL)) if survival else None
    return Evaluation(pairs, known, labels, judge, kept, missing, unavailable, survival=asked)


__all__ = [
    "Evaluation",
    "PairMeasurement",
    "PhotoMeasurement",
    "PhotoPair",
    "PhotoTable",
    "SideTotals",
    "SurvivalTotals",
    "Totals",
    "measure",
    "pair_up",
    "prepare",
    "still_read",
    "survival_lines",
]
