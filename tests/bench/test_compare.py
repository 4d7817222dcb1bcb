"""The verdict: a slower kernel is caught, an unchanged one passes, noise is neither hidden nor blamed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.bench.case import BenchCase, TimedPair
from pixelpriv_fast.bench.clock import Effort
from pixelpriv_fast.bench.compare import MAX_PROCESSES, MIN_PROCESSES, Change, compare, settled
from pixelpriv_fast.bench.lines import compared
from pixelpriv_fast.bench.records import FORMAT, Record, Report
from pixelpriv_fast.bench.subprocesses import run_case
from pixelpriv_fast.errors import ModelError, UsageError
from tests.bench.fake import FakeTime

EFFORT = Effort(budget=0.1)


@pytest.fixture(autouse=True)
def _no_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of made-up processes here need not collect pytest's garbage each."""
    monkeypatch.setattr("pixelpriv_fast.bench.clock.gc.collect", lambda: 0)


class Machine:
    """Fresh processes on a machine with slow spells: each process has its own luck with memory, and three in ten run in a
    spell that slows the case by 60 % and its yardstick by 35 % from beginning to end."""

    def __init__(self, seconds: float, seed: int) -> None:
        self.seconds, self.processes = seconds, 0
        self._time, self._rng = FakeTime(seed), np.random.default_rng(seed)

    def __call__(self, names: Sequence[str]) -> list[Record]:
        self.processes += 1
        spell = self._rng.random() < 0.3
        case, yardstick = 1.0 + 0.01 * self._rng.exponential(size=2)
        pair = TimedPair(
            self._time.disturbed(self.seconds, case * (1.6 if spell else 1.0)),
            self._time.disturbed(0.004, yardstick * (1.35 if spell else 1.0)),
            "fake",
            lambda: 2.0,
        )
        return [run_case(BenchCase(name, "twin", lambda: pair), EFFORT, self._time.clocks) for name in names]


def verdict(slowed: float, seed: int) -> bool:
    baseline = Report({}, settled(["kernel/x"], Machine(0.001, seed)))
    again = Machine(0.001 * slowed, seed + 1000)
    report = Report({}, settled(["kernel/x"], again, MAX_PROCESSES, {r.name: r for r in baseline.records}))
    changes, _ = compare(report, baseline, again)
    return changes[0].regressed


def test_a_kernel_slowed_by_a_fifth_is_caught_every_time() -> None:
    assert all(verdict(1.2, seed) for seed in range(40))


def test_an_unchanged_kernel_passes_every_time() -> None:
    assert not any(verdict(1.0, seed) for seed in range(40))


def record(ratio: float, name: str = "a", yardstick: float = 1.0, band: float | None = None) -> Record:
    return Record(name, "twin", ratio=ratio, band=band, fastest=(ratio * yardstick,), yardstick_fastest=(yardstick,))


def test_of_several_processes_the_fastest_sides_make_the_ratio() -> None:
    found = Record.merged([record(3.0), record(2.2, yardstick=0.5), record(1.0, yardstick=1.02), record(2.0)])
    assert found.fastest == (3.0, 1.1, 1.02, 2.0)
    assert found.ratio == pytest.approx(1.02 / 0.5)
    assert found.band == pytest.approx(1.1 / 1.02 - 1 + 1.0 / 0.5 - 1)
    assert Record.merged([record(2.0)]).band is None
    assert Record.merged([Record("b", "twin", reason="no")]).reason == "no"


def test_processes_measure_what_is_not_sure_yet() -> None:
    asked: list[tuple[str, ...]] = []

    def measurer(names: Sequence[str]) -> list[Record]:
        asked.append(tuple(names))
        ratios = {"quiet": 1.0, "clears": max(1.0, 2.0 - 0.1 * len(asked)), "never": 0.5 ** len(asked)}
        return [record(ratios[name], name) for name in names]

    found = settled(["quiet", "clears", "never"], measurer, MAX_PROCESSES)
    assert [one.name for one in found] == ["quiet", "clears", "never"]
    times = [sum(name in names for names in asked) for name in ("quiet", "clears", "never")]
    assert times == [3 * MIN_PROCESSES, 11, MAX_PROCESSES]


def test_a_machine_slower_than_in_the_baseline_is_not_sure() -> None:
    speeds = iter([1.3, 1.3, 1.31, 1.3, 1.01, 1.0])
    before = {"a": record(1.0)}
    found = settled(["a"], lambda names: [record(1.0, yardstick=next(speeds))], MAX_PROCESSES, before)
    assert len(found[0].fastest) == 6
    other_machine = settled(["a"], lambda names: [record(1.0, yardstick=1.3)], MAX_PROCESSES)
    assert len(other_machine[0].fastest) == 3 * MIN_PROCESSES


