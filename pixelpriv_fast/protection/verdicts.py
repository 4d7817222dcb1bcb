"""Before and after: the one place that decides whether a photo is protected.

A verdict reads 8-bit pixels only: those of the encoded file, decoded again, or (where nothing was encoded) those that
would be. It is always given by the fp32 network behind the classifier's own rounded preprocessing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..codecs import Limits, decode
from ..logits import fooled
from ..models import Classifier
from ..types import Judgement, Logits, Pixels, Prediction


@dataclass(frozen=True, slots=True)
class Subject:
    """What is hidden of one photo, a value for each classifier in their order.

    ``before``: the original's prediction; ``flee``: the classes that a protected photo must not show as top-1, that
    is the original's top-1 and, where labels are known, every accepted index.
    """

    before: tuple[Prediction, ...]
    flee: tuple[tuple[int, ...], ...]


def subject_of(before: Sequence[Prediction], accepted: Sequence[int] | None = None) -> Subject:
    """The subject of a photo whose original is predicted as ``before``; ``accepted`` are the known labels' indices
    (they belong to every classifier's list of classes)."""
    known = tuple(accepted or ())
    return Subject(tuple(before), tuple(tuple(dict.fromkeys((*known, p.index))) for p in before))


def judge(
    classifiers: Sequence[Classifier], subject: Subject, logits: Sequence[npt.NDArray[np.float32]]
) -> tuple[bool, tuple[Judgement, ...]]:
    """Whether every classifier is fooled, and each one's answers. ``logits``: one (classes,) row a classifier."""
    judgements = tuple(
        Judgement(classifier.name, before, classifier.predictions(row[None])[0])
        for classifier, before, row in zip(classifiers, subject.before, logits, strict=True)
    )
    return all(fooled(row, flee) for row, flee in zip(logits, subject.flee, strict=True)), judgements


def classify_all(classifiers: Sequence[Classifier], photos: Sequence[Pixels], slots: int | None = None) -> list[Logits]:
    """One (photos, classes) array a classifier. ``slots``: the static number of photos in a network pass."""
    return [classifier(photos, slots) for classifier in classifiers]


def decoded_pixels(data: bytes, name: str, limits: Limits) -> Pixels:
    """The pixels that a reader of the encoded file sees."""
    return decode(data, name=name, limits=limits).pixels
