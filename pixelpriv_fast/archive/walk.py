"""What is to be done: every photo below the inputs and the place where its result will stand.

Names are mirrored. All clashes are found before work starts, also those of file systems that fold case or Unicode
forms. Nothing outside the output folder is ever planned.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..codecs import known_suffixes, suffix_for
from ..codecs.folders import PassedOver, photos_below
from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Item:
    """One photo: the file to read, its name relative to its input, and its result relative to the output folder."""

    path: Path
    source: str
    output: str

    def __fspath__(self) -> str:
        return str(self.path)


def plan(
    inputs: Sequence[Path],
    out: Path,
    format_name: str | None = None,
    *,
    may_be_empty: bool = False,
    passed_over: PassedOver | None = None,
) -> list[Item]:
    """The photos below ``inputs`` (files or folders) in a stable order, each with its place below ``out``.

    ``format_name`` None keeps every photo's format and suffix; otherwise the suffix becomes that format's.
    Raises ``UsageError`` for a missing input, no photo at all (unless there ``may_be_empty``), an output inside an
    input folder's own files, or two photos that would get one name.
    """
    check_places(inputs, out)
    items = [
        Item(path, source, _renamed(source, format_name))
        for given in inputs
        for path, source in photos_below(given, skip=out, passed_over=passed_over)
    ]
    if not items and not may_be_empty:
        raise UsageError(
            f"no photo found in {_listed(inputs)}; known suffixes: {' '.join(sorted(known_suffixes()))}. "
            "Is the folder mounted?"
        )
    _refuse_clashes(items)
    _refuse_overwriting(items, out)
    return items


def check_places(inputs: Sequence[Path], out: Path) -> None:
    """Raises ``UsageError`` for an input that is not there and an output that is no place to write to."""
    for given in inputs:
        if not given.exists():
            raise UsageError(f"input {given} does not exist")
        if given.is_dir() and given.resolve() == out.resolve():
            raise UsageError(f"input and output are the same folder, {given}; originals are never overwritten")
    if out.exists() and not out.is_dir():
        raise UsageError(f"output {out} is a file; give a folder")


def _renamed(source: str, format_name: str | None) -> str:
    return source if format_name is None else str(Path(source).with_suffix(suffix_for(format_name)).as_posix())


def _folded(name: str) -> str:
    """Equal for names that some file system takes for one: case and Unicode form folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _refuse_clashes(items: Iterable[Item]) -> None:
    owners: dict[str, list[str]] = {}
    for item in items:
        owners.setdefault(_folded(item.output), []).append(str(item.path))
    clashes = [paths for paths in owners.values() if len(paths) > 1]
    if clashes:
        shown = "; ".join(" and ".join(paths[:3]) for paths in clashes[:3])
        raise UsageError(
            f"{len(clashes)} name clash(es), nothing was done: {shown} would become one file; "
            "rename them, protect them into separate folders, or use --format keep"
        )


def _refuse_overwriting(items: Iterable[Item], out: Path) -> None:
    for item in items:
        target = out / item.output
        if os.path.exists(target) and os.path.exists(item.path) and target.samefile(item.path):
            raise UsageError(f"{item.path} would be overwritten by its own result; choose another output folder")


def _listed(inputs: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in inputs)
