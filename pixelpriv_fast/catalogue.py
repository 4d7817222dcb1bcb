"""What exists, as rows of name and summary, read from the registries themselves."""

from __future__ import annotations

from typing import Any

from .registry import ATTACKS, CLASSIFIERS, ENHANCEMENTS, METRICS, Table


def rows(kind: str) -> list[dict[str, Any]]:
    """The rows of ``kind`` ("recipes", "enhancements", "attacks", "classifiers", "metrics", "providers",
    "kernels"): ``name``, ``summary`` and, where the kind has more to say, further keys."""
    return _SOURCES[kind]()


def _table(table: Table) -> list[dict[str, Any]]:
    return [{"name": name, "summary": table[name].summary} for name in table]


def _recipes() -> list[dict[str, Any]]:
    from .recipes import suggest

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


_SOURCES = {
    "recipes": _recipes,
    "enhancements": lambda: _table(ENHANCEMENTS),
    "attacks": lambda: _table(ATTACKS),
    "classifiers": lambda: _table(CLASSIFIERS),
    "metrics": lambda: _table(METRICS),
    "providers": _providers,
    "kernels": _kernels,
}
