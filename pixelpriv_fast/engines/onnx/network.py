"""A network's backward graph on the first backend that works: what the engines for classifiers and for scorers share.

A provider is used for gradients only after a self-test of its graph. If a provider fails, now or mid-run, the engine
warns, moves to the next one and reports it in ``device``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from ...errors import DeviceError, ModelError
from ...graph import BuildsBackward
from ...models import Preprocess, StampedModel
from ...models.card import Kind
from ...runtime.forks import Guard
from ...words import Precision
from ..protocol import Engine
from .backends import Backend
from .compiled import CompiledBackend

_LOG = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")

#: Where the batch size is left to the engine: the power of two that holds the photos, up to this one.
MAX_BATCH = 32


class OnnxNetwork(Engine):
    """An engine on the first backend that works.

    Parameters
    ----------
    model : StampedModel
        The network.
    candidates : iterator of Backend
        Backends to try, best first.
    kind : {"classifier", "scorer"}
        What it must be.
    build : callable
        Builds its backward graph.

    Raises
    ------
    ModelError
        If the model is of another kind.
    """

    def __init__(self, model: StampedModel, candidates: Iterator[Backend], kind: Kind, build: BuildsBackward) -> None:
        stamp = model.stamp
        if stamp.kind != kind or stamp.preprocess is None:
            raise ModelError(f"{stamp.name} is a {stamp.kind}, not a {kind}")
        self._model = model
        self._preprocess = stamp.preprocess
        self._build = build
        self._candidates = candidates
        self._failures: list[str] = []  # why backends were given up, in their order
        self._lock = threading.Lock()
        self._guard = Guard(f"{self.name} engine's")
        self._compiled = self._next()

    @property
    def name(self) -> str:
        """The network's name."""
        return self._model.stamp.name

    @property
    def preprocess(self) -> Preprocess:
        """What makes the network's inputs from photos."""
        return self._preprocess

    @property
    def device(self) -> str:
        """As "onnx OpenVINO bf16", and which better backends failed."""
        failed = f" ({'; '.join(self._failures)})" if self._failures else ""
        return f"onnx {self._compiled.backend}{failed}"

    @property
    def precision(self) -> Precision:
        """Precision of gradients."""
        return self._compiled.backend.precision

    @property
    def repeatable(self) -> bool:
        """Whether answers are bit-identical in any batch: on a CPU."""
        return self._compiled.backend.provider.device == "cpu"

    @property
    def max_batch(self) -> int | None:
        """Preferred maximum number of photos per call."""
        provider = self._compiled.backend.provider
        return None if provider.parallel else provider.max_batch

    def prepare(self, batch: int) -> None:
        """Compile what calls with ``batch`` photos need."""
        self._attempt(lambda compiled: compiled.prepare(batch))

    def close(self) -> None:
        """Free what the engine holds."""
        self._guard.close()
        if not self._guard.foreign:
            self._compiled.close()

    def _attempt(self, call: Callable[[CompiledBackend], _Answer]) -> _Answer:
        """Return ``call`` on the present backend, or on the first later one that does not fail."""
        while True:
            self._guard.check()
            compiled = self._compiled
            try:
                return call(compiled)
            except DeviceError as error:
                self._guard.check()  # closed meanwhile: no fault of the provider
                self._give_up(compiled, str(error))

    def _give_up(self, failed: CompiledBackend, why: str) -> None:
        """Move to the next backend, unless another thread has. Raises ``DeviceError`` where there is none."""
        with self._lock:
            if self._compiled is not failed:
                return
            if why not in self._failures:  # the last backend is asked again by every call
                self._failures.append(why)
            self._compiled = self._next()
            _LOG.warning("%s: %s; going on with %s", self.name, why, self._compiled.backend)

    def _next(self) -> CompiledBackend:
        backend = next(self._candidates, None)
        if backend is None:
            raise DeviceError(f"{self.name}: no backend is left: {'; '.join(self._failures)}")
        return CompiledBackend(backend, self._model, self._preprocess, self._build)


def batch_of(photos: int) -> int:
    """Return the batch size for ``photos`` where it is left to the engine."""
    return int(min(MAX_BATCH, 1 << (photos - 1).bit_length()))
