"""Compiled network passes of static size, and the bounded store of them that an engine keeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from queue import Empty, LifoQueue
from typing import TypeAlias

from ..runtime import Array, Binding, Session

#: What is computed ("gradient", "logits" or "rough"), and the number of slots.
Key: TypeAlias = tuple[str, int]

#: Passes that one engine keeps compiled: a batch's size and 1, gradient and logits, twice. Each holds its own copy of
#: the weights.
_MOST = 8


class Pass:
    """A session whose buffers are bound. Any thread may call; calls under way at once have buffers of their own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._idle: LifoQueue[Binding] = LifoQueue()

    def __call__(self, *arrays: Array) -> list[Array]:
        """The session's answers for ``arrays``, at most as many rows each as there are slots; the slots left over
        repeat the last row, so that they hold values of the usual kind."""
        try:
            binding = self._idle.get_nowait()
        except Empty:
            binding = self.session.bind()
        count = len(arrays[0])
        for buffer, rows in zip(binding.inputs, arrays, strict=True):
            buffer[:count] = rows
            buffer[count:] = rows[-1]
        binding.run()
        answers = [output[:count].copy() for output in binding.outputs]
        self._idle.put(binding)
        return answers


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
                    entry.made.session.close()


class _Entry:
    __slots__ = ("lock", "made")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: Pass | None = None
