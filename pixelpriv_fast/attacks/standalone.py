"""An attack by itself, outside the pipeline: images in, images out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, TypeAlias, cast

import numpy as np

from ..defaults import BATCH
from ..engines import ForwardEngine, load_engine, load_score_engine
from ..errors import UsageError
from ..models import load_classifier
from ..photo_check import checked_photo
from ..types import Pixels
from .task import AttackOutcome, AttackTask, ContentSeed, Victim

Images: TypeAlias = Pixels | Sequence[Pixels]
Answer: TypeAlias = Any  #: the form that came in: one array, a stack, or a list
Labels: TypeAlias = int | Sequence[int | Sequence[int]] | None


class _Runs(Protocol):
    needs_gradient: ClassVar[bool]

    @property
    def wants_appeal(self) -> bool: ...

    def run(self, photos: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]: ...


def attack_images(attack: _Runs, images: Images, classifier: Any, labels: Labels, seed: int) -> Answer:
    """Attack images that are their own originals, see ``Attack.__call__``.

    Parameters
    ----------
    attack : Attack
        Its ``run`` is called once, with all images.
    images, classifier, labels, seed
        See ``Attack.__call__``.

    Returns
    -------
    uint8 array or list of arrays
        The attacked images in the form that came in.

    Raises
    ------
    UsageError
        If an image is not a uint8 RGB photo, or labels and images do not fit together.
    """
    single = isinstance(images, np.ndarray) and images.ndim == 3
    given = [images] if single else images
    photos = [checked_photo(cast(Pixels, image), f"photo {i}") for i, image in enumerate(given)]
    victims = victims_of(classifier, gradient=attack.needs_gradient)
    batch = max(1, min(BATCH, len(photos)))
    known = _known(labels, len(photos))
    logits = tuple(
        victim.logits(np.stack([victim.preprocess.rounded(photo) for photo in photos]), batch) for victim in victims
    )
    flee = tuple(tuple(_flee(row, accepted) for row, accepted in zip(z, known, strict=True)) for z in logits)
    seeds = [ContentSeed(photo, seed) for photo in photos]
    scorer = load_score_engine() if attack.wants_appeal else None
    outcomes = attack.run(photos, AttackTask(victims, flee, seeds, logits, batch=batch, judged=False, scorer=scorer))
    results = [outcome.photo for outcome in outcomes]
    if single:
        return results[0]
    return np.stack(results) if isinstance(images, np.ndarray) else results


def victims_of(classifier: Any, *, gradient: bool = True) -> tuple[Victim, ...]:
    """Return engines for what a caller may call a classifier.

    Parameters
    ----------
    classifier : str, Classifier, LogitEngine, or a sequence of them
        What to attack.
    gradient : bool
        Whether names and classifiers become engines with gradients; otherwise with a ranker.

    Returns
    -------
    tuple of LogitEngine
        One for each.

    Raises
    ------
    UsageError
        For anything else.
    """
    if isinstance(classifier, (list, tuple)):
        return tuple(victim for one in classifier for victim in victims_of(one, gradient=gradient))
    if isinstance(classifier, str):
        return (load_engine(classifier) if gradient else ForwardEngine(load_classifier(classifier)),)
    if isinstance(classifier, ForwardEngine) or hasattr(classifier, "gradient"):
        return (cast(Victim, classifier),)
    if hasattr(classifier, "model"):
        return (load_engine(classifier.model) if gradient else ForwardEngine(classifier),)
    raise UsageError(f"{type(classifier).__name__} is not a classifier: give a name, a classifier or a gradient engine")


def _known(labels: Labels, count: int) -> list[tuple[int, ...]]:
    if labels is None:
        return [()] * count
    rows = [labels] if isinstance(labels, (int, np.integer)) else list(labels)
    if len(rows) != count:
        raise UsageError(f"{len(rows)} labels for {count} images")
    return [(int(row),) if isinstance(row, (int, np.integer)) else tuple(int(i) for i in row) for row in rows]


def _flee(logits: Any, accepted: tuple[int, ...]) -> tuple[int, ...]:
    return accepted or (int(np.argmax(logits)),)
