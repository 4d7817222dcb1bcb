"""The clock: ratios, bands and rounds, in time made up by the test."""

from __future__ import annotations

import gc

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
    assert found.ratio == pytest.approx(0.5)


def test_what_others_take_is_in_the_wall_time_and_not_in_the_ratio() -> None:
    time = FakeTime()
    found = measure(time.work(0.001, stolen=0.05), time.work(0.002, stolen=0.001), Effort(budget=9), time.clocks)
    assert found.ratio == pytest.approx(0.5)
    assert median_and_mad([reading.wall for reading in found.case])[0] > 0.01


def test_short_calls_are_repeated_within_a_reading() -> None:
    time, calls = FakeTime(), []
    quick = time.work(1e-5)

    def counted() -> None:
        calls.append(1)
        quick()

    found = measure(counted, time.work(0.001), Effort(block=0.0005), time.clocks)
    assert len(calls) == 3 + 50 * len(found.case)
    assert found.ratio == pytest.approx(0.01)


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_the_band_is_the_deviation_of_the_ratio_between_runs(noise: float) -> None:
    effort = Effort(goal=0.0, budget=1e9, most=60)
    runs = []
    for seed in range(60):
        time = FakeTime(seed)
        runs.append(measure(time.work(0.001, noise), time.work(0.001, noise), effort, time.clocks))
    spread = (sum((run.ratio - 1) ** 2 for run in runs) / len(runs)) ** 0.5
    band = sum(run.band for run in runs) / len(runs)
    assert band == pytest.approx(spread, rel=0.3)


def test_rounds_go_on_until_the_noise_is_small() -> None:
    def rounds(noise: float, **fields: float) -> int:
        time = FakeTime(3)
        effort = Effort(**({"budget": 5.0, "goal": 0.01} | fields))
        return len(measure(time.work(0.001, noise), time.work(0.001, noise), effort, time.clocks).case)

    assert rounds(0.0) == 10
    assert 10 < rounds(0.1) < 400
    assert rounds(0.3, goal=0.0) == 400
    assert rounds(0.1, budget=0.0) == 3


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
            measure(looks, time.work(1.0), Effort(goal=0.0, budget=1e9), time.clocks)
        assert gc.isenabled() is collected
    finally:
        gc.enable() if was else gc.disable()
    assert not any(seen)
