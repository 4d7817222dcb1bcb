"""A bounded flow of batches: files are read ahead, decoded ahead and finished behind in threads, while the caller's
thread does what a whole batch does together. Knows nothing of photos.

No task waits for another one, only the caller's thread waits for tasks: so there is nothing that could lock up, and
whoever stops asking for results stops the work.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

#: The share of the memory budget that one batch may hold; as much again may wait as unread files.
_SHARE = 4


@dataclass(frozen=True, slots=True)
class Steps(Generic[T]):
    """What happens to an item. ``weigh``: bytes to be read, asked in the caller's thread before anything else.
    ``read`` (in a thread): returns the bytes that the item will hold while it is on its way. ``prepare`` (in a
    thread), ``together`` (a batch, in the caller's thread), ``finish`` (a batch, in a thread). What they raise ends
    the flow: an item's own failure is the item's to keep. ``abandoned`` is called once nobody waits any more.
    """

    weigh: Callable[[T], int]
    read: Callable[[T], int]
    prepare: Callable[[T], None]
    together: Callable[[list[T]], None]
    finish: Callable[[list[T]], None]
    abandoned: Callable[[], None] = lambda: None


@dataclass(slots=True)
class _Batch(Generic[T]):
    items: list[T]
    cost: int
    tasks: list[Future[None]]


def flow(items: Iterable[T], steps: Steps[T], *, workers: int, batch: int, memory: int) -> Iterator[T]:
    """``items`` in their order, each after all its steps, ``batch`` at a time (fewer where they are large).

    Batches depend on the items alone, never on ``workers`` or on timing. Items on their way hold at most ``memory``
    bytes as ``read`` counts them, or one item where that alone holds more; unread files and those waiting for their
    batch come on top, a quarter of ``memory`` at most.
    """
    with ThreadPoolExecutor(workers, thread_name_prefix="pixelpriv") as pool:
        try:
            yield from _Flow(steps, pool, workers, batch, memory).run(items)
        finally:
            steps.abandoned()
            pool.shutdown(wait=True, cancel_futures=True)


class _Flow(Generic[T]):
    """The caller's side of one flow."""

    def __init__(self, steps: Steps[T], pool: ThreadPoolExecutor, workers: int, batch: int, memory: int) -> None:
        self.steps = steps
        self.pool = pool
        self.workers = workers
        self.batch = batch
        self.memory = memory
        self.held = 0  #: bytes of all batches on their way
        self.current: _Batch[T] | None = None  #: decoding, the next one to be taken together
        self.finishing: deque[_Batch[T]] = deque()

    def run(self, items: Iterable[T]) -> Iterator[T]:
        for upcoming in self._batches(items):
            yield from self._make_room(upcoming.cost)
            upcoming.tasks = [self.pool.submit(self.steps.prepare, item) for item in upcoming.items]
            self.held += upcoming.cost
            self._advance()
            while self.finishing and (len(self.finishing) > self.workers or self.finishing[0].tasks[0].done()):
                yield from self._finished()
            self.current = upcoming
        self._advance()
        while self.finishing:
            yield from self._finished()

    def _make_room(self, cost: int) -> Iterator[T]:
        while self.held and self.held + cost > self.memory:
            if not self.finishing:
                self._advance()
            yield from self._finished()

    def _advance(self) -> None:
        """Takes the current batch together, once it is decoded, and hands it on to be finished."""
        batch, self.current = self.current, None
        if batch is None:
            return
        for task in batch.tasks:
            task.result()
        self.steps.together(batch.items)
        batch.tasks = [self.pool.submit(self.steps.finish, batch.items)]
        self.finishing.append(batch)

    def _finished(self) -> Iterator[T]:
        batch = self.finishing.popleft()
        batch.tasks[0].result()
        self.held -= batch.cost
        yield from batch.items

    def _batches(self, items: Iterable[T]) -> Iterator[_Batch[T]]:
        filling: _Batch[T] = _Batch([], 0, [])
        for item, cost in self._read_ahead(items):
            full = len(filling.items) == self.batch or filling.cost + cost > self.memory // _SHARE
            if filling.items and full:
                yield filling
                filling = _Batch([], 0, [])
            filling.items.append(item)
            filling.cost += cost
        if filling.items:
            yield filling

    def _read_ahead(self, items: Iterable[T]) -> Iterator[tuple[T, int]]:
        """Every item with its cost. Up to two batches are read ahead, while their files are small."""
        source = iter(items)
        waiting: deque[tuple[T, int, Future[int]]] = deque()
        unread = 0
        while True:
            room = 2 * self.batch - len(waiting) if unread <= self.memory // _SHARE else 0
            for item in itertools.islice(source, room):
                size = self.steps.weigh(item)
                waiting.append((item, size, self.pool.submit(self.steps.read, item)))
                unread += size
                if unread > self.memory // _SHARE:
                    break
            if not waiting:
                return
            item, size, task = waiting.popleft()
            cost = task.result()
            unread -= size
            yield item, cost
