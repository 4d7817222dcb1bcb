"""The clock: ratios, bands and rounds, in time made up by the test."""

from __future__ import annotations

import gc
from itertools import count

import pytest

from pixelpriv_fast.bench.clock import Effort, measure, median_and_mad
from tests.bench.fake import FakeTime


def test_the_first_call_stands_apart() -> None:
    time = FakeTime()
    costs = iter([7.0] + [0.002] * 10_000)

    def compiles_once() -> None:
        time.work(next(costs))()

    found = measure(compiles_once, time.work(0.004), Effort(), time.clocks)
    assert found.first.wall == pytest.approx(7.0)
    assert found.yardstick_first.wall == pytest.approx(0.004)
    assert max(reading.wall for reading in found.case) == pytest.approx(0.002)
    assert found.fastest == pytest.approx((0.002, 0.004))


def test_what_others_take_is_in_the_wall_time_alone() -> None:
    time = FakeTime()
    found = measure(time.work(0.001, stolen=0.05), time.work(0.002, stolen=0.001), Effort(budget=9), time.clocks)
    assert found.fastest == pytest.approx((0.001, 0.002))
    assert median_and_mad([reading.wall for reading in found.case])[0] > 0.01


def test_an_interrupted_reading_may_be_too_short_and_does_not_count() -> None:
    time, calls = FakeTime(), count()

    def interrupted_now_and_then() -> None:
        if next(calls) % 7 == 6:
            time.processor, time.wall = time.processor + 0.0007, time.wall + 0.01
        else:
            time.work(0.001)()

    found = measure(interrupted_now_and_then, time.work(0.002), Effort(), time.clocks)
    assert min(reading.processor for reading in found.case) == pytest.approx(0.0007)
    assert found.fastest == pytest.approx((0.001, 0.002))


def test_short_calls_are_repeated_within_a_reading() -> None:
    time, calls = FakeTime(), []
    quick = time.work(1e-5)

    def counted() -> None:
        calls.append(1)
        quick()

    found = measure(counted, time.work(0.001), Effort(block=0.0005), time.clocks)
    assert len(calls) == 2 + 50 * len(found.case)
    assert found.fastest == pytest.approx((1e-5, 0.001))


def test_the_fastest_reading_of_each_side_counts() -> None:
    time = FakeTime(1)
    found = measure(time.disturbed(0.001), time.disturbed(0.004), Effort(budget=2.0), time.clocks)
    assert found.fastest == pytest.approx((0.001, 0.004), rel=0.02)


def test_rounds_go_on_until_the_budget_is_spent() -> None:
    def rounds(seconds: float, **fields: float) -> int:
        time = FakeTime()
        effort = Effort(**({"budget": 0.1} | fields))
        return len(measure(time.work(seconds), time.work(seconds), effort, time.clocks).case)

    assert rounds(0.001) == 50
    assert rounds(1.0) == rounds(0.001, budget=0.0) == 2


def test_a_case_that_waits_ends_by_the_wall_clock() -> None:
    time = FakeTime()
    found = measure(time.work(0.0, stolen=0.01), time.work(0.001), Effort(budget=0.1), time.clocks)
    assert 2 <= len(found.case) < 100
    assert time.wall < 103


@pytest.mark.parametrize("collected", [True, False])
def test_garbage_is_not_collected_meanwhile_and_as_before_afterwards(collected: bool) -> None:
    time, seen = FakeTime(), []

    def looks() -> None:
        seen.append(gc.isenabled())
        time.work(1.0)()
        if len(seen) > 20:
            raise KeyError

    was = gc.isenabled()
    try:
        gc.enable() if collected else gc.disable()
        with pytest.raises(KeyError):
            measure(looks, time.work(1.0), Effort(budget=1e9), time.clocks)
        assert gc.isenabled() is collected
    finally:
        gc.enable() if was else gc.disable()
    assert not any(seen)