def test_only_suspects_are_measured_again_and_all_processes_count() -> None:
    asked: list[tuple[str, ...]] = []

    def measurer(names: Sequence[str]) -> list[Record]:
        asked.append(tuple(names))
        return [record({"flicker": 1.01, "slow": 1.2}[name], name) for name in names]

    names = {"same": 1.09, "flicker": 1.5, "slow": 1.15, "faster": 0.5}
    report = Report({}, [*(record(r, n) for n, r in names.items()), record(9.0, "new")])
    baseline = Report({}, [record(1.0, name) for name in (*names, "gone")])
    changes, report = compare(report, baseline, measurer)
    assert asked == [("flicker", "slow")] * MIN_PROCESSES
    assert {one.name for one in changes if one.regressed} == {"slow"}
    assert {one.name for one in changes if one.rerun} == {"flicker", "slow"}
    assert [one.ratio for one in report.records] == [1.09, 1.01, 1.15, 0.5, 9.0]


@pytest.mark.parametrize(
    ("slower", "noise", "regressed", "noisy"),
    [
        (0.1, 0.05, False, False),
        (0.11, 0.1, True, False),
        (0.15, 0.2, False, True),
        (0.25, 0.2, True, True),
    ],
)
def test_the_limit_is_the_tolerance_or_the_noise(slower: float, noise: float, regressed: bool, noisy: bool) -> None:
    found = Change("a", slower, noise, 0.1)
    assert (found.regressed, found.noisy) == (regressed, noisy)


@pytest.mark.parametrize(("yardstick", "noisy"), [(1.0, False), (0.6, True), (1.4, True)])
def test_ratios_of_a_machine_as_fast_as_before_are_judged(yardstick: float, noisy: bool) -> None:
    baseline = Report({}, [record(1.0)])
    report = Report({}, [record(1.2, yardstick=yardstick)])
    changes, _ = compare(report, baseline, lambda names: [record(1.2, yardstick=yardstick)])
    assert (changes[0].regressed, changes[0].noisy) == (not noisy, noisy)


def test_equal_work_makes_the_ratio() -> None:
    time = FakeTime()
    pair = TimedPair(time.work(0.01), time.work(0.02), "fake", lambda: 2.0)
    found = run_case(BenchCase("a", "twin", lambda: pair), EFFORT, time.clocks)
    assert found.ratio == pytest.approx(0.01 / 0.02 / 2.0)
    assert found.ran == "fake"


def test_what_cannot_run_here_is_skipped_with_its_reason_and_named() -> None:
    def make() -> TimedPair:
        raise ModelError("model x is not in the store")

    skipped = run_case(BenchCase("a", "twin", make), EFFORT)
    assert skipped.reason == "model x is not in the store"
    assert not skipped.measured
    report, baseline = Report({"processor": "p"}, [skipped]), Report({"processor": "p"}, [record(1.0)])
    assert compare(report, baseline, lambda names: [skipped])[0] == []
    assert compared(report, baseline, [])[2:] == ["a: in the baseline, skipped here"]


def test_reports_come_back_from_their_files(tmp_path: Path) -> None:
    report = Report({"processor": "p"}, (record(0.123), Record("b", "twin", reason="no")))
    report.save(tmp_path / "r.json")
    back = Report.load(tmp_path / "r.json")
    assert [dataclasses.asdict(one) for one in back.records] == [dataclasses.asdict(one) for one in report.records]
    assert back.header == report.header


BROKEN = [
    None,
    "",
    "[]",
    "{}",
    '{"format": "other"}',
    "\x00\xff",
    f'{{"format": "{FORMAT}", "header": {{}}, "cases": [{{"name": "a"}}]}}',
    f'{{"format": "{FORMAT}", "header": {{}}, "cases": [{{"name": "a", "yardstick": "t", "ratio": "much"}}]}}',
    f'{{"format": "{FORMAT}", "header": {{}}, "cases": [{{"name": "a", "yardstick": "t", "ratio": 0.0}}]}}',
    f'{{"format": "{FORMAT}", "header": {{}}, "cases": [{{"name": "a", "yardstick": "t", "ratio": 1, "fastest": 1}}]}}',
    f'{{"format": "{FORMAT}", "header": [], "cases": []}}',
    f'{{"format": "{FORMAT}", "header": {{}}, "cases": 3}}',
]


@pytest.mark.parametrize("text", BROKEN)
def test_other_files_are_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "r.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=r"--json|bench report"):
        Report.load(path)
