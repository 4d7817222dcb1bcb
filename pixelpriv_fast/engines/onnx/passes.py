"""Compiled network passes of static size, and the bounded store of them that an engine keeps."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from queue import Empty, LifoQueue
from typing import TypeAlias

import numpy as np

from ...models import pass_size
from ...models.store.folders import engine_cache
from ...runtime import Array, Binding, Choice, Provider, Session, SessionOptions, create_session, version
from ...runtime.device import threads
from ...words import Precision

#: What is computed ("gradient" or "logits", or a precision), and the photos under way at once: the slots of a pass, or
#: lanes.
Key: TypeAlias = tuple[str, int]

#: Passes that one engine keeps compiled: a batch's size and 1, gradient and logits, twice. Each holds its own copy of
#: the weights.
_MOST = 8


class Pass:
    """A session whose buffers are bound, ``lanes`` times. Any thread may call; calls under way at once have buffers of
    their own."""

    def __init__(self, session: Session, lanes: int = 1) -> None:
        self.session = session
        self._lanes = lanes
        self._idle: LifoQueue[list[Binding]] = LifoQueue()

    def __call__(self, *arrays: Array) -> list[Array]:
        """The session's answers for ``arrays`` of as many rows each, in runs of as many as there are slots; slots left
        over repeat the last row, so that they hold values of the usual kind."""
        try:
            bindings = self._idle.get_nowait()
        except Empty:
            bindings = [self.session.bind() for _ in range(self._lanes)]
        count, slots = len(arrays[0]), len(bindings[0].inputs[0])
        answers = [np.empty((count, *output.shape[1:]), output.dtype) for output in bindings[0].outputs]
        under_way: deque[tuple[Binding, int]] = deque()
        for number, start in enumerate(range(0, count, slots)):
            if len(under_way) == self._lanes:
                _read(*under_way.popleft(), answers)
            binding = bindings[number % self._lanes]
            used = min(slots, count - start)
            for buffer, array in zip(binding.inputs, arrays, strict=True):
                buffer[:used] = array[start : start + used]
                buffer[used:] = array[-1]
            binding.start()
            under_way.append((binding, start))
        while under_way:
            _read(*under_way.popleft(), answers)
        self._idle.put(bindings)
        return answers

    def close(self) -> None:
        """Closes the session."""
        self.session.close()


def at_once(provider: Provider, slots: int) -> int:
    """The photos under way at once where the caller wants passes of ``slots``."""
    return min(slots, threads()) if provider.lanes else pass_size(slots, provider.most)


def in_lanes(provider: Provider, photos: int) -> tuple[int, int]:
    """The slots and lanes of a pass with so many photos under way at once."""
    return (1, photos) if provider.lanes else (photos, 1)


def compiled(graph: bytes, provider: Provider, precision: Precision, lanes: int = 1) -> Pass:
    """A pass of ``graph`` in ``precision``. Raises as ``create_session``."""
    cache = None
    if provider.compiles:
        cache = engine_cache() / hashlib.sha256(f"{version(provider.name)} {precision} ".encode() + graph).hexdigest()
    options = SessionOptions(precision=precision, lanes=lanes, engine_cache=cache)
    return Pass(create_session(graph, Choice(provider, "chosen by the engine"), options), lanes)


def _read(binding: Binding, start: int, answers: Sequence[Array]) -> None:
    """Waits for what ``binding`` computes, and puts it into ``answers`` from row ``start`` on."""
    binding.wait()
    for answer, output in zip(answers, binding.outputs, strict=True):
        rows = answer[start : start + len(output)]
        rows[:] = output[: len(rows)]


class Passes:
    """Passes by key, made on first use, the least recently used ones dropped. Any thread may ask; one makes it."""

    def __init__(self, make: Callable[[Key], Pass]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()

    def get(self, key: Key) -> Pass:
        """The pass of ``key``. Raises what making it raises; the next call then tries again."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > _MOST:
                self._entries.popitem(last=False)  # freed when the last call under way is done with it
        with entry.lock:
            if entry.made is None:
                entry.made = self._make(key)
            return entry.made

    def close(self) -> None:
        """Closes every session."""
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
        self.made: Pass | None = None
