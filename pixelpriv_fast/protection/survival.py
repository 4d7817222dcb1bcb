"""What a result is still protected after: who asks for it, how records and people are told, and the panel on any photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from .. import defaults
from ..attacks import Attack
from ..channels.panel import Panel
from ..channels.readings import PanelReader, PanelReadings
from ..codecs import Limits
from ..codecs.sources import Source, load
from ..codecs.transparency import BACKGROUNDS, WHITE, seen_through, shown
from ..errors import UsageError
from ..models import Classifier, load_classifier
from ..registry import PANELS
from ..types import Photo, Survival
from .verdicts import ALONE, classify_seen, subject_of


def panel_asked(name: str, survival: bool | None, required: bool, attacks: Iterable[Attack]) -> Panel | None:
    """Return the panel that results are to be put to.

    Parameters
    ----------
    name : str
        The panel's name.
    survival : bool or None
        Whether it is asked; None asks if it is required or an attack works towards survival.
    required : bool
        Whether a photo's status depends on it.
    attacks : iterable of Attack
        The recipe's attacks.

    Returns
    -------
    Panel or None
        The panel; None where it is not asked.

    Raises
    ------
    UsageError
        If there is no such panel, or what is required is not to be measured.
    """
    panel = panel_of(name)
    if required and survival is False:
        raise UsageError("survival is required and is not to be measured; leave one of the two out")
    asked = required or any(attack.survives for attack in attacks) if survival is None else survival
    return panel if asked else None


def panel_of(name: str) -> Panel:
    """Return the panel of a name. Raises ``UsageError`` if there is none."""
    return cast(Panel, PANELS.load(name))


def lost_words(failed: Sequence[str], shown: int | None = None) -> str:
    """Say in a few words after which treatments a class to hide is read again.

    Parameters
    ----------
    failed : sequence of str
        Names of treatments.
    shown : int or None
        Number of treatments that are named; None names all.

    Returns
    -------
    str
        The words; "" for no treatment.
    """
    more = f" and {len(failed) - shown} more" if shown is not None and len(failed) > shown else ""
    return f"read again after {', '.join(failed[:shown])}{more}" if failed else ""


def survival_record(survival: Survival | None) -> dict[str, Any] | None:
    """Return a survival as JSON holds it; None where it was not asked."""
    return (
        None if survival is None else {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(survival).items()}
    )


def survival_of(
    panel: Panel,
    classifiers: Sequence[Classifier],
    flee: tuple[tuple[int, ...], ...],
    original: Photo,
    result: Photo,
    backgrounds: tuple[int, ...],
) -> Survival:
    """Find out what one decoded result survives.

    Parameters
    ----------
    panel : Panel
        The treatments.
    classifiers : sequence of Classifier
        The networks that must not read it.
    flee : tuple of tuple of int
        The classes to hide, in the order of ``Subject.flee``.
    original, result : Photo
        The two photos.
    backgrounds : tuple of int
        Grey levels of the backgrounds that both are seen over.

    Returns
    -------
    Survival
        What it survives.
    """
    readings = PanelReadings(original.pixels, flee, original.alpha, backgrounds)
    (found,) = PanelReader(panel, classifiers, ALONE).survival([readings], [result.pixels], [result.alpha])
    return found


def survive(
    image: Source,
    original: Source,
    classifier: str | Sequence[str] = defaults.CLASSIFIER,
    *,
    label: int | Sequence[int] | None = None,
    panel: str = defaults.PANEL,
    models: str | Path | None = None,
    device: str = "auto",
) -> Survival:
    """Find out what any protected photo is still protected after: it and its original go through every treatment.

    Parameters
    ----------
    image : path, bytes, PIL image or uint8 RGB array of shape (height, width, 3)
        The protected photo; as a file where there is one, since that is what is shared.
    original : path, bytes, PIL image or uint8 RGB array of shape (height, width, 3)
        The original.
    classifier : str or sequence of str
        The networks that must not read it.
    label : int, sequence of int or None
        Further classes to hide, beside each classifier's top-1 of the original.
    panel : str
        The treatments, by their panel's name.
    models : path or None
        A folder of models to look in first.
    device : str
        "auto" or "cpu", or a provider's name.

    Returns
    -------
    Survival
        What it survives.

    Raises
    ------
    PhotoError
        If one of the photos cannot be read.
    UsageError
        If a word is unknown.
    ModelError
        If a network is missing or damaged.
    """
    treatments = panel_of(panel)
    names = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    classifiers = [load_classifier(name, models, device) for name in names]
    try:
        before, after = load(original, Limits()), load(image, Limits())
        opaque = seen_through(before.alpha) is None and seen_through(after.alpha) is None
        backgrounds = (WHITE,) if opaque else BACKGROUNDS
        (logits,) = classify_seen(classifiers, [[shown(before, grey) for grey in backgrounds]], ALONE)
        subject = subject_of(classifiers, logits, indices_of(label))
        return survival_of(treatments, classifiers, subject.flee, before, after, backgrounds)
    finally:
        for one in classifiers:
            one.close()


def indices_of(label: int | Sequence[int] | None) -> tuple[int, ...]:
    """Return the accepted classes of a photo, which a caller may give as one number."""
    if label is None:
        return ()
    return (label,) if isinstance(label, int) else tuple(label)
