"""The command ``python -m pixelpriv_fast.bench``: from arguments to calls."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from ..errors import PixelPrivError
from . import instructions, lines
from .cases import matching
from .compare import MAX_PROCESSES, TOLERANCE, compare, settled
from .machine import header
from .records import Record, Report
from .subprocesses import PROGRAM, Measurer, in_subprocesses

_REGRESSED, _INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None, program: Sequence[str] = PROGRAM) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; those of this process by default.
    program : sequence of str
        The command of a measuring process.

    Returns
    -------
    int
        The exit code: 0; 1 for a regression, 2 for arguments that do not fit, 4 if a measuring process failed, 130 after
        Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    try:
        cases = matching(*options.filter or ["*"])
        if options.list:
            print("\n".join(lines.listing(cases)))
            return 0
        names = [case.name for case in cases]
        if options.instructions:
            return count_instructions(names, options.json, options.compare, options.tolerance or instructions.TOLERANCE)
        measurer, tolerance = _announced(program), options.tolerance or TOLERANCE
        return bench(names, measurer, options.json, options.compare, tolerance, options.processes)
    except PixelPrivError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return _INTERRUPTED


def bench(
    names: Sequence[str],
    measurer: Measurer,
    json: Path | None = None,
    baseline: Path | None = None,
    tolerance: float = TOLERANCE,
    max_processes: int = MAX_PROCESSES,
) -> int:
    """Measure cases, print the table, write it and compare it.

    Parameters
    ----------
    names : sequence of str
        The cases.
    measurer : Measurer
        Measures cases in one fresh process.
    json : Path, optional
        Where to write the report.
    baseline : Path, optional
        An earlier report to compare with.
    tolerance : float
        Share by which a ratio may grow, above 0.
    max_processes : int
        Maximum number of processes a case.

    Returns
    -------
    int
        The exit code: 1 if a case regressed, else 0.
    """
    before = Report.load(baseline) if baseline is not None else None
    report = Report(header())
    print("\n".join(lines.heading(report.header)), flush=True)
    known = before.of_same_processor(report) if before else None
    report = Report(report.header, settled(names, measurer, max_processes, known))
    code, comparison = 0, []
    if before is not None:
        changes, report = compare(report, before, measurer, tolerance, max_processes)
        code = _REGRESSED if any(change.regressed for change in changes) else 0
        comparison = lines.compared(report, before, changes)
    print("\n".join([*lines.table(report.records), *comparison]))
    if json is not None:
        report.save(json)
    return code


def count_instructions(names: Sequence[str], json: Path | None, baseline: Path | None, tolerance: float) -> int:
    """Count the instructions of kernels, print, write and compare them.

    Parameters
    ----------
    names : sequence of str
        The cases; those that are not kernels are left out.
    json : Path or None
        Where to write the counts.
    baseline : Path or None
        Earlier counts to compare with.
    tolerance : float
        Share by which a count may grow, above 0.

    Returns
    -------
    int
        The exit code: 1 if a count grew by more, else 0.
    """
    before = instructions.Counts.load(baseline) if baseline is not None else None
    counts = instructions.count(names)
    print("\n".join(lines.counted(counts)))
    changes = instructions.compare(counts, before, tolerance) if before is not None else []
    if changes:
        print("\n".join(["", *lines.changes(changes)]))
    if json is not None:
        counts.save(json)
    return _REGRESSED if any(change.regressed for change in changes) else 0


def _announced(program: Sequence[str]) -> Measurer:
    """Return a measurer that shows on a terminal which case is measured."""
    if not sys.stderr.isatty():
        return in_subprocesses(program)
    processes = count(1)

    def announced(names: Sequence[str]) -> Sequence[Record]:
        process, cases = next(processes), count(1)

        def on_line(line: str) -> None:
            if line in names:
                _status(f"process {process}, case {next(cases)} of {len(names)}: {line}")

        try:
            return in_subprocesses(program, on_line)(names)
        finally:
            _status("")

    return announced


def _status(line: str) -> None:
    print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes, expected at least 1")
    return number


def _share(text: str) -> float:
    if not (share := float(text)) > 0:
        raise argparse.ArgumentTypeError(f"{text} is not a share to tolerate, expected more than 0, such as 0.1")
    return share


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pixelpriv_fast.bench",
        description="Times every registered part against a yardstick in the same run.",
    )
    parser.add_argument("--list", action="store_true", help="print the cases and their yardsticks, time nothing")
    parser.add_argument(
        "--filter",
        metavar="GLOB",
        action="append",
        help="only cases whose names match, for example 'kernel/*'; may be repeated",
    )
    parser.add_argument(
        "--processes",
        metavar="N",
        type=_count,
        default=MAX_PROCESSES,
        help="maximum number of fresh processes that measure a case until its ratio is sure (default %(default)s)",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the report, for --compare")
    parser.add_argument("--compare", metavar="FILE", type=Path, help="an earlier report to compare this run with")
    parser.add_argument(
        "--tolerance",
        metavar="T",
        type=_share,
        help=f"maximum share by which a ratio may grow (default {TOLERANCE}; of instructions {instructions.TOLERANCE})",
    )
    parser.add_argument(
        "--instructions", action="store_true", help="count the kernels' instructions by valgrind instead of timing"
    )
    return parser
