"""Measures cases in fresh processes: ``python -m pixelpriv_fast.bench.subprocesses FILE CASE...`` is such a process.

Where memory lies and how fast the machine is differ from one process to the next. No number of rounds within one process
shows by how much.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from subprocess import PIPE
from typing import Final

from ..errors import PixelPrivError
from .case import BenchCase
from .cases import matching
from .clock import Clocks, Effort, measure
from .records import Record, read_record


class MeasuringError(PixelPrivError):
    """A measuring process failed; its exit code is not that of a regression."""

    exit_code = 4


#: Measures the cases of these names once, in one process.
Measurer = Callable[[Sequence[str]], Sequence[Record]]
#: Receives what a process prints, line by line.
OnLine = Callable[[str], object]

#: The command of a measuring process; a file for its records and the cases' names follow.
PROGRAM: Final = (sys.executable, "-m", "pixelpriv_fast.bench.subprocesses")
#: Environment of a measuring process. Numpy's matrix products keep to one thread (numpy starts its threads at import, before
#: a process is kept to one core). Freed memory is kept: otherwise it would depend on what was freed before whether an array
#: of some 100 kB costs page faults.
SETTINGS: Final[Mapping[str, str]] = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
#: Whether a process can be kept to one core here.
ONE_CORE: Final = hasattr(os, "sched_setaffinity")
#: Number of characters of a child's stderr to quote.
_QUOTED = 500
_CLOCKS: Final = Clocks()


def in_subprocesses(program: Sequence[str] = PROGRAM, on_line: OnLine = lambda line: None) -> Measurer:
    """Make a measurer that starts a fresh process for each call.

    Parameters
    ----------
    program : sequence of str
        The command; it prints each case's name before it measures it.
    on_line : callable
        Is called with each line that the process prints.

    Returns
    -------
    Measurer
        Raises ``MeasuringError`` if the process fails.
    """

    def measured(names: Sequence[str]) -> Sequence[Record]:
        with tempfile.TemporaryDirectory(prefix="pixelpriv-bench-") as folder:
            file = Path(folder) / "records.json"
            run_child([*program, str(file), *names], {**SETTINGS, "TMPDIR": folder}, on_line)
            return [read_record(row) for row in json.loads(file.read_text(encoding="utf-8"))]

    return measured


def run_child(
    command: Sequence[str], settings: Mapping[str, str] = SETTINGS, on_line: OnLine = lambda line: None
) -> None:
    """Run ``command`` and wait for it. Any exception meanwhile, as by Ctrl-C, kills it first.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    settings : mapping
        Environment variables that are added to those of this process.
    on_line : callable
        Is called with each line that the process prints.

    Raises
    ------
    MeasuringError
        If the process fails; the message quotes the end of its stderr.
    """
    environment, last = {**os.environ, **settings}, ""
    with tempfile.TemporaryFile("w+") as stderr:
        with subprocess.Popen(command, stdout=PIPE, stderr=stderr, text=True, env=environment) as process:
            try:
                for line in process.stdout or ():
                    last = line.strip()
                    on_line(last)
                process.wait()
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            stderr.seek(0)
            quoted = stderr.read()[-_QUOTED:].strip()
            raise MeasuringError(
                f"a measuring process ({last or command[0]}) ended with {process.returncode}: {quoted}"
            )


def run_case(case: BenchCase, effort: Effort, clocks: Clocks = _CLOCKS) -> Record:
    """Make, time and clean up one case in this process.

    Parameters
    ----------
    case : BenchCase
        The case.
    effort : Effort
        How long to measure.
    clocks : Clocks
        The clocks to read.

    Returns
    -------
    Record
        The figures, or the reason why the case cannot run here.
    """
    try:
        pair = case.make()
    except (PixelPrivError, ImportError) as error:
        return Record(case.name, case.yardstick, reason=str(error) or type(error).__name__)
    with closing(pair):
        return Record.of(case, pair, measure(pair.run, pair.yardstick, effort, clocks))


def main(arguments: Sequence[str], effort: Effort = Effort()) -> int:  # noqa: B008 (frozen)
    """Measure cases in this process and write their records.

    Parameters
    ----------
    arguments : sequence of str
        The file to write, then the cases' names.
    effort : Effort
        How long to measure each case.

    Returns
    -------
    int
        The exit code, 0.
    """
    file, *names = arguments
    _keep_to_one_core()
    by_name = {case.name: case for case in matching("*")}
    records = []
    for name in names:
        print(name, flush=True)
        records.append(run_case(by_name[name], effort))
    Path(file).write_text(json.dumps([dataclasses.asdict(record) for record in records]), encoding="utf-8")
    return 0


def _keep_to_one_core() -> None:
    """Keep this process to one core, which is chosen at random.

    The threads of torch and OpenVINO spin while they wait for each other after every layer; beside other work that can take
    many times as long as the computation. A process that sees one core starts one thread. Choice: any core, since one of them
    may be slower, and other processes of this bench will see another.
    """
    if ONE_CORE:
        os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
