"""What is to be done: every photo below the inputs and the place where its result will stand.

Names are mirrored. Clashes are found before work starts, also those of file systems that fold case or Unicode forms;
they fail the photos concerned and no others. Nothing outside the output folder is ever planned.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..codecs import known_suffixes, suffix_for
from ..codecs.folders import photos_below
from ..codecs.other_files import KINDS
from ..errors import UsageError
from ..files import real_path

_SHOWN = 3  #: photos that a message about a clash names at most


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
    refused : str
        Why it cannot be protected, whatever it holds; "" if it can.
    """

    path: Path
    source: str
    output: str
    refused: str = ""


@dataclass(slots=True)
class LeftOut:
    """What the last walk passed over.

    Attributes
    ----------
    counts : Counter
        Number of files or folders by kind, see ``codecs.other_files``.
    first : dict
        Kind -> the first one's path.
    unreadable : list of Path
        Folders that could not be read: their photos are not protected.
    """

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, Path] = field(default_factory=dict)
    unreadable: list[Path] = field(default_factory=list)

    def note(self, path: Path, kind: str) -> None:
        """Count a file or folder that was passed over.

        Parameters
        ----------
        path : Path
            The file or folder.
        kind : str
            Its kind, a key of ``codecs.other_files.KINDS``.
        """
        self.counts[kind] += 1
        self.first.setdefault(kind, path)
        if kind == "unreadable_folder":
            self.unreadable.append(path)

    def clear(self) -> None:
        """Forget everything, before the next walk."""
        self.counts.clear()
        self.first.clear()
        self.unreadable.clear()

    def words(self) -> list[str]:
        """Return a phrase for each kind: how many, which, and what can be done."""
        return [self._words(kind) for kind in KINDS if self.counts[kind]]

    def _words(self, name: str) -> str:
        kind, number = KINDS[name], self.counts[name]
        example = self.first[name].name
        shown = example if number == 1 else f"{example}, ..."
        return f"{number:,} {kind.one if number == 1 else kind.many} ({shown}{'; ' + kind.fix if kind.fix else ''})"


def plan(
    inputs: Sequence[Path],
    out: Path,
    format_name: str | None = None,
    *,
    may_be_empty: bool = False,
    all_folders: bool = False,
    left_out: LeftOut | None = None,
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
    all_folders : bool
        Whether folders for trash, thumbnails and the like are taken too.
    left_out : LeftOut or None
        Told of what is passed over.

    Returns
    -------
    list of Item
        The photos; those whose results would get one name are refused.

    Raises
    ------
    UsageError
        If an input is missing, there is no photo, or the output is among an input folder's own files.
    """
    check_places(inputs, out)
    found = LeftOut() if left_out is None else left_out
    items = list(
        dict.fromkeys(  # an input that is named twice is taken once
            Item(path, source, _renamed(source, format_name))
            for given in inputs
            for path, source in photos_below(given, out, found.note, all_folders=all_folders)
        )
    )
    if not items and not may_be_empty and not found.unreadable:
        passed_over = f"passed over: {'; '.join(found.words())}" if found.counts else "Is the folder mounted?"
        raise UsageError(
            f"no photo found in {_listed(inputs)}; known suffixes: {' '.join(sorted(known_suffixes()))}. {passed_over}"
        )
    _refuse_overwriting(items, out)
    return _without_clashes(items, format_name)


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
        if given.is_dir() and real_path(given) == real_path(out):
            raise UsageError(f"input and output are the same folder, {given}; originals are never overwritten")
    if out.exists() and not out.is_dir():
        raise UsageError(f"output {out} is a file; give a folder")


def _renamed(source: str, format_name: str | None) -> str:
    return source if format_name is None else str(Path(source).with_suffix(suffix_for(format_name)).as_posix())


def _folded(name: str) -> str:
    """Fold case and Unicode form: equal for names that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _without_clashes(items: Sequence[Item], format_name: str | None) -> list[Item]:
    """Refuse the photos whose results would get one name, or names that some file system takes for one."""
    owners: dict[str, list[Item]] = {}
    for item in items:
        owners.setdefault(_folded(item.output), []).append(item)
    return [_refused(item, owners[_folded(item.output)], format_name) for item in items]


def _refused(item: Item, owners: Sequence[Item], format_name: str | None) -> Item:
    if len(owners) == 1:
        return item
    others = [str(other.path) for other in owners if other is not item]
    shown = " and ".join(others[:_SHOWN]) + (f" and {len(others) - _SHOWN:,} more" if len(others) > _SHOWN else "")
    fixes = ["rename one of them", "protect them into separate folders"]
    if format_name is not None and len({owner.source for owner in owners}) == len(owners):
        fixes.append("use --format keep")
    alike = "one file" if len({owner.output for owner in owners}) == 1 else "one file where case does not count"
    reason = f"{item.path}: its result and that of {shown} would become {alike}; {_either(fixes)}"
    return replace(item, refused=reason)


def _either(fixes: Sequence[str]) -> str:
    return f"{', '.join(fixes[:-1])} or {fixes[-1]}"


def _refuse_overwriting(items: Iterable[Item], out: Path) -> None:
    for item in items:
        target = out / item.output
        if os.path.exists(target) and os.path.exists(item.path) and target.samefile(item.path):
            raise UsageError(f"{item.path} would be overwritten by its own result; choose another output folder")


def _listed(inputs: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in inputs)
