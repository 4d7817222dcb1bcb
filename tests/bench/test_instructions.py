"""Counts by valgrind: the same for the same build, more for more work."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pixelpriv_fast.bench import command, instructions
from pixelpriv_fast.bench.instructions import FORMAT, Counts, compare, count
from pixelpriv_fast.errors import UsageError

KERNELS = ["kernel/warp_u8", "kernel/lattice_step", "kernel/texture_weights", "kernel/lift"]
#: Instructions a call that the wrapper around it may take: Python's own, whatever the kernel does.
WRAPPER = 8000
needs_valgrind = pytest.mark.skipif(bool(instructions.missing()), reason=instructions.missing() or "valgrind is here")


@pytest.fixture(scope="module")
def baseline() -> Counts:
    return count(KERNELS)


@needs_valgrind
def test_an_unchanged_build_counts_the_same(baseline: Counts) -> None:
    again = count(KERNELS)
    assert again.instructions == pytest.approx(baseline.instructions, rel=1e-3)
    assert not any(change.regressed for change in compare(again, baseline))


@needs_valgrind
def test_more_work_is_caught(baseline: Counts) -> None:
    slowed = count(KERNELS, (sys.executable, str(Path(__file__).with_name("slowed_child.py"))))
    changes = compare(slowed, baseline)
    assert [change.name for change in changes if change.regressed] == KERNELS
    for name, before in baseline.instructions.items():
        beside = slowed.instructions[name] - 1.2 * before
        assert -0.005 * before < beside < WRAPPER, name


@needs_valgrind
def test_the_command_writes_and_compares_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "counts.json"
    flags = ["--instructions", "--filter", "kernel/largest_change"]
    assert command.main([*flags, "--json", str(file)]) == 0
    data = json.loads(file.read_text())
    data["instructions"]["kernel/largest_change"] *= 0.97
    file.write_text(json.dumps(data))
    assert command.main([*flags, "--compare", str(file), "--tolerance", "0.05"]) == 0
    assert command.main([*flags, "--compare", str(file)]) == 1
    assert "SLOWER kernel/largest_change: +3." in capsys.readouterr().out


def test_counts_of_another_build_are_not_compared() -> None:
    with pytest.raises(UsageError, match="another build"):
        compare(Counts({"compiler": "13"}, {}), Counts({"compiler": "12"}, {}))


def test_other_cases_and_missing_tools_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="only the instructions of kernels"):
        count(["codec/png"])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="valgrind is not installed; fix: apt install"):
        count(KERNELS)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x"}', f'{{"format": "{FORMAT}", "instructions": [1]}}'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(UsageError, match="no instruction counts"):
        Counts.load(tmp_path / "c.json")
