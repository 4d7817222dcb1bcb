"""The verdict: a slower kernel is caught, an unchanged one passes, noise is neither hidden nor blamed."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path

import pytest

from pixelpriv_fast.bench.clock import Effort
from pixelpriv_fast.bench.compare import TOLERANCE, change, compare, missing
from pixelpriv_fast.bench.pair import Case, Pair
from pixelpriv_fast.bench.records import Record, Report
from pixelpriv_fast.bench.runner import again, run_case
from pixelpriv_fast.errors import ModelError, UsageError
from tests.bench.fake import FakeTime

EFFORT = Effort()


def case(time: FakeTime, seconds: float, noise: float = 0.03, name: str = "kernel/x") -> Case:
    def make(stack: ExitStack) -> Pair:
        return Pair(time.work(seconds, noise, stolen=0.01), time.work(0.02, noise, stolen=0.01), "fake", 2.0)

    return Case(name, "twin", make)


def verdict(slowed: float, seed: int, noise: float = 0.03) -> bool:
    time = FakeTime(seed)
    baseline = Report({}, [run_case(case(time, 0.001, noise), EFFORT, time.clocks)])
    cases = [case(time, 0.001 * slowed, noise)]
    report = Report({}, [run_case(one, EFFORT, time.clocks) for one in cases])
    changes, _ = compare(report, baseline, TOLERANCE, again(cases, EFFORT, time.clocks))
    return changes[0].regressed


def test_a_kernel_slowed_by_a_fifth_is_caught_every_time() -> None:
    assert all(verdict(1.2, seed) for seed in range(40))


def test_an_unchanged_kernel_passes_every_time() -> None:
    assert not any(verdict(1.0, seed) for seed in range(40))


def test_equal_work_makes_the_ratio() -> None:
    time = FakeTime()
    record = run_case(case(time, 0.01, 0.0), EFFORT, time.clocks)
    assert record.ratio == pytest.approx(0.01 / 0.02 / 2.0)
    assert record.ran == "fake"


def record(ratio: float, band: float = 0.001, name: str = "a") -> Record:
    return Record(name, "twin", ratio=ratio, band=band)


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


def test_only_suspects_are_measured_again_and_their_second_run_counts() -> None:
    asked: list[str] = []

    def once_more(name: str) -> Record:
        asked.append(name)
        return record({"flicker": 1.01, "slow": 1.2}[name], name=name)

    names = {"same": 1.02, "flicker": 1.5, "slow": 1.3, "faster": 0.5}
    report = Report({}, [*(record(r, name=n) for n, r in names.items()), record(9.0, name="new")])
    baseline = Report({}, [record(1.0, name=name) for name in (*names, "gone")])
    changes, newer = compare(report, baseline, 0.12, once_more)
    assert asked == ["flicker", "slow"]
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
    assert compare(Report({}, [skipped]), baseline, 0.1, lambda name: skipped) == ([], [])
    assert missing(Report({}, [skipped]), baseline) == ["a"]


def test_reports_come_back_from_their_files(tmp_path: Path) -> None:
    report = Report({"processor": "p"}, (record(0.123), Record("b", "twin", reason="no")))
    report.save(tmp_path / "r.json")
    back = Report.load(tmp_path / "r.json")
    assert [dataclasses.asdict(one) for one in back.records] == [dataclasses.asdict(one) for one in report.records]
    assert back.header == report.header


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"format": "other"}'])
def test_other_files_are_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "r.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=r"--json|bench report"):
        Report.load(path)
