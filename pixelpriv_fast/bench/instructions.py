"""How many instructions each kernel's example call takes, by valgrind's callgrind: a gate without noise.

The count depends on the compiler and on the instructions that the processor offers, not on what else the machine does:
two counts of one build differ by less than 0.1 %. Valgrind 3.19 knows no AVX-512 and tells the extension so, which then
takes its AVX2 versions, as on any processor without AVX-512: nothing needs to be forced, and of all that valgrind can run
they are nearest to what runs without it. The baseline's versions, which every x86-64 processor has, are an extension built
with ``PIXELPRIV_LEVEL=1``. Of another build than the baseline's no count is compared. What a count does not see is
waiting for memory, and what AVX-512 alone does: that is what the clock is for.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from . import stored
from .apart import SETTINGS, run_program
from .compare import Change
from .counted import CALLS, NOTHING

FORMAT = "pixelpriv_fast instructions 1"
#: The most by which a count may grow. Choice: ten times what two counts of one build differ by.
TOLERANCE = 0.01
#: What is run under valgrind; the marks, a file and the kernels' names follow.
PROGRAM: Final = (sys.executable, "-m", "pixelpriv_fast.bench.counted")
#: Dictionaries of strings take the same turns every time.
_SETTINGS: Final = {**SETTINGS, "PYTHONHASHSEED": "0"}
_KERNELS = "kernel/"
_DESCRIPTION, _TOTALS = "desc: Trigger: Client Request: ", "totals: "


@dataclass(frozen=True, slots=True)
class Counts:
    """``build``: instruction set and compiler; ``instructions``: of one call, by case name."""

    build: Mapping[str, Any]
    instructions: Mapping[str, float]

    def save(self, path: Path) -> None:
        """See ``stored.save``."""
        stored.save(path, FORMAT, {"build": dict(self.build), "instructions": dict(self.instructions)})

    @classmethod
    def load(cls, path: Path) -> Counts:
        """Raises ``UsageError`` for a file that is missing or holds no counts."""
        return stored.load(path, FORMAT, cls._of, "holds no instruction counts", "--instructions --json")

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Counts:
        counts = {str(name): float(number) for name, number in data["instructions"].items()}
        return cls(dict(data["build"]), counts)


def missing() -> str:
    """Why nothing can be counted here; empty where it can."""
    for program in ("valgrind", "cc"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return ""


def count(cases: Sequence[str], program: Sequence[str] = PROGRAM) -> Counts:
    """The instructions of the kernels among ``cases``. Raises ``UsageError`` where there are none or the tools are
    missing, ``MeasuringError`` where valgrind fails."""
    names = [case.removeprefix(_KERNELS) for case in cases if case.startswith(_KERNELS)]
    if not names:
        raise UsageError("instructions are counted of kernels alone, for example --filter 'kernel/*'")
    if reason := missing():
        raise UsageError(f"instructions cannot be counted: {reason}; fix: apt install valgrind gcc")
    with tempfile.TemporaryDirectory(prefix="pixelpriv-bench-") as folder:
        marks, build, dumps = (Path(folder) / name for name in ("marks.so", "build.json", "dump"))
        run_program(["cc", "-O1", "-shared", "-fPIC", "-o", str(marks), str(Path(__file__).with_name("marks.c"))])
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={dumps}"]
        run_program([*valgrind, *program, str(marks), str(build), *names], _SETTINGS)
        found = dict(map(_dumped, Path(folder).glob("dump.*")))
        counts = {_KERNELS + name: (found[name] - found[NOTHING]) / CALLS for name in names}
        return Counts(json.loads(build.read_text(encoding="utf-8")), counts)


def _dumped(file: Path) -> tuple[str, int]:
    """The name and the total of one of callgrind's files."""
    name, total = "", 0
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        name = line.removeprefix(_DESCRIPTION) if line.startswith(_DESCRIPTION) else name
        total = int(line.removeprefix(_TOTALS)) if line.startswith(_TOTALS) else total
    return name, total


def compare(counts: Counts, before: Counts, tolerance: float = TOLERANCE) -> list[Change]:
    """Every kernel that both hold. Raises ``UsageError`` where they are of different builds."""
    if counts.build != before.build:
        raise UsageError(f"the baseline counts another build ({dict(before.build)}), this is {dict(counts.build)}")
    return [
        Change(name, number / before.instructions[name] - 1.0, 0.0, tolerance)
        for name, number in counts.instructions.items()
        if name in before.instructions
    ]
