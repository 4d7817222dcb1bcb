"""The kinds of steps: of one photo, of a batch, and beside the photos' clocks.

A photo that fails keeps its error and is passed over by every later step; the other photos go on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from ..errors import ModelError, PhotoError, PixelPrivError, StorageError
from .deadline import Abandoned
from .work import Work

_LOG = logging.getLogger(__name__)

W = TypeVar("W", bound=Work)
W_contra = TypeVar("W_contra", bound=Work, contravariant=True)

#: Where a step runs, in this order: "ahead", in a thread before the photo is given memory; "before" the networks, in a
#: thread; "together", a batch at the networks, in the caller's thread; "after" them, a batch in a thread; "last", batch
#: after batch in one thread.
Where = Literal["ahead", "before", "together", "after", "last"]


class Step(Protocol[W_contra]):
    """One entry of a pipeline."""

    @property
    def where(self) -> Where:
        """The place where it runs."""
        ...

    @property
    def name(self) -> str:
        """The function's name."""
        ...

    def run(self, works: Sequence[W_contra], /) -> None:
        """Run on the photos of one batch. Only what no other photo could survive either is raised."""
        ...


@dataclass(frozen=True, slots=True)
class Alone(Generic[W_contra]):
    """A step of one photo.

    Attributes
    ----------
    where : Where
        The place where it runs.
    function : callable
        Takes the photo.
    """

    where: Where
    function: Callable[[W_contra], None]

    @property
    def name(self) -> str:
        """The function's name."""
        return _name(self.function)

    def run(self, works: Sequence[W_contra], /) -> None:
        """Run on every photo that is alive; a failure stays with its photo."""
        for work in works:
            if work.alive:
                work.error = _attempt([work], self._run_one) or work.error

    def _run_one(self, works: Sequence[W_contra]) -> None:
        self.function(works[0])


@dataclass(frozen=True, slots=True)
class Together(Generic[W_contra]):
    """A step of a whole batch.

    Attributes
    ----------
    where : Where
        The place where it runs.
    function : callable
        Takes the photos.
    """

    where: Where
    function: Callable[[Sequence[W_contra]], None]

    @property
    def name(self) -> str:
        """The function's name."""
        return _name(self.function)

    def run(self, works: Sequence[W_contra], /) -> None:
        """Run on all photos that are alive, and if that fails one by one, so that the failure stays with its photo."""
        alive = [work for work in works if work.alive]
        error = _attempt(alive, self.function) if alive else None
        if error is None:
            return
        for work in alive:
            work.error = (error if len(alive) == 1 else _attempt([work], self.function)) or work.error


@dataclass(frozen=True, slots=True)
class Aside(Generic[W_contra]):
    """A step outside the photos' clocks that sees all photos of a batch, failed and skipped ones too.

    Attributes
    ----------
    where : Where
        The place where it runs.
    function : callable
        Takes the photos; what it raises ends the run.
    """

    where: Where
    function: Callable[[Sequence[W_contra]], None]

    @property
    def name(self) -> str:
        """The function's name."""
        return _name(self.function)

    def run(self, works: Sequence[W_contra], /) -> None:
        """Run on all photos."""
        self.function(works)


def _name(function: Callable[..., None]) -> str:
    return str(getattr(function, "func", function).__name__)


def _attempt(works: Sequence[W], function: Callable[[Sequence[W]], None]) -> PixelPrivError | None:
    """Run a step on living photos and return why it failed. A photo whose time is over gets its own error.

    Choice: a file comes of the whole recipe or not at all, so that no file depends on how busy the machine was; the time
    is looked at after each step. Only what no other photo could survive either (a missing model, a full disk, an
    interrupt) is passed on.
    """
    try:
        with _timed(works):
            function(works)
        for work in works:
            _check_time(work)
    except (ModelError, StorageError, Abandoned):
        raise
    except Exception as error:  # noqa: BLE001 - the boundary between photos: one's bug must not lose the rest
        _LOG.debug("%s failed", works[0].name, exc_info=True)
        if isinstance(error, PixelPrivError):
            return error
        return PhotoError(f"{works[0].name}: {type(error).__name__}: {error}")
    return None


def _check_time(work: Work) -> None:
    if work.deadline.cancelled.is_set():
        raise Abandoned
    if work.alive and work.deadline.over(work.seconds):
        limit = work.deadline.seconds
        work.error = PhotoError(f"{work.name}: took over {limit:g} s; raise --timeout, or shrink the photo")


@contextmanager
def _timed(works: Sequence[Work]) -> Iterator[None]:
    """Add the block's wall time to the photos in it, in equal shares."""
    start = time.perf_counter()
    try:
        yield
    finally:
        share = (time.perf_counter() - start) / len(works)
        for work in works:
            work.seconds += share
