"""Gradients by backward graph: the classifier's own ``.onnx``, differentiated as ONNX nodes, on any provider.

Needs no PyTorch. A provider is used for gradients only after its graph was proved right on it, and one that fails,
at once or in the middle of a run, is left for the next one: loudly, and said in ``device`` from then on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from ...errors import DeviceError, ModelError
from ...models import Preprocess, StampedModel
from ...runtime.forks import Guard
from ...types import Floats, Logits
from ..checks import checked_gradient, checked_logits
from ..protocol import ClassSets
from .route import Route
from .ways import Way, ways

_LOG = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")

#: Where the number of slots is left to the engine: the power of two that holds the photos, up to this one.
MAX_SLOTS = 32


class OnnxEngine:
    """A ``GradientEngine`` on the first of ``choices`` that works, ranking by ``wish`` (see ``Ranking``). Made by
    ``load``."""

    def __init__(self, model: StampedModel, choices: Iterator[Way], wish: str = "auto") -> None:
        stamp = model.stamp
        if stamp.kind != "classifier" or stamp.preprocess is None or stamp.labels is None:
            raise ModelError(f"{stamp.name} is a {stamp.kind}, not a classifier")
        self.name = stamp.name
        self.preprocess: Preprocess = stamp.preprocess
        self.classes = len(stamp.labels)
        self._model = model
        self._choices, self._wish = choices, wish
        self._left: list[str] = []  # why ways were left, in their order
        self._lock = threading.Lock()
        self._guard = Guard(f"{self.name} engine's")
        self._route = self._next()

    @property
    def device(self) -> str:
        """As "onnx OpenVINO bf16", and which better ways failed."""
        failed = f" ({'; '.join(self._left)})" if self._left else ""
        return f"onnx {self._route.way}{failed}"

    @property
    def precision(self) -> str:
        return self._route.way.precision

    @property
    def rough_precision(self) -> str:
        return self._attempt(lambda route: route.ranking.rank.precision)

    @property
    def rough_error(self) -> float:
        return self._attempt(lambda route: route.ranking.rank.error)

    @property
    def repeatable(self) -> bool:
        return self._route.way.provider.device == "cpu"

    @property
    def most(self) -> int | None:
        provider = self._route.way.provider
        return None if provider.lanes else provider.most

    def prepare(self, slots: int) -> None:
        """See ``GradientEngine.prepare``."""
        self._attempt(lambda route: route.prepare(slots))

    def logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.logits``."""
        size = slots or _size(len(inputs))
        (logits,) = self._attempt(lambda route: route.run("logits", size, inputs))
        return checked_logits(self.name, logits)

    def rough_logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.rough_logits``."""
        size = slots or _size(len(inputs))
        logits = self._attempt(lambda route: route.ranking.logits(inputs, size))
        return checked_logits(self.name, logits)

    def gradient(self, inputs: Floats, accepted: ClassSets, slots: int | None = None) -> tuple[Logits, Floats]:
        """See ``GradientEngine.gradient``."""
        size = slots or _size(len(inputs))
        logits, gradient = self._attempt(lambda route: route.run("gradient", size, inputs, accepted))
        return checked_logits(self.name, logits), checked_gradient(self.name, gradient)

    def close(self) -> None:
        """See ``GradientEngine.close``."""
        self._guard.close()
        if not self._guard.foreign:
            self._route.close()

    def _attempt(self, call: Callable[[Route], _Answer]) -> _Answer:
        """``call`` on the present route, or on the first later one that does not fail."""
        while True:
            self._guard.check()
            route = self._route
            try:
                return call(route)
            except DeviceError as error:
                self._guard.check()  # closed meanwhile: no fault of the provider
                self._leave(route, str(error))

    def _leave(self, failed: Route, why: str) -> None:
        """Goes over to the next way, unless another thread has. Raises ``DeviceError`` where there is none."""
        with self._lock:
            if self._route is not failed:
                return
            if why not in self._left:  # the last way is asked again by every call
                self._left.append(why)
            self._route = self._next()
            _LOG.warning("%s: %s; going on with %s", self.name, why, self._route.way)

    def _next(self) -> Route:
        way = next(self._choices, None)
        if way is None:
            raise DeviceError(f"{self.name}: no way to run is left: {'; '.join(self._left)}")
        return Route(way, self._model, self.preprocess, self.classes, self._wish)


def load(model: StampedModel, device: str = "auto", precision: str = "auto") -> OnnxEngine:
    """The engine of a stamped classifier. ``device``: "auto", "cpu", "cuda" or a provider's name. Raises as ``ways``,
    and ``ModelError`` for a model that is no classifier."""
    return OnnxEngine(model, ways(device, precision), precision)


def _size(photos: int) -> int:
    return int(min(MAX_SLOTS, 1 << (photos - 1).bit_length()))
