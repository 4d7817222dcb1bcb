"""What really runs on this machine: versions, kernels, providers, engines and models, with the line that would fix what
does not."""

from __future__ import annotations

import platform
import sys
from typing import Any


def info() -> dict[str, Any]:
    """Everything that a bug report or a bench file needs, as plain values ready for JSON.

    ``version``, ``python``, ``platform``; ``native``: the extension's build, or ``missing`` with the reason and fix;
    ``kernels``: name -> the implementation that runs; ``runtime``: providers tried, see ``runtime.info``; ``engines``:
    who computes gradients, the one that ``auto`` takes first; ``gpu``: what a GPU has run so far.
    """
    from . import __version__
    from .catalogue import rows
    from .engines import ranks
    from .kernels import table
    from .runtime import info as runtime_info

    native, reason = table.native_module()
    return {
        "version": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "native": native.build_info() if native is not None else {"missing": reason},
        "kernels": {row["name"]: row["runs"] for row in rows("kernels")},
        "runtime": runtime_info(),
        "engines": [{"name": rank.engine, "device": device, "why": rank.why} for device, rank in ranks()],
        "gpu": "the CUDA and TensorRT paths have not been run on a GPU yet",
    }


def lines(report: dict[str, Any]) -> list[str]:
    """``info()``'s report for people."""
    native = report["native"]
    built = f"MISSING: {native['missing']}" if "missing" in native else f"{native['instruction_set']}"
    by_implementation: dict[str, list[str]] = {}
    for kernel, implementation in report["kernels"].items():
        by_implementation.setdefault(implementation, []).append(kernel)
    runtime = report["runtime"]
    versions = ", ".join(f"{package} {version}" for package, version in runtime["versions"].items() if version)
    return [
        f"pixelpriv_fast {report['version']}, Python {report['python']}, {report['platform']}",
        f"packages: {versions}",
        f"native kernels: {built}",
        *(f"kernels on {name}: {', '.join(kernels)}" for name, kernels in by_implementation.items()),
        f"auto provider: {runtime['auto']['provider']} ({runtime['auto']['reason']})",
        *(_provider_line(row) for row in runtime["providers"]),
        *(f"engine {row['name']} on {row['device']}: {row['why']}" for row in report["engines"]),
        f"gpu: {report['gpu']}",
    ]


def _provider_line(row: dict[str, Any]) -> str:
    if row["works"]:
        return f"provider {row['name']}: works" + (f" ({row['note']})" if row["note"] else "")
    return f"provider {row['name']}: no: {row['reason']}" + (f"; fix: {row['fix']}" if row["fix"] else "")
