"""How well a folder of protected photos does: a classifier's accuracy and the metrics, measured on the saved files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import PhotoError, UsageError
from ..metrics import Metric, available, create, warm_up
from ..models import Classifier, load_classifier
from .labels import labels_for, read_labels
from .measuring import Row, Seen, measure
from .pairs import Pair, pair_up
from .summary import Side, Tally
from .table import PhotoTable

DEFAULT_METRICS = ("nima", "psnr", "ssim")


@dataclass(slots=True)
class Evaluation:
    """One evaluation of the two folders: made by ``prepare``, run by going through ``rows``, summed up by ``record``.

    ``missing``: originals without a protected file. They are not measured.
    """

    pairs: Sequence[Pair]
    labels: dict[str, tuple[int, ...]]
    labels_file: Path
    classifier: Classifier
    metrics: dict[str, Metric]
    missing: Sequence[str] = ()
    unavailable: Sequence[str] = ()  #: metrics that are reported as None, for want of their network
    failed: int = 0
    tally: Tally = field(default_factory=Tally)

    def rows(self) -> Iterator[Row | PhotoError]:
        """Every pair's row, or the error of a file that cannot be read; adds it up on the way."""
        for row in measure(self.pairs, self.labels, self.classifier, self.metrics):
            if isinstance(row, Row):
                self.tally.add(row)
            else:
                self.failed += 1
            yield row

    def table(self, path: Path) -> PhotoTable:
        """The per-photo CSV at ``path``, open for rows. Raises ``UsageError`` where it would overwrite one of the files
        that are read, ``StorageError`` where it cannot be written."""
        read = {
            self.labels_file.resolve(),
            *(p.resolve() for pair in self.pairs for p in (pair.original, pair.protected)),
        }
        if path.resolve() in read:
            raise UsageError(f"{path} is one of the files to be read; write the per-photo table elsewhere")
        alone = [name for name, metric in self.metrics.items() if not metric.reference]
        return PhotoTable(path, tuple(self.metrics), alone)

    def record(self) -> dict[str, Any]:
        """``images``, ``top1_accuracy``, ``top5_accuracy`` (fractions), ``metrics`` (means), the same of the originals
        under ``original``, and what was left out: ``missing`` and ``failed``."""
        record = self.tally.record()
        record["metrics"] |= dict.fromkeys(self.unavailable)
        counts = {"missing": len(self.missing), "failed": self.failed}
        return record | counts | {"classifier": self.classifier.name, "device": self.classifier.device}


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
) -> Evaluation:
    """Pairs the files, loads the networks and checks the labels: everything that can go wrong before the first photo.

    ``labels``: ``file,index`` for every original. ``metrics``: names, None for all, and then NIMA is left out where its
    network is not in the store. ``preset``: NIMA's, None for its default. Raises ``UsageError`` for folders that do not
    belong together, for labels without photos, photos without labels or an index out of range; ``ModelError``.
    """
    pairs, missing = pair_up(originals, protected)
    judge = load_classifier(classifier, models=models, device=device)
    names = [*(pair.name for pair in pairs), *missing]
    known = labels_for(names, read_labels(labels, judge.classes), labels)
    options = {"models": models, "device": device} | ({} if preset is None else {"preset": preset})
    made = {name: create(name, **options) for name in metrics or DEFAULT_METRICS}
    unavailable = [name for name, metric in made.items() if metrics is None and not available(metric)]
    kept = {name: metric for name, metric in made.items() if name not in unavailable}
    for metric in kept.values():
        warm_up(metric)
    return Evaluation(pairs, known, labels, judge, kept, missing, unavailable)


__all__ = [
    "DEFAULT_METRICS",
    "Evaluation",
    "Pair",
    "PhotoTable",
    "Row",
    "Seen",
    "Side",
    "Tally",
    "measure",
    "pair_up",
    "prepare",
]
