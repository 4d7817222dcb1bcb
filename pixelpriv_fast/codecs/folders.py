"""The photos of a folder, by their names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ..files import STATE_FOLDER
from .formats import known_suffixes

#: Told of every file that is passed over, with the reason.
PassedOver = Callable[[Path, str], None]


def photos_below(
    given: Path, skip: Path | None = None, passed_over: PassedOver | None = None
) -> Iterator[tuple[Path, str]]:
    """Photo files with their names relative to ``given``, in a stable order. A file stands for itself; a folder for the
    known suffixes below it. Symbolic links are followed only where they stay inside the input; the folder ``skip``,
    where it lies inside, is passed over."""
    if not given.is_dir():
        yield given, given.name
        return
    root, skipped = given.resolve(), skip and skip.resolve()
    seen: set[Path] = set()
    for folder, folders, files in os.walk(given, followlinks=True):
        real = Path(folder).resolve()
        if real in seen or real == skipped or not _inside(real, root) or real.name == STATE_FOLDER:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        for name in sorted(files):
            path = Path(folder) / name
            reason = _why_not(path, root)
            if reason is None:
                yield path, path.relative_to(given).as_posix()
            elif passed_over is not None:
                passed_over(path, reason)


def _why_not(path: Path, root: Path) -> str | None:
    """Why a file of a folder is no photo to take; None for one that is."""
    if path.name.startswith("."):
        return "hidden"
    if path.suffix.lower() not in known_suffixes():
        return f"{path.suffix or 'no suffix'} is no known photo suffix"
    return None if _inside(path.resolve(), root) else "a link to outside the input"


def _inside(path: Path, root: Path) -> bool:
    return path == root or root in path.parents
