"""Compiled batches, networks compiled for one static batch size, and the bounded store of them that an engine keeps."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from queue import Empty, LifoQueue
from typing import TypeAlias

import numpy as np

from ...models import equal_batch
from ...models.store.folders import engine_cache
from ...runtime import Array, Binding, Choice, Provider, Session, SessionOptions, create_session, version
from ...runtime.device import threads
from ...words import Precision

#: (what to compute: "gradient", "logits" or a precision; photos in flight: the batch size, or parallel requests).
Key: TypeAlias = tuple[str, int]

#: Compiled batches that one engine keeps: a batch's size and 1, gradient and logits, twice. Each holds its own copy of
#: the weights.
_KEPT = 8


class CompiledBatch:
    """A session with static shapes whose buffers are bound. Any thread may call.

    Parameters
    ----------
    session : Session
        What computes; its shapes are static.
    parallel_requests : int
        Number of requests in flight at once, each with buffers of its own.
    """

    def __init__(self, session: Session, parallel_requests: int = 1) -> None:
        self.session = session
        self._parallel_requests = parallel_requests
        self._idle: LifoQueue[list[Binding]] = LifoQueue()

    def __call__(self, *arrays: Array) -> list[Array]:
        """Compute the answers for ``arrays`` of equal length, in requests of the static batch size.

        Rows that are left over repeat the last row, so that they hold values of the usual kind.
        """
        try:
            bindings = self._idle.get_nowait()
        except Empty:
            bindings = [self.session.bind() for _ in range(self._parallel_requests)]
        count, batch = len(arrays[0]), len(bindings[0].inputs[0])
        answers = [np.empty((count, *output.shape[1:]), output.dtype) for output in bindings[0].outputs]
        in_flight: deque[tuple[Binding, int]] = deque()
        for number, start in enumerate(range(0, count, batch)):
            if len(in_flight) == self._parallel_requests:
                _read(*in_flight.popleft(), answers)
            binding = bindings[number % self._parallel_requests]
            used = min(batch, count - start)
            for buffer, array in zip(binding.inputs, arrays, strict=True):
                buffer[:used] = array[start : start + used]
                buffer[used:] = array[-1]
            binding.start()
            in_flight.append((binding, start))
        while in_flight:
            _read(*in_flight.popleft(), answers)
        self._idle.put(bindings)
        return answers

    def close(self) -> None:
        """Close the session."""
        self.session.close()


def in_flight(provider: Provider, batch: int) -> int:
    """Return the number of photos in flight at once.

    Parameters
    ----------
    provider : Provider
        What runs the network.
    batch : int
        Number of photos in a network call that the caller asks for.

    Returns
    -------
    int
        The batch size, or the number of parallel requests.
    """
    return min(batch, threads()) if provider.parallel else equal_batch(batch, provider.max_batch)


def batch_and_requests(provider: Provider, photos: int) -> tuple[int, int]:
    """Return the batch size and the number of parallel requests that keep ``photos`` in flight.

    Parameters
    ----------
    provider : Provider
        What runs the network.
    photos : int
        Number of photos in flight.

    Returns
    -------
    tuple of two int
        Batch size, and number of parallel requests.
    """
    return (1, photos) if provider.parallel else (photos, 1)


def compiled(graph: bytes, provider: Provider, precision: Precision, parallel_requests: int = 1) -> CompiledBatch:
    """Compile a graph.

    Parameters
    ----------
    graph : bytes
        An ONNX model with static shapes.
    provider : Provider
        What runs it.
    precision : Precision
        Precision of the arithmetic.
    parallel_requests : int
        Number of requests in flight at once.

    Returns
    -------
    CompiledBatch
        Ready to be called.

    Raises
    ------
    DeviceError
        If the provider refuses this model.
    """
    cache = None
    if provider.compiles:
        cache = engine_cache() / hashlib.sha256(f"{version(provider.name)} {precision} ".encode() + graph).hexdigest()
    options = SessionOptions(precision=precision, parallel_requests=parallel_requests, engine_cache=cache)
    return CompiledBatch(create_session(graph, Choice(provider, "chosen by the engine"), options), parallel_requests)


def _read(binding: Binding, start: int, answers: Sequence[Array]) -> None:
    """Wait for what ``binding`` computes, and put it into ``answers`` from row ``start`` on."""
    binding.wait()
    for answer, output in zip(answers, binding.outputs, strict=True):
        rows = answer[start : start + len(output)]
        rows[:] = output[: len(rows)]


class CompiledBatches:
    """Compiled batches by key, made on first use; the least recently used ones are dropped. Any thread may ask.

    Parameters
    ----------
    make : callable
        Makes the compiled batch of a key.
    """

    def __init__(self, make: Callable[[Key], CompiledBatch]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()

    def get(self, key: Key) -> CompiledBatch:
        """Return the compiled batch of ``key``. If making it raises, the next call tries again."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > _KEPT:
                self._entries.popitem(last=False)  # freed when the last call under way is done with it
        with entry.lock:
            if entry.made is None:
                entry.made = self._make(key)
            return entry.made

    def close(self) -> None:
        """Close every session."""
        with self._lock:
            entries, self._entries = list(self._entries.values()), OrderedDict()
        for entry in entries:
            with entry.lock:
                if entry.made is not None:
                    entry.made.close()


class _Entry:
    __slots__ = ("lock", "made")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: CompiledBatch | None = None
