"""``python -m pixelpriv_fast.bench``: arguments to calls."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from ..errors import PixelPrivError
from . import instructions
from . import report as words
from .apart import PROGRAM, Apart, by_program
from .cases import matching
from .compare import MOST, TOLERANCE, compare, known, measured, missing, settled
from .machine import header
from .records import Record, Report

_REGRESSED, _INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None, program: Sequence[str] = PROGRAM) -> int:
    """The exit code: 0, 1 for a regression, 2 for arguments that do not fit, 4 where a measuring process failed,
    130 after Ctrl-C.
    ``program``: what fresh processes run."""
    options = _parser().parse_args(arguments)
    try:
        cases = matching(*options.filter or ["*"])
        if options.list:
            print("\n".join(words.listing(cases)))
            return 0
        names = [case.name for case in cases]
        if options.instructions:
            return count_instructions(names, options.json, options.compare, options.tolerance or instructions.TOLERANCE)
        return bench(
            names, _announced(program), options.json, options.compare, options.tolerance or TOLERANCE, options.processes
        )
    except PixelPrivError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return _INTERRUPTED


def bench(
    names: Sequence[str],
    apart: Apart,
    json: Path | None = None,
    baseline: Path | None = None,
    tolerance: float = TOLERANCE,
    most: int = MOST,
) -> int:
    """Measures the cases of these names in at most ``most`` processes, prints and writes what it finds, and compares it;
    returns the exit code."""
    before = Report.load(baseline) if baseline is not None else None
    report = Report(header())
    print("\n".join(words.heading(report.header)), flush=True)
    report = Report(report.header, settled(names, apart, most, known(report, before) if before else None))
    code = 0
    lines: list[str] = []
    if before is not None:
        changes, report = compare(report, before, apart, tolerance, most)
        code = _REGRESSED if any(change.regressed for change in changes) else 0
        lines = _compared(report, before, words.changes(changes))
    print("\n".join([*words.table(report.records), *lines]))
    if json is not None:
        report.save(json)
    return code


def count_instructions(names: Sequence[str], json: Path | None, baseline: Path | None, tolerance: float) -> int:
    """Counts the instructions of the kernels among ``names``, prints, writes and compares them; returns the exit code."""
    before = instructions.Counts.load(baseline) if baseline is not None else None
    counts = instructions.count(names)
    print("\n".join(words.counted(counts)))
    changes = instructions.compare(counts, before, tolerance) if before is not None else []
    if changes:
        print("\n".join(["", *words.changes(changes)]))
    if json is not None:
        counts.save(json)
    return _REGRESSED if any(change.regressed for change in changes) else 0


def _announced(program: Sequence[str]) -> Apart:
    """Fresh processes of ``program``; says on a terminal what goes on."""
    if not sys.stderr.isatty():
        return by_program(program)
    processes = count(1)

    def announced(names: Sequence[str]) -> Sequence[Record]:
        process, cases = next(processes), count(1)

        def heard(line: str) -> None:
            if line in names:
                _status(f"process {process}, case {next(cases)} of {len(names)}: {line}")

        try:
            return by_program(program, heard)(names)
        finally:
            _status("")

    return announced


def _status(line: str) -> None:
    print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def _compared(report: Report, before: Report, lines: list[str]) -> list[str]:
    notes = [f"{name}: in the baseline, skipped here" for name in missing(report, before)]
    then = measured(before)
    notes += [
        f"{name}: ran on {record.ran}, in the baseline on {then[name].ran}"
        for name, record in measured(report).items()
        if name in then and record.ran != then[name].ran
    ]
    if report.header["processor"] != before.header.get("processor"):
        notes.append(f"the baseline is of another processor ({before.header.get('processor')}): ratios differ by that")
    return ["", f"against the baseline of {before.header.get('date')}:", *lines, *notes]


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of processes, expected at least 1")
    return number


def _share(text: str) -> float:
    if not (share := float(text)) > 0:
        raise argparse.ArgumentTypeError(f"{text} is no share to tolerate, expected more than 0, such as 0.1")
    return share


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pixelpriv_fast.bench",
        description="Times every registered part against a yardstick in the same run.",
    )
    parser.add_argument("--list", action="store_true", help="print the cases and their yardsticks, time nothing")
    parser.add_argument(
        "--filter", metavar="GLOB", action="append", help="only cases whose names match, as 'kernel/*'; several add up"
    )
    parser.add_argument(
        "--processes",
        metavar="N",
        type=_count,
        default=MOST,
        help="fresh processes that measure a case until it is sure, at most (default %(default)s)",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the report, for --compare")
    parser.add_argument("--compare", metavar="FILE", type=Path, help="a report to hold this run against")
    parser.add_argument(
        "--tolerance",
        metavar="T",
        type=_share,
        help=f"the most by which a ratio may grow, as a share (default {TOLERANCE}; of instructions {instructions.TOLERANCE})",
    )
    parser.add_argument(
        "--instructions", action="store_true", help="count the kernels' instructions by valgrind instead of timing"
    )
    return parser
