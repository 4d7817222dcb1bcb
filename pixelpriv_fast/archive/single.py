"""One photo whose result is a file that the user names: no folder is mirrored, and nothing remembers it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..codecs import format_for, format_of_path
from ..errors import UsageError
from ..registry import CODECS
from .walk import Item


def names_a_photo(out: Path) -> bool:
    """Return whether an output is to be a photo's file: it has a photo's suffix and is not a folder."""
    return format_of_path(out) is not None and not out.is_dir()


def single_item(inputs: Sequence[Path], target: Path, format_name: str | None = None) -> Item:
    """Return the one photo whose result is the file ``target``.

    Parameters
    ----------
    inputs : sequence of Path
        What is to be protected: one file.
    target : Path
        The file to write; its suffix says the format.
    format_name : str or None
        The format that was requested beside; None for that of the suffix.

    Returns
    -------
    Item
        The photo.

    Raises
    ------
    UsageError
        If there is more than one file, the format contradicts the suffix, or something stands at ``target``: without a
        journal nothing says whose it is, so it is never replaced.
    """
    if len(inputs) != 1 or inputs[0].is_dir():
        raise UsageError(
            f"{target} names one photo, and more than one is to be protected; give a folder (mkdir {target} makes it one)"
        )
    (path,) = inputs
    if not path.exists():
        raise UsageError(f"input {path} does not exist")
    if os.path.lexists(target):
        if target.exists() and target.samefile(path):
            raise UsageError(f"{target} is the original; originals are never overwritten: choose another name")
        raise UsageError(f"{target} is there already and is not replaced; choose another name, or remove it")
    promised = format_for(target)
    if format_name is not None and CODECS.canonical(format_name) != promised:
        raise UsageError(f"--format {format_name} contradicts {target.name}, which promises {promised}; leave one out")
    return Item(path, path.name, target.name)
