"""``python -m pixelpriv_fast.bench``: arguments to calls."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import PixelPrivError
from . import report as words
from .apart import PROGRAM, Apart, by_program, merged
from .cases import matching
from .clock import Effort
from .compare import PROCESSES, TOLERANCE, compare, missing
from .machine import header
from .pair import Case
from .records import Record, Report
from .runner import run_case

_REGRESSED = 1


def main(arguments: Sequence[str] | None = None, program: Sequence[str] = PROGRAM) -> int:
    """The exit code: 0, 1 for a regression, 2 for arguments that do not fit, 4 where a measuring process failed.
    ``program``: what fresh processes run."""
    options = _parser().parse_args(arguments)
    try:
        cases = matching(*options.filter or ["*"])
        if options.list:
            print("\n".join(words.listing(cases)))
            return 0
        processes = options.processes or (PROCESSES if options.json and not options.compare else 1)
        return bench(cases, options.json, options.compare, options.tolerance, processes, by_program(program))
    except PixelPrivError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code


def bench(
    cases: Sequence[Case],
    json: Path | None = None,
    baseline: Path | None = None,
    tolerance: float = TOLERANCE,
    processes: int = 1,
    apart: Apart = by_program(),  # noqa: B008 (pure)
    effort: Effort = Effort(),  # noqa: B008 (frozen)
) -> int:
    """Measures ``cases`` in this and ``processes`` - 1 further ones, prints and writes what it finds, and compares it;
    returns the exit code."""
    before = Report.load(baseline) if baseline is not None else None
    head = header()
    print("\n".join(words.heading(head)))
    names = [case.name for case in cases]
    runs = [_measured(cases, effort), *(apart(names) for _ in range(processes - 1))]
    report = Report(head, merged(runs))
    code = 0
    lines: list[str] = []
    if before is not None:
        changes, newer = compare(report, before, tolerance, apart)
        report = report.with_records(newer)
        code = _REGRESSED if any(change.regressed for change in changes) else 0
        lines = _compared(report, before, words.changes(changes))
    print("\n".join([*words.table(report.records), *lines]))
    if json is not None:
        report.save(json)
    return code


def _measured(cases: Sequence[Case], effort: Effort) -> tuple[Record, ...]:
    records = []
    for number, case in enumerate(cases, 1):
        if sys.stderr.isatty():
            print(f"\r\x1b[K{number}/{len(cases)} {case.name}", end="", file=sys.stderr, flush=True)
        records.append(run_case(case, effort))
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    return tuple(records)


def _compared(report: Report, before: Report, lines: list[str]) -> list[str]:
    notes = [f"{name}: in the baseline, skipped here" for name in missing(report, before)]
    then = {record.name: record.ran for record in before.records if record.measured}
    notes += [
        f"{record.name}: ran on {record.ran}, in the baseline on {then[record.name]}"
        for record in report.records
        if record.measured and record.ran != then.get(record.name, record.ran)
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
        raise argparse.ArgumentTypeError(f"{text} is no share to tolerate, expected more than 0, such as 0.12")
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
        help=f"fresh processes that measure each case (default {PROCESSES} for a report that is not compared, else 1)",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the report, for --compare")
    parser.add_argument("--compare", metavar="FILE", type=Path, help="a report to hold this run against")
    parser.add_argument(
        "--tolerance",
        metavar="T",
        type=_share,
        default=TOLERANCE,
        help="the most by which a ratio may grow, as a share (default %(default)s); less where noise is small",
    )
    return parser
