"""What networks read of photos after each treatment of a panel: treatments in threads, beside the networks' calls.

One decision serves everybody who asks: an attack that stops once the panel passes, a result's survival, and a file that is
checked later. A network *reads* a photo if it does not fool that network, see ``logits.fooled``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Protocol, TypeAlias

import numpy as np

from ..codecs.transparency import WHITE, over
from ..defaults import BATCH
from ..logits import fooled
from ..models import Preprocess
from ..runtime.device import threads
from ..types import Alpha, Floats, Logits, Pixels, Survival
from .panel import Panel, Reads, Treatment
from .sharing import FILE

#: Of one treated photo, what each network takes: ``[background][network]``; None where the treatment was not applied.
_Inputs: TypeAlias = list[list[Floats]] | None


class PanelNetwork(Protocol):
    """A network that reads photos: a ``Classifier``, or an engine's fp32 logits."""

    @property
    def preprocess(self) -> Preprocess:
        """What makes its inputs."""
        ...

    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        """Compute logits.

        Parameters
        ----------
        inputs : float32 array of shape (n, 3, height, width)
            Inputs as ``preprocess`` makes them.
        batch : int, optional
            The static number of inputs in a network call.

        Returns
        -------
        float32 array of shape (n, classes)
            The logits.
        """
        ...


@dataclass(slots=True, eq=False)
class PanelReadings:
    """An original, and what is read of it after each treatment: found out once, for the first caller that asks.

    Attributes
    ----------
    pixels : uint8 array of shape (height, width, 3), RGB
        The original, upright.
    flee : tuple of tuple of int
        The classes to hide, for each network over the first background, then over the second.
    alpha : uint8 array of shape (height, width) or None
        The original's transparency.
    backgrounds : tuple of int
        Grey levels of the backgrounds that original and results are read over.
    reads : dict of Treatment to Reads
        What is known so far: of each treatment, for each network and background as in ``flee``, whether the treated original
        is read; None if the treatment was not applied.
    """

    pixels: Pixels
    flee: tuple[tuple[int, ...], ...]
    alpha: Alpha | None = None
    backgrounds: tuple[int, ...] = (WHITE,)
    reads: dict[Treatment, Reads] = field(default_factory=dict, repr=False)


