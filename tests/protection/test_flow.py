"""The bounded flow: order, batches that depend on nothing but the items, bounds that hold, and ends that come."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from pixelpriv_fast.protection.flow import Steps, flow


@dataclass(eq=False)
class Thing:
    number: int
    cost: int = 1
    done: list[str] = field(default_factory=list)


@dataclass
class Record:
    """Steps that note what they saw."""

    batches: list[list[int]] = field(default_factory=list)
    held: int = 0
    most: int = 0
    abandoned: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, thing: Thing) -> None:
        with self.lock:
            self.held += thing.cost
            self.most = max(self.most, self.held)
        time.sleep(0.001 * (thing.number % 3))
        thing.done.append("prepared")

    def together(self, things: list[Thing]) -> None:
        assert all(thing.done == ["prepared"] for thing in things)
        self.batches.append([thing.number for thing in things])

    def finish(self, things: list[Thing]) -> None:
        time.sleep(0.001 * len(things))
        for thing in things:
            thing.done.append("finished")
        with self.lock:
            self.held -= sum(thing.cost for thing in things)

    def abandon(self) -> None:
        self.abandoned += 1

    def steps(self) -> Steps[Thing]:
        return Steps(lambda t: t.cost, lambda t: t.cost, self.prepare, self.together, self.finish, self.abandon)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_order_and_batches_depend_on_the_items_alone(workers: int) -> None:
    record = Record()
    things = [Thing(i, cost=10 if i == 7 else 1) for i in range(23)]
    results = list(flow(things, record.steps(), workers=workers, batch=4, memory=24))
    assert results == things
    assert all(thing.done == ["prepared", "finished"] for thing in things)
    assert record.batches[:4] == [[0, 1, 2, 3], [4, 5, 6], [7], [8, 9, 10, 11]], "a heavy one goes alone"
    assert record.abandoned == 1


def test_what_is_on_its_way_is_bounded() -> None:
    record = Record()
    for _ in flow((Thing(i, 5) for i in range(60)), record.steps(), workers=4, batch=2, memory=40):
        time.sleep(0.0005)
    assert 10 < record.most <= 40


def test_one_that_is_over_the_bound_goes_alone() -> None:
    record = Record()
    list(flow([Thing(0, 1), Thing(1, 1000), Thing(2, 1)], record.steps(), workers=2, batch=8, memory=40))
    assert record.most == 1000


@pytest.mark.parametrize("step", ["weigh", "read", "prepare", "together", "finish", "source"])
def test_an_error_ends_the_flow_and_never_hangs_it(step: str) -> None:
    record = Record()

    def broken(*_: object) -> int:
        raise RuntimeError(step)

    def items() -> Iterator[Thing]:
        yield from (Thing(i) for i in range(9))
        if step == "source":
            broken()

    steps = record.steps()
    if step != "source":
        steps = Steps(**{name: getattr(steps, name) for name in Steps.__slots__} | {step: broken})
    with pytest.raises(RuntimeError, match=step):
        list(flow(items(), steps, workers=2, batch=2, memory=100))
    assert record.abandoned == 1


def test_closing_it_stops_the_work() -> None:
    record = Record()
    running = flow((Thing(i) for i in range(10_000)), record.steps(), workers=2, batch=2, memory=1000)
    next(running)
    before = threading.active_count()
    running.close()
    assert record.abandoned == 1
    assert len(record.batches) < 10
    assert threading.active_count() < before


def test_nothing_in_nothing_out() -> None:
    assert list(flow([], Record().steps(), workers=1, batch=1, memory=1)) == []
