"""The photos of a folder, by their names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ..files import STATE_FOLDER
from .formats import known_suffixes

#: Called with every file that is left out, and the reason.
PassedOver = Callable[[Path, str], None]


def photos_below(
    given: Path, skip: Path | None = None, passed_over: PassedOver | None = None
) -> Iterator[tuple[Path, str]]:
    """Yield photo files in a stable order.

    Symbolic links are followed only where they stay inside the input.

    Parameters
    ----------
    given : Path
        A file, which stands for itself, or a folder, for the known suffixes below it.
    skip : Path or None
        A folder that is left out where it lies inside ``given``.
    passed_over : callable or None
        Called with each file that is left out and the reason.

    Yields
    ------
    (Path, str)
        The file, and its name relative to ``given``.
    """
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
    """Return why a file of a folder is left out, or None."""
    if path.name.startswith("."):
        return "hidden"
    if path.suffix.lower() not in known_suffixes():
        return f"{path.suffix or 'no suffix'} is not a known photo suffix"
    return None if _inside(path.resolve(), root) else "a link to outside the input"


def _inside(path: Path, root: Path) -> bool:
    return path == root or root in path.parents
