"""benchmarks/: asv's suites hold every case, and the baselines that are kept can be read."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from pixelpriv_fast.bench.cases import all_cases
from pixelpriv_fast.bench.instructions import Counts
from pixelpriv_fast.bench.records import Report

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_the_suites_hold_every_case_and_measure_it() -> None:
    settings = json.loads((BENCHMARKS / "asv.conf.json").read_text())
    file = BENCHMARKS / settings["benchmark_dir"] / "cases.py"
    spec = importlib.util.spec_from_file_location("asv_cases", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for method, name in (("time_case", "KernelTime"), ("track_ratio", "KernelRatio")):
        suites = [value for key, value in vars(module).items() if hasattr(value, method) and not key.startswith("_")]
        assert getattr(module, name) in suites
        assert sorted(case for suite in suites for case in suite.params) == sorted(case.name for case in all_cases())
    timed = module.KernelTime()
    timed.setup("kernel/normalise")
    timed.time_case("kernel/normalise")
    timed.teardown("kernel/normalise")
    assert 0 < module.KernelRatio().track_ratio("kernel/normalise") < 1


@pytest.mark.parametrize("file", sorted((BENCHMARKS / "baselines").glob("*.json")), ids=lambda file: file.name)
def test_kept_baselines_can_be_read(file: Path) -> None:
    names = {case.name for case in all_cases()}
    if "instructions" in file.name:
        assert Counts.load(file).instructions.keys() <= names
    else:
        assert {record.name for record in Report.load(file).records} <= names
