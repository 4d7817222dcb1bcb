"""Checks the labels, loads the networks and chooses the photos of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .. import defaults
from ..archive.walk import Item, plan
from ..channels.panel import Panel
from ..codecs import EncodeOptions, Limits, check_options
from ..codecs.sources import load
from ..codecs.transparency import shown
from ..errors import PhotoError, UsageError
from ..evaluate.label_files import labels_for, read_labels
from ..metrics import default_metrics
from ..models import Classifier, load_classifier
from ..protection.protector import Protector
from .experiment import Experiment, Say


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
    batch: int = defaults.BATCH,
    seed: int = 0,
    panel: Panel | None = None,
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
    panel : Panel, optional
        Treatments of sharing after which it is measured what is still read.
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
    kept, skipped, unreadable = _choose(items, labels, judge, keep_misclassified, batch, say)
    if not kept:
        raise UsageError(f"{classifier} gets none of the {len(items)} photos right; are the labels its own classes?")
    limited = {} if run5_labels is None else {5: _named(run5_labels, judge.classes, kept)}
    protector = partial(
        Protector,
        classifier=classifier,
        models=models,
        device=device,
        engine=engine,
        precision=precision,
        seed=seed,
        encoding=encoding,
        metrics=(),
        survival=False,  # measured on the written files
    )
    return Experiment(
        kept,
        labels,
        judge,
        default_metrics(models=models, device=device),
        out,
        skipped,
        unreadable,
        protector,
        encoding,
        batch,
        seed,
        limited,
        panel,
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
                photos.append(shown(load(item.path, Limits())))
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
