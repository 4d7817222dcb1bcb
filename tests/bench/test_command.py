"""The command: what it prints, writes and answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pixelpriv_fast.bench import command
from pixelpriv_fast.bench.case import BenchCase, TimedPair
from pixelpriv_fast.bench.cases import all_cases
from pixelpriv_fast.bench.clock import Effort
from pixelpriv_fast.bench.subprocesses import Measurer, run_case
from tests.bench.fake import FakeTime


def test_list_shows_every_case_and_its_yardstick(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [case.name for case in all_cases()]
    assert all(" against " in line for line in lines)


def test_filter_takes_a_glob(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list", "--filter", "codec/*p*g"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["codec/jpeg", "codec/png"]


def test_arguments_that_do_not_fit_end_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert command.main(["--filter", "nothing"]) == 2
    assert command.main(["--filter", "metric/psnr", "--compare", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err
    damaged = tmp_path / "damaged.json"
    damaged.write_text('{"format"')
    assert command.main(["--filter", "metric/psnr", "--compare", str(damaged)]) == 2
    assert "damaged.json is not a bench report" in capsys.readouterr().err
    for wrong in (["--tolerance", "much"], ["--tolerance", "0"], ["--tolerance", "nan"], ["--processes", "0"]):
        with pytest.raises(SystemExit) as stop:
            command.main(wrong)
        assert stop.value.code == 2


def test_filters_add_up_and_each_must_match(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list", "--filter", "codec/png", "--filter", "run/[12]"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["run/1", "run/2", "codec/png"]
    assert command.main(["--list", "--filter", "codec/png", "--filter", "run/9"]) == 2
    assert "no case matches 'run/9'" in capsys.readouterr().err


def test_a_measuring_process_that_fails_is_no_regression(capsys: pytest.CaptureFixture[str]) -> None:
    program = (sys.executable, "-c", "import sys; sys.exit('out of luck')")
    assert command.main(["--filter", "kernel/largest_change"], program) == 4
    assert "out of luck" in capsys.readouterr().err


def test_json_holds_the_header_and_the_ratios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bench.json"
    assert command.main(["--filter", "kernel/normalise", "--json", str(file), "--processes", "2"]) == 0
    report = json.loads(file.read_text())
    assert {"version", "processor", "cores", "threads", "kernels", "providers", "versions"} <= report["header"].keys()
    (row,) = report["cases"]
    assert row["name"] == "kernel/normalise"
    assert row["ran"] == report["header"]["kernels"]["normalise"]
    assert row["ratio"] == min(row["fastest"]) / min(row["yardstick_fastest"]) > 0
    assert row["rounds"] >= 6
    assert len(row["fastest"]) == 2
    printed = capsys.readouterr().out
    assert "kernel/normalise" in printed
    assert report["header"]["processor"] in printed


@pytest.mark.parametrize(("seconds", "code"), [(0.00105, 0), (0.0012, 1)])
def test_a_slower_case_ends_with_1(
    seconds: float, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lasting(cost: float) -> Measurer:
        time = FakeTime()
        pair = TimedPair(time.work(cost, 0.02), time.work(0.01, 0.02))
        return lambda names: [run_case(BenchCase("a", "twin", lambda: pair), Effort(), time.clocks)]

    file = tmp_path / "before.json"
    assert command.bench(["a"], lasting(0.001), json=file) == 0
    assert command.bench(["a"], lasting(seconds), baseline=file) == code
    assert ("SLOWER" in capsys.readouterr().out) == bool(code)
