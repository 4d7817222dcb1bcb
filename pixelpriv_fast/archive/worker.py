"""One process of a cluster: a ``Protector`` that reads photos and answers with files and verdicts. It writes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..errors import ModelError, PixelPrivError
from ..protection.protector import Protector
from ..protection.step_kinds import Alone, Aside, Step
from ..protection.work import MadeWith
from .photo import DONE, ArchivePhoto, drop_pixels
from .report.evidence import evidence_of
from .walk import Item


@dataclass(frozen=True, slots=True)
class Making:
    """How every process of a job makes its ``Protector``.

    Attributes
    ----------
    make : callable
        Makes it by the keyword ``workers``.
    threads : int
        Number of its threads.
    batch : int
        Number of photos at a time.
    """

    make: Callable[..., Protector]
    threads: int
    batch: int

    def protector(self) -> Protector:
        """Make it and load its networks."""
        protector = self.make(workers=self.threads)
        protector.load(self.batch)
        return protector


@dataclass(frozen=True, slots=True)
class Facts:
    """What a loaded ``Protector`` says of itself.

    Attributes
    ----------
    settings : dict
        Everything that files depend on.
    made_with : MadeWith
        Recipe, classifiers and device.
    repeatable : bool
        Whether a photo gives the same bytes whatever is beside it.
    flow_batch : int
        Number of photos that go through the steps together.
    memory : int
        Maximum bytes that photos on their way hold together.
    """

    settings: dict[str, Any]
    made_with: MadeWith
    repeatable: bool
    flow_batch: int
    memory: int

    @classmethod
    def of(cls, making: Making) -> Self:
        """Load a ``Protector`` and ask it."""
        with making.protector() as made:
            return cls(made.settings(), made.made_with, made.repeatable, made.flow_batch(making.batch), made.memory)


class Worker:
    """One actor. Loads its networks with its first photos, so that what goes wrong is an answer, not a dead actor.

    Parameters
    ----------
    making : Making
        How to make the ``Protector``.
    settings : dict
        The settings that it must have.
    shown : bool
        Whether the report's pictures are made.
    """

    def __init__(self, making: Making, settings: dict[str, Any], shown: bool = False) -> None:
        self._making = making
        self._settings = settings
        self._shown = shown
        self._protector: Protector | None = None

    def __call__(self, tasks: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Protect the photos of one call (Ray's own protocol) and answer with one row for each."""
        try:
            for photo in self._protected(tasks):
                yield _row_of(photo)
        except PixelPrivError as error:
            yield _row_of(error)

    def _protected(self, tasks: dict[str, Any]) -> Iterator[ArchivePhoto]:
        if self._protector is None:
            self._protector = self._ready()
        items = [Item(Path(os.fsdecode(path)), "", "") for path in tasks["path"]]
        labels = ([int(index) for index in accepted] for accepted in tasks["accepted"])
        photos = [ArchivePhoto.of(item, accepted) for item, accepted in zip(items, labels, strict=True)]
        for photo, known in zip(photos, tasks["done"], strict=True):
            photo.known = known
        return self._protector.run(photos, self._steps(self._protector), self._making.batch)

    def _steps(self, protector: Protector) -> tuple[Step[ArchivePhoto], ...]:
        reading, *rest = protector.steps(self._making.batch)
        pictures = (Aside("after", _make_pictures),) if self._shown else ()
        return (reading, Alone("ahead", _skip_known), *rest, *pictures, Aside("after", drop_pixels))

    def _ready(self) -> Protector:
        protector = self._making.protector()
        if (own := protector.settings()) != self._settings:
            names = ", ".join(sorted(name for name in own if own[name] != self._settings.get(name)))
            protector.close()
            raise ModelError(
                f"{os.uname().nodename} would write other files than the rest of the cluster: its {names} differ; "
                "give all machines the same release and networks, and name --engine and --precision"
            )
        return protector


def _skip_known(photo: ArchivePhoto) -> None:
    """Skip a photo, on a worker, whose content the journal calls done."""
    if photo.sha256 == photo.known:
        photo.skipped = DONE


def _make_pictures(photos: Sequence[ArchivePhoto]) -> None:
    """Make what the report shows, on a worker."""
    for photo in photos:
        if photo.alive:
            with suppress(Exception):  # a report without its pictures is better than no photo
                photo.pictures = evidence_of(photo)


def facts_of(making: Making) -> Facts | PixelPrivError:
    """Return what a ``Protector`` says of itself, or why there is none."""
    try:
        return Facts.of(making)
    except PixelPrivError as error:
        return error


def _row_of(value: Any) -> dict[str, Any]:
    """Make a batch of one row: an object of its own, whatever it holds."""
    column = np.empty(1, dtype=object)
    column[0] = value
    return {"answer": column}


def value_of(answer: Any) -> Any:
    """Return a worker's answer, or raise the error that it is."""
    if isinstance(answer, PixelPrivError):
        raise answer
    return answer
