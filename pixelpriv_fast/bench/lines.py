"""The lines that the bench prints: a header, a table, and what a comparison found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .case import BenchCase
from .compare import Change
from .instructions import Counts
from .records import Record, Report

_COLUMNS = ("case", "first", "median", "+-", "yardstick", "its median", "ratio", "faster", "noise", "processes")
_LEFT_ALIGNED = (0, 4)


def listing(cases: Sequence[BenchCase]) -> list[str]:
    """Return the name and yardstick of each case, for ``--list``."""
    width = max(len(case.name) for case in cases)
    return [f"{case.name:{width}}  against {case.yardstick}" for case in cases]


def heading(header: dict[str, Any]) -> list[str]:
    """Return what the figures of a report with this ``header`` hold for."""
    kernels = sorted(set(header["kernels"].values()))
    native = header["native"]
    return [
        f"pixelpriv_fast {header['version']}, Python {header['python']}, {header['platform']}",
        f"{header['processor']}, {header['cores']} cores, measured on {header['threads']}, load {header['load']}",
        f"kernels: {', '.join(kernels)} ({native.get('instruction_set') or native.get('missing')}); "
        f"providers: {', '.join(header['providers'])}",
        "versions: " + ", ".join(f"{name} {version}" for name, version in header["versions"].items()),
    ]


def table(records: Sequence[Record]) -> list[str]:
    """Return the measured cases as an aligned table, then the skipped ones with their reasons."""
    rows = [_COLUMNS, *(_row(record) for record in records if record.measured)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    lines = [
        "  ".join(
            cell.ljust(width) if i in _LEFT_ALIGNED else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return lines + [f"{record.name}: skipped: {record.reason}" for record in records if not record.measured]


def _row(record: Record) -> tuple[str, ...]:
    return (
        record.name,
        _seconds(record.first),
        _seconds(record.median),
        _seconds(record.mad),
        record.yardstick,
        _seconds(record.yardstick_median),
        f"{record.ratio:.4g}",
        f"{1 / record.ratio:.1f}x",
        "-" if record.band is None else f"{100 * record.band:.1f} %",
        str(len(record.fastest)),
    )


def counted(counts: Counts) -> list[str]:
    """Return the build and the instructions of each kernel, for ``--instructions``."""
    build = ", ".join(f"{key} {value}" for key, value in counts.build.items())
    width = max(map(len, counts.instructions))
    return [build, *(f"{name:{width}} {number:14,.0f}" for name, number in counts.instructions.items())]


def changes(found: Sequence[Change]) -> list[str]:
    """Return one line a case, the slower ones first."""
    lines = []
    for one in sorted(found, key=lambda change: -change.slower):
        verdict = "SLOWER" if one.regressed else "noisy" if one.noisy else "ok"
        again = ", measured again" if one.rerun else ""
        lines.append(
            f"{verdict:6} {one.name}: {100 * one.slower:+.2f} % "
            f"(noise {100 * one.noise:.1f} %, allowed {100 * one.limit:.1f} %{again})"
        )
    return lines


def compared(report: Report, before: Report, found: Sequence[Change]) -> list[str]:
    """Return the lines of a comparison.

    Parameters
    ----------
    report, before : Report
        This run and the baseline.
    found : sequence of Change
        What changed between them.

    Returns
    -------
    list of str
        The changes, then notes on what the two reports do not share: skipped cases, backends, the processor.
    """
    now, then, present = report.measured, before.measured, {record.name for record in report.records}
    notes = [f"{name}: in the baseline, skipped here" for name in then if name in present and name not in now]
    notes += [
        f"{name}: ran on {record.ran}, in the baseline on {then[name].ran}"
        for name, record in now.items()
        if name in then and record.ran != then[name].ran
    ]
    if report.header["processor"] != before.header.get("processor"):
        notes.append(f"the baseline is of another processor ({before.header.get('processor')}): ratios differ by that")
    return ["", f"against the baseline of {before.header.get('date')}:", *changes(found), *notes]


def _seconds(value: float) -> str:
    """Return three digits and a unit: "1.23 ms"."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"