def file_reads(logits: Sequence[Logits], flee: Sequence[Sequence[int]]) -> dict[Treatment, Reads]:
    """Return what is read of a file as it stands, where its logits are known already.

    Parameters
    ----------
    logits : sequence of arrays of shape (classes,)
        One row for each network over the first background, then over the second.
    flee : sequence of sequence of int
        The classes to hide, in the same order.

    Returns
    -------
    dict of Treatment to Reads
        The one treatment that leaves the file as it is.
    """
    (untreated,) = FILE.treatments
    return {untreated: tuple(not fooled(row, classes) for row, classes in zip(logits, flee, strict=True))}


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A picture that is to be read, and where the answers go."""

    pixels: Pixels
    alpha: Alpha | None
    original: PanelReadings
    treatments: Sequence[Treatment]
    reads: dict[Treatment, Reads]


class PanelReader:
    """Reads photos after each treatment of a panel. May be shared by threads.

    Parameters
    ----------
    panel : Panel
        The treatments.
    networks : sequence of PanelNetwork
        What reads; answers are in this order.
    batch : int
        The static number of photos in a network call, 1 or more, so that no answer depends on the photos beside it.
    slots : Semaphore or None
        Bounds how many treated photos there are at one time, for all who share it; None for one a thread of this process.
    """

    def __init__(
        self, panel: Panel, networks: Sequence[PanelNetwork], batch: int = BATCH, slots: Semaphore | None = None
    ) -> None:
        self.panel = panel
        self._networks = tuple(networks)
        self._batch = batch
        self._threads = threads()
        self._slots = slots or Semaphore(self._threads)

    def before(self, originals: Sequence[PanelReadings]) -> list[tuple[Reads, ...]]:
        """Read originals; what is known of them already is not read again.

        Parameters
        ----------
        originals : sequence of PanelReadings
            The originals; they keep the answers.

        Returns
        -------
        list of tuple of Reads
            For each original one answer a treatment, as ``Panel.survival`` takes them.
        """
        self._read(self._unknown(originals))
        return [self._in_order(original.reads) for original in originals]

    def after(
        self, originals: Sequence[PanelReadings], results: Sequence[Pixels], alphas: Sequence[Alpha | None] = ()
    ) -> list[tuple[Reads, ...]]:
        """Read results.

        Parameters
        ----------
        originals : sequence of PanelReadings
            What each result must not be read as, and over which backgrounds it is seen.
        results : sequence of uint8 arrays of shape (height, width, 3), RGB
            The results, as their files show them.
        alphas : sequence of uint8 arrays of shape (height, width) or None
            Each result's transparency; () where none has any.

        Returns
        -------
        list of tuple of Reads
            As of ``before``.
        """
        asked = self._asked(originals, results, alphas)
        self._read(asked)
        return [self._in_order(one.reads) for one in asked]

    def survival(
        self,
        originals: Sequence[PanelReadings],
        results: Sequence[Pixels],
        alphas: Sequence[Alpha | None] = (),
        known: Sequence[Mapping[Treatment, Reads]] = (),
    ) -> list[Survival]:
        """Find what results survive: ``before`` and ``after`` at one go, and ``Panel.survival``.

        Parameters
        ----------
        originals : sequence of PanelReadings
            The originals; they keep what is read of them.
        results : sequence of uint8 arrays of shape (height, width, 3), RGB
            The results, as their files show them.
        alphas : sequence of uint8 arrays of shape (height, width) or None
            Each result's transparency; () where none has any.
        known : sequence of mapping of Treatment to Reads
            What is known of each result already and is not read again; () where nothing is.

        Returns
        -------
        list of Survival
            One a result.
        """
        asked = self._asked(originals, results, alphas, known)
        self._read([*self._unknown(originals), *asked])
        pairs = zip(originals, asked, strict=True)
        return [
            self.panel.survival(self._in_order(before.reads), self._in_order(after.reads)) for before, after in pairs
        ]

    def _in_order(self, reads: dict[Treatment, Reads]) -> tuple[Reads, ...]:
        return tuple(reads[treatment] for treatment in self.panel.treatments)

    def _unknown(self, originals: Sequence[PanelReadings]) -> list[_Asked]:
        """List what is still to be read of originals."""
        asked = []
        for original in dict.fromkeys(originals):
            missing = self._missing(original.reads)
            asked.append(_Asked(original.pixels, original.alpha, original, missing, original.reads))
        return asked

    def _missing(self, reads: Mapping[Treatment, Reads]) -> list[Treatment]:
        return [treatment for treatment in self.panel.treatments if treatment not in reads]

    def _asked(
        self,
        originals: Sequence[PanelReadings],
        results: Sequence[Pixels],
        alphas: Sequence[Alpha | None],
        known: Sequence[Mapping[Treatment, Reads]] = (),
    ) -> list[_Asked]:
        count = len(results)
        rows = zip(originals, results, alphas or [None] * count, known or [{}] * count, strict=True)
        return [
            _Asked(pixels, alpha, original, self._missing(reads), dict(reads))
            for original, pixels, alpha, reads in rows
        ]

    def _read(self, asked: Sequence[_Asked]) -> None:
        """Read pictures; every call of a network is full, but for the last one."""
        waiting: list[tuple[_Asked, Treatment, list[list[Floats]]]] = []
        with ThreadPoolExecutor(self._threads, thread_name_prefix="pixelpriv-panel") as pool:
            for one, treatment, task in self._ahead(pool, asked):
                inputs = task.result()
                if inputs is None:
                    one.reads[treatment] = None
                    continue
                waiting.append((one, treatment, inputs))
                if len(waiting) >= self._batch:
                    self._judge(waiting)
                    waiting = []
        if waiting:
            self._judge(waiting)

    def _ahead(
        self, pool: ThreadPoolExecutor, asked: Sequence[_Asked]
    ) -> Iterator[tuple[_Asked, Treatment, Future[_Inputs]]]:
        """Yield every treatment in order, while the next ones are under way; of those that wait only the inputs are left."""
        begun: deque[tuple[_Asked, Treatment, Future[_Inputs]]] = deque()
        room = max(self._batch, 2 * self._threads)
        for one in asked:
            if not one.treatments:
                continue
            seen = [over(one.pixels, one.alpha, background) for background in one.original.backgrounds]
            shared = [self.panel.shared(picture) for picture in seen]
            for treatment in one.treatments:
                pictures = seen if treatment.channel is None else shared
                begun.append((one, treatment, pool.submit(self._inputs, treatment, pictures)))
                if len(begun) > room:
                    yield begun.popleft()
        yield from begun

    def _inputs(self, treatment: Treatment, pictures: Sequence[Pixels]) -> _Inputs:
        """Treat what is seen over each background; what is kept is what the networks take of it."""
        found = []
        for picture in pictures:
            with self._slots:
                treated = treatment.treated(picture)
                if treated is None:
                    return None
                found.append([network.preprocess.rounded(treated) for network in self._networks])
        return found

    def _judge(self, waiting: Sequence[tuple[_Asked, Treatment, list[list[Floats]]]]) -> None:
        """Ask the networks, and note of each picture which of them read it."""
        seen = [inputs for _, _, backgrounds in waiting for inputs in backgrounds]
        columns = zip(self._networks, zip(*seen, strict=True), strict=True)
        rows = iter(list(zip(*(network.logits(np.stack(x), self._batch) for network, x in columns), strict=True)))
        for one, treatment, backgrounds in waiting:
            answers = [row for _ in backgrounds for row in next(rows)]
            one.reads[treatment] = tuple(
                not fooled(row, flee) for row, flee in zip(answers, one.original.flee, strict=True)
            )
