"""The bounded flow: order, batches that depend on nothing but the items, bounds that hold, and ends that come."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from pixelpriv_fast.protection.flow import Stages, flow


@dataclass(eq=False)
class Thing:
    number: int
    cost: int = 1
    alive: bool = True
    left: int = 0
    done: list[str] = field(default_factory=list)

    @property
    def weight(self) -> int:
        return self.cost


@dataclass
class Record:
    """Stages that note what they saw."""

    batches: list[list[int]] = field(default_factory=list)
    held: int = 0
    most: int = 0
    abandoned: int = 0
    written: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, thing: Thing) -> None:
        with self.lock:
            self.held += thing.cost
            self.most = max(self.most, self.held)
        time.sleep(0.001 * (thing.number % 3))
        thing.done.append("prepared")

    def together(self, things: list[Thing]) -> None:
        assert all(thing.done == ["ahead", "prepared"] for thing in things if thing.alive)
        self.batches.append([thing.number for thing in things])

    def finish(self, things: list[Thing]) -> None:
        time.sleep(0.001 * len(things))
        for thing in things:
            thing.done.append("finished")
        with self.lock:
            self.held -= sum(thing.cost for thing in things)

    def abandon(self) -> None:
        self.abandoned += 1

    def ahead(self, thing: Thing) -> None:
        thing.done.append("ahead")

    def last(self, things: list[Thing]) -> None:
        self.written += [thing.number for thing in things]

    def stages(self) -> Stages[Thing]:
        return Stages(self.ahead, self.prepare, self.together, self.finish, None, self.abandon)

    def writing(self) -> Stages[Thing]:
        return replace(self.stages(), last=self.last)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_order_and_batches_depend_on_the_items_alone(workers: int) -> None:
    record = Record()
    things = [Thing(i, cost=10 if i == 7 else 1) for i in range(23)]
    results = list(flow(things, record.stages(), workers=workers, batch=4, memory=24))
    assert results == things
    assert all(thing.done == ["ahead", "prepared", "finished"] for thing in things)
    assert record.batches[:4] == [[0, 1, 2, 3], [4, 5, 6], [7], [8, 9, 10, 11]], "a heavy one goes alone"
    assert record.abandoned == 1


def test_what_is_on_its_way_is_bounded() -> None:
    record = Record()
    for _ in flow((Thing(i, 5) for i in range(60)), record.stages(), workers=4, batch=2, memory=40):
        time.sleep(0.0005)
    assert 10 < record.most <= 40


def test_one_that_is_over_the_bound_goes_alone() -> None:
    record = Record()
    list(flow([Thing(0, 1), Thing(1, 1000), Thing(2, 1)], record.stages(), workers=2, batch=8, memory=40))
    assert record.most == 1000


@pytest.mark.parametrize("step", ["ahead", "before", "together", "after", "last", "source"])
def test_an_error_ends_the_flow_and_never_hangs_it(step: str) -> None:
    record = Record()

    def broken(*_: object) -> int:
        raise RuntimeError(step)

    def items() -> Iterator[Thing]:
        yield from (Thing(i) for i in range(9))
        if step == "source":
            broken()

    stages = record.writing()
    if step != "source":
        stages = replace(stages, **{step: broken})
    with pytest.raises(RuntimeError, match=step):
        list(flow(items(), stages, workers=2, batch=2, memory=100))
    assert record.abandoned == 1


def test_closing_it_stops_the_work() -> None:
    record = Record()
    running = flow((Thing(i) for i in range(10_000)), record.stages(), workers=2, batch=2, memory=1000)
    next(running)
    before = threading.active_count()
    running.close()
    assert record.abandoned == 1
    assert len(record.batches) < 10
    assert threading.active_count() < before


def test_nothing_in_nothing_out() -> None:
    assert list(flow([], Record().stages(), workers=1, batch=1, memory=1)) == []


def test_what_needs_nothing_keeps_its_place_and_takes_none() -> None:
    record = Record()
    things = [Thing(i, alive=i % 3 == 0) for i in range(20)]
    assert list(flow(things, record.writing(), workers=2, batch=3, memory=100)) == things
    assert record.written == list(range(20)), "the last stage sees all of them, in order"
    assert [[n for n in batch if n % 3 == 0] for batch in record.batches] == [[0, 3, 6], [9, 12, 15], [18]]
    assert all("ahead" not in thing.done for thing in things if not thing.alive)


def test_what_was_handed_to_the_last_stage_is_done_though_nothing_more_is_asked_for() -> None:
    record = Record()
    running = flow((Thing(i) for i in range(1000)), record.writing(), workers=2, batch=2, memory=1000)
    first = next(running)
    running.close()
    assert first.number in record.written
    assert len(record.written) < 1000
    assert record.written == list(range(len(record.written)))


def test_what_waits_for_the_last_stage_counts() -> None:
    record, slow = Record(), threading.Event()
    held: list[int] = []

    def last(things: list[Thing]) -> None:
        slow.wait(0.01)
        held.append(sum(map(len, record.batches)) - len(record.written) - len(things))
        record.last(things)

    stages = replace(record.stages(), last=last)
    list(flow((Thing(i, 5, left=5) for i in range(60)), stages, workers=4, batch=2, memory=40))
    assert max(held) <= 8, "eight of them fill the memory"
