"""Cases measured in fresh processes: where memory lies, how code is aligned and what the allocator did before differ from
one process to the next, and no number of rounds within one shows by how much."""

from __future__ import annotations

import glob
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..errors import PixelPrivError
from .records import Record, Report


class MeasuringError(PixelPrivError):
    """A measuring process that failed. Its exit code is not that of a regression."""

    exit_code = 4


#: Measures the cases of these names once, in a process of its own.
Apart = Callable[[Sequence[str]], Sequence[Record]]

#: What is started for a fresh process; it takes this bench's arguments.
PROGRAM: Final = (sys.executable, "-m", "pixelpriv_fast.bench")
#: Of a child's complaint, what is repeated.
_LAST_WORDS = 500


def by_program(program: Sequence[str] = PROGRAM) -> Apart:
    """Fresh processes of ``program``. What is returned raises ``MeasuringError`` where the child fails."""

    def measured(names: Sequence[str]) -> Sequence[Record]:
        with tempfile.TemporaryDirectory(prefix="pixelpriv-bench-") as folder:
            file = Path(folder) / "report.json"
            filters = [word for name in names for word in ("--filter", glob.escape(name))]
            command = [*program, "--processes", "1", "--json", str(file), *filters]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode != 0:
                last = ended.stderr[-_LAST_WORDS:].strip()
                raise MeasuringError(f"a measuring process ended with {ended.returncode}: {last}")
            return Report.load(file).records

    return measured


def merged(runs: Sequence[Sequence[Record]]) -> tuple[Record, ...]:
    """One record a case out of several processes' records of the same cases, in the first's order."""
    by_name = [{record.name: record for record in run} for run in runs]
    return tuple(Record.merged([run[record.name] for run in by_name if record.name in run]) for record in runs[0])
