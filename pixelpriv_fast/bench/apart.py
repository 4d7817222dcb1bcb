"""Cases measured in fresh processes: where memory lies and how fast the machine is differ from one process to the next,
and no number of rounds within one shows by how much. ``python -m pixelpriv_fast.bench.apart FILE CASE...`` is such a
process."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
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

#: What is started for a fresh process; a file for its records and the cases' names follow.
PROGRAM: Final = (sys.executable, "-m", "pixelpriv_fast.bench.apart")
#: Numpy's matrix products keep to one thread, which can be timed, and freed memory is kept: whether an array of some 100 kB
#: costs page faults would otherwise depend on what was freed before it.
SETTINGS: Final[Mapping[str, str]] = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
#: Of a child's complaint, what is repeated.
_LAST_WORDS = 500


def by_program(program: Sequence[str] = PROGRAM) -> Apart:
    """Fresh processes of ``program``. What is returned raises ``MeasuringError`` where the child fails."""

    def measured(names: Sequence[str]) -> Sequence[Record]:
        with tempfile.TemporaryDirectory(prefix="pixelpriv-bench-") as folder:
            file = Path(folder) / "records.json"
            run_program([*program, str(file), *names])
            return [read_record(row) for row in json.loads(file.read_text(encoding="utf-8"))]

    return measured


def run_program(command: Sequence[str], settings: Mapping[str, str] = SETTINGS) -> None:
    """Waits for ``command``. Raises ``MeasuringError`` with its last words where it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **settings})
    if ended.returncode != 0:
        last = ended.stderr[-_LAST_WORDS:].strip()
        raise MeasuringError(f"a measuring process ({command[0]}) ended with {ended.returncode}: {last}")


def main(arguments: Sequence[str], effort: Effort = Effort()) -> int:  # noqa: B008 (frozen)
    """Measures the cases named after the file in this process and writes their records to it."""
    file, *names = arguments
    by_name = {case.name: case for case in matching("*")}
    records = [run_case(by_name[name], effort) for name in names]
    Path(file).write_text(json.dumps([dataclasses.asdict(record) for record in records]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
