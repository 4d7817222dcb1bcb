"""What exists, from the registries, and what really runs on this machine, with the line that fixes what does not."""

from __future__ import annotations

import platform
import sys
from dataclasses import asdict
from importlib import metadata
from typing import Any

from .defaults import RECIPE
from .errors import unknown_word
from .registry import ATTACKS, CHANNELS, ENHANCEMENTS, TABLES, Table


def package_version() -> str:
    """Return the version in the installed package's metadata; "not installed" for a checkout on Python's path."""
    try:
        return metadata.version("pixelpriv-fast")
    except metadata.PackageNotFoundError:
        return "not installed"


def info() -> dict[str, Any]:
    """Return what a bug report or a bench file needs, as plain values ready for JSON.

    Returns
    -------
    dict
        ``version``, ``python`` and ``platform``; ``native``: the extension's build, or ``missing`` with the reason and
        the fix; ``kernels``: name -> the implementation that runs; ``runtime``: every provider and whether it works, see
        ``runtime.info``; ``engines``: the gradient engines in the order in which ``auto`` tries them; ``gpu``: what has
        run on a GPU so far.
    """
    from .engines import auto_engines
    from .kernels import table
    from .runtime import info as runtime_info

    native, reason = table.native_module()
    return {
        "version": package_version(),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "native": native.build_info() if native is not None else {"missing": reason},
        "kernels": {row["name"]: row["runs"] for row in rows("kernels")},
        "runtime": runtime_info(),
        "engines": [{"name": name, "device": device, "why": why} for device, name, why in auto_engines()],
        "gpu": "the CUDA and TensorRT paths have not been run on a GPU yet",
    }


def lines(report: dict[str, Any]) -> list[str]:
    """Return ``info()``'s report as lines for people."""
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


def rows(kind: str, every: bool = False) -> list[dict[str, Any]]:
    """Return what exists of one kind.

    Parameters
    ----------
    kind : str
        A word of ``KINDS``.
    every : bool
        Of recipes: whether every pair of parts is listed, not only the recipes to use.

    Returns
    -------
    list of dict
        ``name``, ``summary`` and, where the kind has more to say, further keys: parts of recipes and channels have ``word`` and
        ``fields``.

    Raises
    ------
    UsageError
        If the kind is unknown.
    """
    if kind == "recipes":
        return _recipes(every)
    if kind in _COMPUTED:
        return _COMPUTED[kind]()
    if kind not in TABLES:
        raise unknown_word("kind", kind, KINDS)
    table = TABLES[kind]
    found: list[dict[str, Any]] = [{"name": name, "summary": table[name].summary} for name in table]
    return [row | _part(table, row["name"]) for row in found] if table in _OF_FIELDS else found


def _part(table: Table, name: str) -> dict[str, Any]:
    """Return how recipes spell a part, and what may be set of it."""
    from .protection.part_fields import described_fields

    return {"word": table.alias_of(name), "fields": [asdict(field) for field in described_fields(table.load(name))]}


def _recipes(every: bool) -> list[dict[str, Any]]:
    from .protection.grammar import suggest
    from .protection.recipes import RECOMMENDED

    if not every:
        said = {
            word: f"{summary} (the default)" if word == RECIPE else summary for word, summary in RECOMMENDED.items()
        }
        return [{"name": word, "summary": summary} for word, summary in said.items()]
    return [{"name": word, "summary": _recipe_summary(word)} for word in suggest()]


def _recipe_summary(word: str) -> str:
    first, _, second = word.partition("+")
    return f"{ENHANCEMENTS[first].summary}, then {ATTACKS[second].summary}" if second else ATTACKS[first].summary


def _kernels() -> list[dict[str, Any]]:
    from .kernels import table

    return [
        {
            "name": name,
            "summary": f"{row.summary} [{', '.join(table.implementations(name))}]",
            "runs": table.implementations(name)[0],
            "implementations": list(table.implementations(name)),
        }
        for name, row in table.KERNELS.items()
    ]


def _providers() -> list[dict[str, Any]]:
    from .runtime import info

    return [
        {"name": row["name"], "summary": "works" if row["works"] else row["reason"], **row}
        for row in info()["providers"]
    ]


#: Tables whose rows are dataclasses, of which `list` shows what may be set.
_OF_FIELDS = (ENHANCEMENTS, ATTACKS, CHANNELS)

_COMPUTED = {"providers": _providers, "kernels": _kernels}

#: What ``pixelpriv list`` can list.
KINDS = ("recipes", *TABLES, "providers", "kernels")
