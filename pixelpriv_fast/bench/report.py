"""Records for people: a table, and what a comparison found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .compare import Change
from .instructions import Counts
from .pair import Case
from .records import Record

_COLUMNS = ("case", "first", "median", "+-", "yardstick", "its median", "ratio", "faster", "noise", "processes")


def listing(cases: Sequence[Case]) -> list[str]:
    """``--list``: name and yardstick."""
    width = max(len(case.name) for case in cases)
    return [f"{case.name:{width}}  against {case.yardstick}" for case in cases]


def heading(header: dict[str, Any]) -> list[str]:
    """What the figures hold for."""
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
    """The measured cases, aligned, then the skipped ones with their reasons."""
    rows = [_COLUMNS, *(_row(record) for record in records if record.measured)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    left = (0, 4)
    lines = [
        "  ".join(
            cell.ljust(w) if i in left else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return lines + [f"{record.name}: skipped: {record.reason}" for record in records if not record.measured]


def _row(record: Record) -> tuple[str, ...]:
    return (
        record.name,
        seconds(record.first),
        seconds(record.median),
        seconds(record.mad),
        record.yardstick,
        seconds(record.yardstick_median),
        f"{record.ratio:.4g}",
        f"{1 / record.ratio:.1f}x",
        "-" if record.band is None else f"{100 * record.band:.1f} %",
        str(len(record.fastest)),
    )


def counted(counts: Counts) -> list[str]:
    """``--instructions``: what was counted of which build."""
    build = ", ".join(f"{key} {value}" for key, value in counts.build.items())
    width = max(map(len, counts.instructions))
    return [build, *(f"{name:{width}} {number:14,.0f}" for name, number in counts.instructions.items())]


def changes(found: Sequence[Change]) -> list[str]:
    """One line a case against its baseline, the slower ones first."""
    lines = []
    for one in sorted(found, key=lambda change: -change.slower):
        verdict = "SLOWER" if one.regressed else "noisy" if one.noisy else "ok"
        again = ", measured again" if one.rerun else ""
        lines.append(
            f"{verdict:6} {one.name}: {100 * one.slower:+.2f} % "
            f"(noise {100 * one.noise:.1f} %, allowed {100 * one.limit:.1f} %{again})"
        )
    return lines


def seconds(value: float) -> str:
    """Three digits and a unit: "1.23 ms"."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"
