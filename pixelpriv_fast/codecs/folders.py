"""The photos of a folder, by their names, and what stands beside them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ..files import STATE_FOLDER, STATE_SUFFIX, real_path, state_beside
from .other_files import is_housekeeping, kind_of_file

#: Called with each file or folder that is left out, and its kind: a key of ``other_files.KINDS``.
PassedOver = Callable[[Path, str], None]


def _ignore(path: Path, kind: str) -> None:
    """Take no note."""


def photos_below(
    given: Path, skip: Path | None = None, passed_over: PassedOver = _ignore, *, all_folders: bool = False
) -> Iterator[tuple[Path, str]]:
    """Yield photo files in a stable order.

    Symbolic links are followed only where they stay inside the input.

    Parameters
    ----------
    given : Path
        A file, which stands for itself, or a folder, for the known suffixes below it.
    skip : Path or None
        A folder that is left out where it lies inside ``given``.
    passed_over : callable
        Called with each file or folder that is left out and its kind. The folder ``skip`` and state folders are not told.
    all_folders : bool
        Whether folders for trash, thumbnails and the like, and folders of protected photos, are taken too.

    Yields
    ------
    (Path, str)
        The file, and its name relative to ``given``.
    """
    if not given.is_dir():
        yield given, given.name
        return
    root, skipped = real_path(given), skip and real_path(skip)
    seen: set[Path] = set()

    def unreadable(error: OSError) -> None:
        passed_over(Path(error.filename), "unreadable_folder")

    for folder, folders, files in os.walk(given, onerror=unreadable, followlinks=True):
        here = Path(folder)
        real = real_path(here)
        if real in seen or real == skipped:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if _is_entered(here / name, root, passed_over, all_folders))
        for name in sorted(files):
            path = here / name
            kind = kind_of_file(path) or (None if _inside(real_path(path), root) else "link_outside")
            if kind is None:
                yield path, path.relative_to(given).as_posix()
            else:
                passed_over(path, kind)


def _is_entered(folder: Path, root: Path, passed_over: PassedOver, all_folders: bool) -> bool:
    """Return whether a folder is looked into; the caller is told of one that is not, but for state folders."""
    if folder.name == STATE_FOLDER or folder.name.endswith(STATE_SUFFIX):
        return False
    if not _inside(real_path(folder), root):
        passed_over(folder, "link_outside")
        return False
    if all_folders:
        return True
    if is_housekeeping(folder.name):
        passed_over(folder, "housekeeping_folder")
        return False
    if _is_output(folder):
        passed_over(folder, "protected_folder")
        return False
    return True


def _is_output(folder: Path) -> bool:
    """Return whether an archive's protected photos stand in the folder, by the state folder beside or inside it."""
    # Path.is_dir would raise where the folder may not be looked into, which is for the walk to tell.
    return any(os.path.isdir(place) for place in (state_beside(folder), folder / STATE_FOLDER))


def _inside(path: Path, root: Path) -> bool:
    return path == root or root in path.parents
