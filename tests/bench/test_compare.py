"""The verdict: a slower kernel is caught, an unchanged one passes, noise is neither hidden nor blamed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.bench.apart import merged
from pixelpriv_fast.bench.clock import Effort
from pixelpriv_fast.bench.compare import PROCESSES, TOLERANCE, change, compare, missing
from pixelpriv_fast.bench.pair import Case, Pair
from pixelpriv_fast.bench.records import FORMAT, Record, Report
from pixelpriv_fast.bench.runner import run_case
from pixelpriv_fast.errors import ModelError, UsageError
from tests.bench.fake import FakeTime

EFFORT = Effort()


def case(time: FakeTime, seconds: float, noise: float = 0.03, name: str = "kernel/x") -> Case:
    def make(stack: ExitStack) -> Pair:
        return Pair(time.work(seconds, noise, stolen=0.01), time.work(0.02, noise, stolen=0.01), "fake", 2.0)

    return Case(name, "twin", make)


def verdict(slowed: float, seed: int, layout: float = 0.03) -> bool:
    """Baseline by five processes, comparison by one, suspects by five more; each process has its own luck of ``layout``."""
    rng = np.random.default_rng(seed)
    time = FakeTime(seed)

    def process(cost: float) -> list[Record]:
        lucky = cost * float(np.exp(layout * rng.standard_normal()))
        return [run_case(case(time, lucky), EFFORT, time.clocks)]

    baseline = Report({}, merged([process(0.001) for _ in range(PROCESSES)]))
    report = Report({}, process(0.001 * slowed))
    changes, _ = compare(report, baseline, TOLERANCE, lambda names: process(0.001 * slowed))
    return changes[0].regressed


def test_a_kernel_slowed_by_a_fifth_is_caught_every_time() -> None:
    assert all(verdict(1.2, seed) for seed in range(40))


def test_an_unchanged_kernel_passes_every_time() -> None:
    assert not any(verdict(1.0, seed) for seed in range(40))


def test_processes_are_merged_by_their_medians_and_say_how_far_they_differ() -> None:
    runs = [[record(ratio, 0.01, "a"), Record("b", "twin", reason="no")] for ratio in (1.0, 1.1, 1.3)]
    a, b = merged(runs)
    assert (a.ratio, sorted(a.ratios)) == (1.1, [1.0, 1.1, 1.3])
    assert a.deviation == pytest.approx(0.1323, abs=1e-3)
    assert a.certainty < runs[0][0].certainty == 1.0
    assert b.reason == "no"
    assert merged([runs[0]])[0] == runs[0][0]


def test_a_report_of_one_process_deviates_as_its_halves_do() -> None:
    assert record(1.0, 0.02).deviation == 0.02


def test_equal_work_makes_the_ratio() -> None:
    time = FakeTime()
    record = run_case(case(time, 0.01, 0.0), EFFORT, time.clocks)
    assert record.ratio == pytest.approx(0.01 / 0.02 / 2.0)
    assert record.ran == "fake"


def record(ratio: float, band: float = 0.001, name: str = "a") -> Record:
    return Record(name, "twin", ratio=ratio, ratios=(ratio,), band=band)


@pytest.mark.parametrize(
    ("band", "slower", "regressed", "blind"),
    [
        (0.0001, 0.07, False, False),  # two processes differ by as much
        (0.0001, 0.09, True, False),
        (0.025, 0.10, False, False),  # three bands of both: 10.6 %
        (0.025, 0.11, True, False),
        (0.2, 0.3, False, True),  # noise of 85 % hides it
        (0.2, 0.9, True, True),
    ],
)
def test_the_limit_follows_the_noise_up_to_the_tolerance(
    band: float, slower: float, regressed: bool, blind: bool
) -> None:
    found = change(record(1.0 + slower, band), record(1.0, band), 0.12)
    assert (found.regressed, found.blind) == (regressed, blind)
    assert found.limit <= 0.12


def test_only_suspects_are_measured_again_and_only_fresh_processes_decide() -> None:
    asked: list[tuple[str, ...]] = []

    def apart(names: Sequence[str]) -> list[Record]:
        asked.append(tuple(names))
        return [record({"flicker": 1.01, "slow": 1.2}[name], name=name) for name in names]

    names = {"same": 1.02, "flicker": 1.5, "slow": 1.06, "faster": 0.5}
    report = Report({}, [*(record(r, name=n) for n, r in names.items()), record(9.0, name="new")])
    baseline = Report({}, [record(1.0, name=name) for name in (*names, "gone")])
    changes, newer = compare(report, baseline, 0.12, apart)
    assert asked == [("flicker", "slow")] * PROCESSES
    assert {one.name for one in changes if one.regressed} == {"slow"}
    assert {one.name for one in changes if one.rerun} == {"flicker", "slow"}
    assert [one.ratio for one in report.with_records(newer).records] == [1.02, 1.01, 1.2, 0.5, 9.0]


def test_what_cannot_run_here_is_skipped_with_its_reason_and_named() -> None:
    def make(stack: ExitStack) -> Pair:
        raise ModelError("model x is not in the store")

    skipped = run_case(Case("a", "twin", make), EFFORT)
    assert skipped.reason == "model x is not in the store"
    assert not skipped.measured
    baseline = Report({}, [record(1.0)])
    assert compare(Report({}, [skipped]), baseline, 0.1, lambda names: [skipped]) == ([], ())
    assert missing(Report({}, [skipped]), baseline) == ["a"]


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
