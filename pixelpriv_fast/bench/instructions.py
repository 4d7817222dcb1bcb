"""Counts the instructions of each kernel's example call by valgrind's callgrind: a gate without noise.

The count depends on the compiler and on the processor's instruction set, not on what else the machine does: two counts of one
build differ by less than 0.1 %. Valgrind 3.19 does not know AVX-512 and tells the extension so, which then takes its AVX2
versions, as on any processor without AVX-512. Nothing needs to be forced, and of all versions that valgrind can run these are
nearest to what runs without it. For the baseline versions, which every x86-64 processor has, build the extension with
``PIXELPRIV_LEVEL=1``. Counts of different builds are not compared. A count does not see waiting for memory, nor what only
AVX-512 does; the clock does.
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
from . import json_files
from .compare import Change
from .counted import CALLS, NOTHING
from .subprocesses import SETTINGS, run_child

FORMAT = "pixelpriv_fast instructions 1"
#: Share by which a count may grow. Choice: ten times what two counts of one build differ by.
TOLERANCE = 0.01
#: The command that runs under valgrind; the marks, a file and the kernels' names follow.
PROGRAM: Final = (sys.executable, "-m", "pixelpriv_fast.bench.counted")
#: With this seed dictionaries of strings have the same order every time.
_SETTINGS: Final = {**SETTINGS, "PYTHONHASHSEED": "0"}
_KERNELS = "kernel/"
_DESCRIPTION, _TOTALS = "desc: Trigger: Client Request: ", "totals: "


@dataclass(frozen=True, slots=True)
class Counts:
    """Instruction counts of one build.

    Attributes
    ----------
    build : mapping
        Instruction set and compiler of the extension.
    instructions : mapping
        Instructions of one call, by case name.
    """

    build: Mapping[str, Any]
    instructions: Mapping[str, float]

    def save(self, path: Path) -> None:
        """Write the counts to ``path``; see ``json_files.save``."""
        json_files.save(path, FORMAT, {"build": dict(self.build), "instructions": dict(self.instructions)})

    @classmethod
    def load(cls, path: Path) -> Counts:
        """Read counts. Raises ``UsageError`` if the file is missing or holds no counts."""
        return json_files.load(path, FORMAT, cls._of, "holds no instruction counts", "--instructions --json")

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Counts:
        counts = {str(name): float(number) for name, number in data["instructions"].items()}
        return cls(dict(data["build"]), counts)


def missing() -> str:
    """Return why nothing can be counted here; empty if it can."""
    for program in ("valgrind", "cc"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return ""


def count(cases: Sequence[str], program: Sequence[str] = PROGRAM) -> Counts:
    """Count the instructions of kernels.

    Parameters
    ----------
    cases : sequence of str
        Case names; those that are not kernels are left out.
    program : sequence of str
        The command that runs under valgrind.

    Returns
    -------
    Counts
        The counts and the build that they hold for.

    Raises
    ------
    UsageError
        If there is no kernel among the cases, or if valgrind or a C compiler is missing.
    MeasuringError
        If valgrind fails.
    """
    names = [case.removeprefix(_KERNELS) for case in cases if case.startswith(_KERNELS)]
    if not names:
        raise UsageError("only the instructions of kernels are counted, for example --filter 'kernel/*'")
    if reason := missing():
        raise UsageError(f"instructions cannot be counted: {reason}; fix: apt install valgrind gcc")
    with tempfile.TemporaryDirectory(prefix="pixelpriv-bench-") as folder:
        marks, build, dumps = (Path(folder) / name for name in ("marks.so", "build.json", "dump"))
        run_child(["cc", "-O1", "-shared", "-fPIC", "-o", str(marks), str(Path(__file__).with_name("marks.c"))])
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={dumps}"]
        run_child([*valgrind, *program, str(marks), str(build), *names], _SETTINGS)
        found = dict(map(_dumped, Path(folder).glob("dump.*")))
        counts = {_KERNELS + name: (found[name] - found[NOTHING]) / CALLS for name in names}
        return Counts(json.loads(build.read_text(encoding="utf-8")), counts)


def _dumped(file: Path) -> tuple[str, int]:
    """Return the name and the total of one of callgrind's files."""
    name, total = "", 0
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        name = line.removeprefix(_DESCRIPTION) if line.startswith(_DESCRIPTION) else name
        total = int(line.removeprefix(_TOTALS)) if line.startswith(_TOTALS) else total
    return name, total


def compare(counts: Counts, before: Counts, tolerance: float = TOLERANCE) -> list[Change]:
    """Compare counts of one build.

    Parameters
    ----------
    counts, before : Counts
        This run's and the baseline's.
    tolerance : float
        Share by which a count may grow, above 0.

    Returns
    -------
    list of Change
        Every kernel that both counted.

    Raises
    ------
    UsageError
        If the two are of different builds.
    """
    if counts.build != before.build:
        raise UsageError(f"the baseline counts another build ({dict(before.build)}), this is {dict(counts.build)}")
    return [
        Change(name, number / before.instructions[name] - 1.0, 0.0, tolerance)
        for name, number in counts.instructions.items()
        if name in before.instructions
    ]
