"""A bounded flow of batches; it knows nothing of photos.

Items are read ahead, prepared ahead and finished behind in threads, while the caller's thread does what a whole batch
does together. No task waits for another one, only the caller's thread waits for tasks. So nothing can lock up, and a
caller that stops asking for results stops the work.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

#: The share of the memory budget that one batch may hold; as much again may wait as unread files.
_SHARE = 4

#: Maximum number of items in a batch, those that need nothing included: they wait for their batch.
_MAX_ITEMS = 4096


class Moving(Protocol):
    """What travels through a flow."""

    @property
    def alive(self) -> bool:
        """Whether anything is still to be done; False takes no place in a batch."""
        ...

    @property
    def weight(self) -> int:
        """Number of bytes that stage ``ahead`` will read."""
        ...

    @property
    def cost(self) -> int:
        """Number of bytes that it holds on its way; known after stage ``ahead``."""
        ...

    @property
    def left(self) -> int:
        """Number of bytes that it holds while it waits for stage ``last``."""
        ...


T = TypeVar("T", bound=Moving)


@dataclass(frozen=True, slots=True)
class Stages(Generic[T]):
    """What happens to items. An exception ends the flow: an item must keep its own failure.

    Attributes
    ----------
    ahead : callable
        Takes one item, in a thread, before it is given memory; afterwards ``cost`` is known.
    before : callable
        Takes one item, in a thread.
    together : callable
        Takes a batch, in the caller's thread.
    after : callable
        Takes a batch, in a thread.
    last : callable or None
        Takes a batch, in one thread, batch after batch; what was handed to it is done even if the flow ends early.
    cancel : callable
        Called once the caller no longer wants results.
    """

    ahead: Callable[[T], None]
    before: Callable[[T], None]
    together: Callable[[list[T]], None]
    after: Callable[[list[T]], None]
    last: Callable[[list[T]], None] | None = None
    cancel: Callable[[], None] = lambda: None


@dataclass(slots=True)
class _Batch(Generic[T]):
    items: list[T]
    cost: int
    tasks: list[Future[None]]
    alive: int = 0  #: items that take a place

    @property
    def done(self) -> bool:
        return all(task.done() for task in self.tasks)


def flow(items: Iterable[T], stages: Stages[T], *, workers: int, batch: int, memory: int) -> Iterator[T]:
    """Take items through the stages.

    Batches depend on the items alone, never on ``workers`` or on timing.

    Parameters
    ----------
    items : iterable
        Asked for in the caller's thread.
    stages : Stages
        What happens to each.
    workers : int
        Number of threads, 1 or more.
    batch : int
        Maximum number of living items in a batch; a batch holds fewer if they are large.
    memory : int
        Maximum number of bytes that items on their way hold together, or one item if that alone holds more. Unread files
        and items that wait for their batch come on top, a quarter of it at most.

    Yields
    ------
    item
        Each item after all its stages, in order.
    """
    with (
        ThreadPoolExecutor(1, thread_name_prefix="pixelpriv-last") as last,
        ThreadPoolExecutor(workers, thread_name_prefix="pixelpriv") as pool,
    ):
        try:
            yield from _Flow(stages, pool, last, workers, batch, memory).run(items)
        finally:
            stages.cancel()
            pool.shutdown(wait=True, cancel_futures=True)


class _Flow(Generic[T]):
    """The caller's side of one flow."""

    def __init__(
        self,
        stages: Stages[T],
        pool: ThreadPoolExecutor,
        last: ThreadPoolExecutor,
        workers: int,
        batch: int,
        memory: int,
    ) -> None:
        self.stages = stages
        self.pool = pool
        self.last = last
        self.workers = workers
        self.batch = batch
        self.memory = memory
        self.held = 0  #: bytes of all batches on their way
        self.current: _Batch[T] | None = None  #: being prepared, the next one to be taken together
        self.finishing: deque[_Batch[T]] = deque()
        self.ending: deque[_Batch[T]] = deque()  #: at stage ``last``

    def run(self, items: Iterable[T]) -> Iterator[T]:
        for upcoming in self._batches(items):
            yield from self._make_room(upcoming.cost)
            upcoming.tasks = [self.pool.submit(self.stages.before, item) for item in upcoming.items if item.alive]
            self.held += upcoming.cost
            self._advance()
            while self.finishing and (len(self.finishing) > self.workers or self.finishing[0].done):
                yield from self._finished()
            while self.ending and (len(self.ending) > self.workers or self.ending[0].done):
                yield from self._ended()
            self.current = upcoming
        self._advance()
        while self.finishing:
            yield from self._finished()
        while self.ending:
            yield from self._ended()

    def _make_room(self, cost: int) -> Iterator[T]:
        while self.held and self.held + cost > self.memory:
            if not self.finishing and not self.ending:
                self._advance()
            yield from self._finished() if self.finishing else self._ended()

    def _advance(self) -> None:
        """Take the current batch together once it is prepared, and hand it on to be finished."""
        batch, self.current = self.current, None
        if batch is None:
            return
        for task in batch.tasks:
            task.result()
        self.stages.together(batch.items)
        batch.tasks = [self.pool.submit(self.stages.after, batch.items)]
        self.finishing.append(batch)

    def _finished(self) -> Iterator[T]:
        """Hand out the first batch that is being finished, or hand it on to the last stage."""
        batch = self.finishing.popleft()
        batch.tasks[0].result()
        self.held -= batch.cost
        if self.stages.last is None:
            yield from batch.items
            return
        batch.cost = sum(item.left for item in batch.items)
        self.held += batch.cost
        batch.tasks = [self.last.submit(self.stages.last, batch.items)]
        self.ending.append(batch)

    def _ended(self) -> Iterator[T]:
        batch = self.ending.popleft()
        batch.tasks[0].result()
        self.held -= batch.cost
        yield from batch.items

    def _batches(self, items: Iterable[T]) -> Iterator[_Batch[T]]:
        filling: _Batch[T] = _Batch([], 0, [])
        for item in self._read_ahead(items):
            full = filling.alive == self.batch or filling.cost + item.cost > self.memory // _SHARE
            if filling.items and (full or len(filling.items) == _MAX_ITEMS):
                yield filling
                filling = _Batch([], 0, [])
            filling.items.append(item)
            filling.cost += item.cost
            filling.alive += item.alive
        if filling.items:
            yield filling

    def _read_ahead(self, items: Iterable[T]) -> Iterator[T]:
        """Yield every item once stage ``ahead`` is over. Up to two batches are read ahead, while their files are small."""
        source = iter(items)
        waiting: deque[tuple[T, int, Future[None] | None]] = deque()
        unread = 0
        while True:
            room = 2 * self.batch - len(waiting) if unread <= self.memory // _SHARE else 0
            for item in itertools.islice(source, room):
                size = item.weight if item.alive else 0
                waiting.append((item, size, self.pool.submit(self.stages.ahead, item) if item.alive else None))
                unread += size
                if unread > self.memory // _SHARE:
                    break
            if not waiting:
                return
            item, size, task = waiting.popleft()
            if task is not None:
                task.result()
            unread -= size
            yield item
