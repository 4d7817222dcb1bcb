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
    """One photo that is to be protected.

    Attributes
    ----------
    path : Path
        The file to read.
    source : str
        Its name relative to its input.
    output : str
        Its result's, relative to the output folder.
    """

    path: Path
    source: str
    output: str


def plan(
    inputs: Sequence[Path],
    out: Path,
    format_name: str | None = None,
    *,
    may_be_empty: bool = False,
    passed_over: PassedOver | None = None,
) -> list[Item]:
    """List the photos below some inputs in a stable order, each with its place in the output folder.

    Parameters
    ----------
    inputs : sequence of Path
        Files or folders.
    out : Path
        The output folder.
    format_name : str or None
        A codec's name, whose suffix results get; None keeps every photo's format and suffix.
    may_be_empty : bool
        Whether there may be no photo at all.
    passed_over : callable or None
        Told of each file that is not a photo to take, and why.

    Returns
    -------
    list of Item
        The photos.

    Raises
    ------
    UsageError
        If an input is missing, there is no photo, the output is among an input folder's own files, or two photos would
        get one name.
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
    """Refuse inputs that are missing and an output that cannot be written to.

    Parameters
    ----------
    inputs : sequence of Path
        Files or folders.
    out : Path
        The output folder.

    Raises
    ------
    UsageError
        If one of them does not fit.
    """
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
    """Fold case and Unicode form: equal for names that some file system takes for one."""
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
