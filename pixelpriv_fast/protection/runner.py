"""Takes photos through the pipeline: ahead of the networks and behind them in threads."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..codecs import EncodeOptions, Limits
from ..errors import UsageError
from .deadline import Deadline
from .flow import flow
from .networks import LazyNetworks, Networks
from .options import PhotoOptions, settings_of
from .pipeline import photo_steps, run_at, stages_of
from .recipes import Recipe
from .step_kinds import Step, W
from .work import MadeWith, Work

#: Batches attacked together when photos can finish early, so that freed places in a network call are refilled. More fills
#: calls better but delays results.
_REFILLS = 4


class PhotoRunner:
    """Takes photos through the pipeline. May be shared by threads.

    Parameters
    ----------
    options : PhotoOptions
        Recipe, encoding, metrics and so on.
    networks : LazyNetworks
        The networks, loaded on first use.
    timeout : float or None
        Maximum seconds of a photo, counted as its share of each batch; None sets no limit.
    workers : int
        Number of threads, 1 or more.
    memory : int
        Maximum bytes that photos on their way hold together; a larger photo goes alone.
    """

    def __init__(
        self, options: PhotoOptions, networks: LazyNetworks, timeout: float | None, workers: int, memory: int
    ) -> None:
        self.options = options
        self.timeout = timeout
        self.workers = workers
        self.memory = memory
        self._networks = networks

    @property
    def recipe(self) -> Recipe:
        """What the photos are protected by."""
        return self.options.recipe

    @property
    def encoding(self) -> EncodeOptions:
        """How files are written."""
        return self.options.encoding

    @property
    def limits(self) -> Limits:
        """Bounds of one photo."""
        return self.options.limits

    @property
    def seed(self) -> int:
        """The user's seed."""
        return self.options.seed

    @property
    def retry(self) -> bool:
        """Whether files that are not protected are tried again."""
        return self.options.retry

    @property
    def classifier_names(self) -> tuple[str, ...]:
        """The classifiers to fool."""
        return self._networks.options.classifiers

    @property
    def device(self) -> str:
        """What really runs, see ``Networks.device``. Loads the networks."""
        return self.networks().device

    @property
    def repeatable(self) -> bool:
        """Whether the networks promise a photo the same bytes whatever is beside it. Loads them."""
        return self.networks().repeatable

    @property
    def ready(self) -> bool:
        """Whether the classifiers' files are there, so that loading them builds nothing."""
        return self._networks.options.ready

    @property
    def classes(self) -> int:
        """The number of classes that every classifier has; only their files are read."""
        return self._networks.options.classes

    @property
    def made_with(self) -> MadeWith:
        """What makes the results. Loads the networks."""
        return MadeWith(self.recipe.word, ",".join(self.classifier_names), self.device)

    def settings(self) -> dict[str, Any]:
        """See ``options.settings_of``. Loads the networks."""
        return settings_of(self.options, self._networks.options, self.networks())

    def networks(self, batch: int = 1) -> Networks:
        """Return the networks; the call that loads them prepares the victims for ``batch`` photos at a time."""
        return self._networks.get(batch)

    def steps(self, batch: int, *, encode: bool = True) -> tuple[Step[Work], ...]:
        """List what happens to a photo.

        Parameters
        ----------
        batch : int
            Number of photos in a network call, 1 or more.
        encode : bool
            Whether the photo is encoded and judged as a file.

        Returns
        -------
        tuple of Step
            The pipeline; a caller may add steps of its own before it is run.
        """
        return photo_steps(self.options, self.networks, batch, encode=encode)

    def run(self, works: Iterable[W], steps: Sequence[Step[W]], batch: int) -> Iterator[W]:
        """Take photos through steps.

        Parameters
        ----------
        works : iterable of Work
            The photos; those that are not alive only keep their place.
        steps : sequence of Step
            The pipeline.
        batch : int
            Number of photos in a network call, 1 or more.

        Yields
        ------
        Work
            The finished photos, in order.

        Raises
        ------
        UsageError
            If ``batch`` is less than 1.
        """
        if batch < 1:
            raise UsageError(f"batch is {batch}; it must be at least 1")
        deadline = Deadline(self.timeout)
        load = partial(self.networks, batch)  # before a photo's time counts
        stages = stages_of(steps, load, self._sign, deadline.cancelled.set)
        timed = (_with_deadline(work, deadline) for work in works)
        yield from flow(timed, stages, workers=self.workers, batch=self.flow_batch(batch), memory=self.memory)

    def flow_batch(self, batch: int) -> int:
        """Return how many photos go through the steps together: more if some can finish an attack early."""
        attack = self.recipe.cascade
        return batch * (_REFILLS if attack is not None and attack.ends_early else 1)

    def encoded_as(self, batch: int, work: Work, format_name: str) -> Work:
        """Encode a finished photo in another format and judge it as a file, without a time limit.

        Parameters
        ----------
        batch : int
            Number of photos in a network call, 1 or more.
        work : Work
            The finished photo; it is left as it is.
        format_name : str
            A codec's name.

        Returns
        -------
        Work
            The photo with its file.
        """
        encoding = replace(self.options.encoding, format=format_name)
        again = _with_deadline(copy.copy(work), Deadline())
        run_at(photo_steps(replace(self.options, encoding=encoding), self.networks, batch), "after", [again])
        self._sign([again])
        return again

    def _sign(self, works: Sequence[Work]) -> None:
        made_with = self.made_with
        for work in works:
            work.made_with = made_with


def _with_deadline(work: W, deadline: Deadline) -> W:
    work.deadline = deadline
    return work
