"""The folders of scripts: their tables list what is there, asv's suites hold every case, and kept baselines can be read."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from pixelpriv_fast.bench.cases import all_cases
from pixelpriv_fast.bench.instructions import Counts
from pixelpriv_fast.bench.records import Report
from tests.conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"


def scripts(folder: Path) -> set[str]:
    """The files below ``folder`` that can be run, as paths relative to it."""
    files = folder.rglob("*.py")
    return {path.relative_to(folder).as_posix() for path in files if 'if __name__ == "__main__"' in path.read_text()}


def listed(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of the tables of scripts in ``folder``'s README: script -> column -> cell."""
    rows, heading = {}, []
    for line in (folder / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        heading = cells if cells[:1] == ["script"] else heading if cells else []
        if heading and cells[0].startswith("`"):
            rows[cells[0].strip("`")] = dict(zip(heading, cells, strict=True))
    return rows


@pytest.mark.parametrize("folder", [BENCHMARKS, ROOT / "tests" / "stress"], ids=lambda folder: folder.name)
def test_every_script_stands_in_its_folders_table_with_its_command(folder: Path) -> None:
    rows = listed(folder)
    assert rows.keys() == scripts(folder)
    for script, row in rows.items():
        place = (folder / script).relative_to(ROOT).as_posix()
        assert f"`python {place}" in row["command"]
        assert f"    python {place}" in (folder / script).read_text(), f"{script} does not show how it is run"


def test_the_readme_names_files_that_exist() -> None:
    for named in re.findall(r"`([\w/]+/\w+\.py)\b", (BENCHMARKS / "README.md").read_text(encoding="utf-8")):
        assert any((place / named).is_file() for place in (BENCHMARKS, ROOT, ROOT / "pixelpriv_fast")), named


DECISIONS = {script: row["backs"] for script, row in listed(BENCHMARKS).items() if "backs" in row}


@pytest.mark.parametrize("script", DECISIONS)
def test_a_choice_names_the_script_that_backs_it(script: str) -> None:
    for named in re.findall(r"`([\w/]+\.py)`", DECISIONS[script]):
        text = (ROOT / "pixelpriv_fast" / named).read_text(encoding="utf-8")
        assert f"benchmarks/{script}" in text, f"{named} does not name the script that backs its choice"
        assert "Choice" in text
    assert DECISIONS.keys() == {name for name in scripts(BENCHMARKS) if name.startswith("decisions/")}


def test_paths_of_scripts_are_those_that_exist() -> None:
    places = [ROOT / name for name in ("pixelpriv_fast", "csrc", "export", "tests", "benchmarks")]
    files = [path for place in places for path in place.rglob("*.*") if path.suffix in {".py", ".md", ".hpp", ".cpp"}]
    for path in [*files, *ROOT.glob("*.md")]:
        for named in re.findall(r"\b(?:benchmarks|tests/stress)/[\w/]+\.py\b", path.read_text(encoding="utf-8")):
            assert (ROOT / named).is_file(), f"{path} names {named}"


def test_every_other_module_serves_a_script() -> None:
    text = "".join(path.read_text() for path in [*BENCHMARKS.rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
    for path in BENCHMARKS.rglob("*.py"):
        if path.relative_to(BENCHMARKS).as_posix() not in scripts(BENCHMARKS) and path.parent.name != "asv_suites":
            assert re.search(rf"(from ([\w.]+\.)?|import ){path.stem}\b", text), f"nothing imports {path}"


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
