"""``python -m pixelpriv_fast.bench``: arguments to calls."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import PixelPrivError
from . import report as words
from .cases import matching
from .clock import Effort
from .compare import TOLERANCE, compare, missing
from .machine import header
from .pair import Case
from .records import Record, Report
from .runner import again, run_case

_REGRESSED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 for a regression, 2 for arguments that do not fit."""
    options = _parser().parse_args(arguments)
    try:
        cases = matching(options.filter)
        if options.list:
            print("\n".join(words.listing(cases)))
            return 0
        return bench(cases, options.json, options.compare, options.tolerance)
    except PixelPrivError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code


def bench(
    cases: Sequence[Case],
    json: Path | None = None,
    baseline: Path | None = None,
    tolerance: float = TOLERANCE,
    effort: Effort = Effort(),  # noqa: B008 (frozen)
) -> int:
    """Measures ``cases``, prints and writes what it finds, and compares it; returns the exit code."""
    before = Report.load(baseline) if baseline is not None else None
    head = header()
    print("\n".join(words.heading(head)))
    report = Report(head, _measured(cases, effort))
    code = 0
    lines: list[str] = []
    if before is not None:
        changes, newer = compare(report, before, tolerance, again(cases, effort))
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
    if report.header["processor"] != before.header.get("processor"):
        notes.append(f"the baseline is of another processor ({before.header.get('processor')}): ratios differ by that")
    return ["", f"against the baseline of {before.header.get('date')}:", *lines, *notes]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pixelpriv_fast.bench",
        description="Times every registered part against a yardstick in the same run.",
    )
    parser.add_argument("--list", action="store_true", help="print the cases and their yardsticks, time nothing")
    parser.add_argument("--filter", metavar="GLOB", default="*", help="only cases whose names match, as 'kernel/*'")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the report, for --compare")
    parser.add_argument("--compare", metavar="FILE", type=Path, help="a report to hold this run against")
    parser.add_argument(
        "--tolerance",
        metavar="T",
        type=float,
        default=TOLERANCE,
        help="the most by which a ratio may grow, as a share (default %(default)s); less where noise is small",
    )
    return parser
