"""Before and after: the one place that decides whether a photo is protected.

A verdict reads 8-bit pixels only: those of the encoded file, decoded again, or (where nothing was encoded) those that
would be. It is always given by the fp32 network behind the classifier's own rounded preprocessing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..codecs import Limits, decode
from ..logits import fooled
from ..models import Classifier
from ..types import Judgement, Logits, Photo, Pixels, Prediction, Verdict

#: Number of photos in a network call for photos with transparency. Choice: they are few among others, and an unfilled call
#: costs as much as a full one.
ALONE = 1


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be hidden of one photo, a value for each classifier in their order.

    A photo with transparency is hidden over white, and over black: its values over black follow those over white.

    Attributes
    ----------
    before : tuple of Prediction
        The original's predictions.
    flee : tuple of tuple of int
        The classes that a protected photo must not show as top-1, see ``flee_from``.
    logits : tuple of arrays of shape (classes,)
        The original's logits; () where only the predictions are known.
    """

    before: tuple[Prediction, ...]
    flee: tuple[tuple[int, ...], ...]
    logits: tuple[Logits, ...] = ()


def flee_from(before: int, accepted: Sequence[int]) -> tuple[int, ...]:
    """List the classes that a protected photo must not show.

    Parameters
    ----------
    before : int
        The original's top-1.
    accepted : sequence of int
        The known labels' indices; they belong to every classifier's list of classes.

    Returns
    -------
    tuple of int
        The accepted indices and the original's top-1, each once.
    """
    return tuple(dict.fromkeys((*accepted, before)))


def subject_of(classifiers: Sequence[Classifier], logits: Sequence[Logits], accepted: Sequence[int] = ()) -> Subject:
    """Describe what is to be hidden of an original.

    Parameters
    ----------
    classifiers : sequence of Classifier
        The judges.
    logits : sequence of arrays of shape (classes,)
        The original's logits, one row for each classifier, over white and where it has transparency over black.
    accepted : sequence of int
        The known labels' indices; () where none is known.

    Returns
    -------
    Subject
        Predictions, classes to flee from, and the logits.
    """
    judges = _one_each(classifiers, logits)
    before = tuple(c.predictions(row[None])[0] for c, row in zip(judges, logits, strict=True))
    return Subject(before, tuple(flee_from(p.index, accepted) for p in before), tuple(logits))


def judge(
    classifiers: Sequence[Classifier], subject: Subject, logits: Sequence[Logits]
) -> tuple[bool, tuple[Judgement, ...]]:
    """Decide whether every classifier is fooled, over each background that the photo is judged over.

    Parameters
    ----------
    classifiers : sequence of Classifier
        The judges.
    subject : Subject
        What is to be hidden.
    logits : sequence of arrays of shape (classes,)
        The result's logits, one row for each value of ``subject``.

    Returns
    -------
    bool
        True if no classifier shows a class to flee from.
    tuple of Judgement
        Each classifier's answers before and after, those over black last.
    """
    judgements = tuple(
        Judgement(classifier.name, before, classifier.predictions(row[None])[0])
        for classifier, before, row in zip(_one_each(classifiers, logits), subject.before, logits, strict=True)
    )
    return all(fooled(row, flee) for row, flee in zip(logits, subject.flee, strict=True)), judgements


def still_recognised(judgements: Sequence[Judgement], subject: Subject) -> Judgement | None:
    """Find the first classifier that is not fooled.

    Parameters
    ----------
    judgements : sequence of Judgement
        Each classifier's answers.
    subject : Subject
        What is to be hidden.

    Returns
    -------
    Judgement or None
        Its answers; None if all are fooled.
    """
    pairs = zip(judgements, subject.flee, strict=True)
    return next((judgement for judgement, flee in pairs if judgement.after.index in flee), None)


def why_not(verdict: Verdict, subject: Subject) -> str:
    """Say which classifier is not fooled, and what it still says.

    Parameters
    ----------
    verdict : Verdict
        The verdict of a photo that is not protected.
    subject : Subject
        What is to be hidden.

    Returns
    -------
    str
        The reason, for example "efficientnet_lite0 still says palace (0.30)".
    """
    seen = still_recognised((*verdict.judgements, *verdict.over_black), subject)
    if seen is None:
        return "not protected"
    where = " over black" if any(seen is judgement for judgement in verdict.over_black) else ""
    return f"{seen.classifier} still says {seen.after.label} ({seen.after.probability:.2f}){where}"


def classify_all(classifiers: Sequence[Classifier], photos: Sequence[Pixels], batch: int | None = None) -> list[Logits]:
    """Classify photos.

    Parameters
    ----------
    classifiers : sequence of Classifier
        The judges.
    photos : sequence of uint8 arrays of shape (height, width, 3)
        RGB photos of any sizes.
    batch : int or None
        Number of photos in a network call, which is filled up to it; None takes all at once.

    Returns
    -------
    list of arrays of shape (photos, classes)
        Logits, one array for each classifier.
    """
    return [classifier(photos, batch) for classifier in classifiers]


def classify_seen(
    classifiers: Sequence[Classifier], seen: Sequence[Sequence[Pixels]], batch: int | None = None
) -> list[list[Logits]]:
    """Classify what is seen of photos.

    Parameters
    ----------
    classifiers : sequence of Classifier
        The judges.
    seen : sequence of sequences of uint8 arrays of shape (height, width, 3)
        Of each photo one picture for each background that it is judged over.
    batch : int or None
        As for ``classify_all``; what is seen over further backgrounds is classified alone.

    Returns
    -------
    list of lists of arrays of shape (classes,)
        For each photo one row for each classifier and background, as a ``Subject`` has them.
    """
    first = classify_all(classifiers, [pictures[0] for pictures in seen], batch)
    rows: list[list[Logits]] = [[logits[i] for logits in first] for i in range(len(seen))]
    for row, pictures in zip(rows, seen, strict=True):
        for picture in pictures[1:]:
            row += [logits[0] for logits in classify_all(classifiers, [picture], ALONE)]
    return rows


def _one_each(classifiers: Sequence[Classifier], values: Sequence[object]) -> list[Classifier]:
    """Repeat the classifiers for each background that there are values of."""
    return list(classifiers) * (len(values) // len(classifiers))


def decoded(data: bytes, name: str, limits: Limits) -> Photo:
    """Decode what a reader of the encoded file sees.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        What errors call the photo.
    limits : Limits
        Bounds of one photo.

    Returns
    -------
    Photo
        Upright, with its transparency.
    """
    return decode(data, name=name, limits=limits)
