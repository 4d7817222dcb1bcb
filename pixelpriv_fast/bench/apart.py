"""Cases measured in fresh processes: where memory lies and how fast the machine is differ from one process to the next,
and no number of rounds within one shows by how much. ``python -m pixelpriv_fast.bench.apart FILE CASE...`` is such a
process."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import PIPE
from typing import Final

from ..errors import PixelPrivError
from .cases import matching
from .clock import Effort
from .records import Record, read_record
from .runner import run_case


class MeasuringError(PixelPrivError):
    """A measuring process that failed. Its exit code is not that of a regression."""

    exit_code = 4


#: Measures the cases of these names once, in a process of its own.
Apart = Callable[[Sequence[str]], Sequence[Record]]
#: Takes what a process prints, line by line.
Heard = Callable[[str], object]

#: What is started for a fresh process; a file for its records and the cases' names follow.
PROGRAM: Final = (sys.executable, "-m", "pixelpriv_fast.bench.apart")
#: Numpy's matrix products keep to one thread (it starts them when it is imported, before a process is kept to one core),
#: and freed memory is kept: whether an array of some 100 kB costs page faults would otherwise depend on what was freed
#: before it.
SETTINGS: Final[Mapping[str, str]] = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
#: Whether a process can be kept to one core here.
ONE_CORE: Final = hasattr(os, "sched_setaffinity")
#: Of a child's complaint, what is repeated.
_LAST_WORDS = 500


def by_program(program: Sequence[str] = PROGRAM, heard: Heard = lambda line: None) -> Apart:
    """Fresh processes of ``program``, which print each case's name before they measure it. What is returned raises
    ``MeasuringError`` where the child fails."""

    def measured(names: Sequence[str]) -> Sequence[Record]:
        with tempfile.TemporaryDirectory(prefix="pixelpriv-bench-") as folder:
            file = Path(folder) / "records.json"
            run_program([*program, str(file), *names], {**SETTINGS, "TMPDIR": folder}, heard)
            return [read_record(row) for row in json.loads(file.read_text(encoding="utf-8"))]

    return measured


def run_program(
    command: Sequence[str], settings: Mapping[str, str] = SETTINGS, heard: Heard = lambda line: None
) -> None:
    """Waits for ``command``. Raises ``MeasuringError`` with its last words where it fails; whatever else is raised
    meanwhile, as by Ctrl-C, ends it first."""
    environment, last = {**os.environ, **settings}, ""
    with tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(command, stdout=PIPE, stderr=complaints, text=True, env=environment) as process:
            try:
                for line in process.stdout or ():
                    last = line.strip()
                    heard(last)
                process.wait()
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            complaints.seek(0)
            words = complaints.read()[-_LAST_WORDS:].strip()
            raise MeasuringError(f"a measuring process ({last or command[0]}) ended with {process.returncode}: {words}")


def main(arguments: Sequence[str], effort: Effort = Effort()) -> int:  # noqa: B008 (frozen)
    """Measures the cases named after the file in this process and writes their records to it."""
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
    """Threads of torch and OpenVINO wait for each other after every layer, and spin meanwhile: beside other work that can
    take many times what they compute. A process that sees one core starts one thread. Choice: any core, for one of them
    may be the slower, and other processes of this bench will see another."""
    if ONE_CORE:
        os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
