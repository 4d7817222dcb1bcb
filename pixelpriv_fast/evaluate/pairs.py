"""Pairs of original and protected file: same relative path, or the same path with another suffix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..codecs.folders import photos_below
from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class PhotoPair:
    """One photo's files before and after protection.

    Attributes
    ----------
    name : str
        The original's path below its folder, with forward slashes.
    original : Path
        The original file.
    protected : Path
        The protected file.
    """

    name: str
    original: Path
    protected: Path


def pair_up(originals: Path, protected: Path) -> tuple[list[PhotoPair], list[str]]:
    """Find the protected file of every original.

    A file with the original's own name is preferred; otherwise one with the same stem is taken, unless its name is that of
    another original. Photos that are only below ``protected`` are ignored.

    Parameters
    ----------
    originals : Path
        Folder of the original photos.
    protected : Path
        Folder of their protected files.

    Returns
    -------
    pairs : list of PhotoPair
        The pairs, in the order of the originals.
    missing : list of str
        Names of the originals without a protected file.

    Raises
    ------
    UsageError
        If a folder is missing or holds no photo, a stem fits two files, or no original has a protected file.
    """
    sources, results = _below(originals, protected), _below(protected, originals)
    by_stem: dict[str, list[str]] = {}
    for name in results:
        if name not in sources:  # a file with an original's own name never stands in for another original
            by_stem.setdefault(_stem(name), []).append(name)
    pairs, missing = [], []
    for name, path in sources.items():
        found = name if name in results else _only(name, by_stem.get(_stem(name), ()), protected)
        if found is None:
            missing.append(name)
        else:
            pairs.append(PhotoPair(name, path, results[found]))
    if not pairs:
        raise UsageError(f"no photo of {originals} has a protected file below {protected}; are these the two folders?")
    return pairs, missing


def _below(folder: Path, other: Path) -> dict[str, Path]:
    """Return the photos below ``folder`` by name, without those below ``other`` if that folder lies inside it."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder" if folder.exists() else f"folder {folder} does not exist")
    nested = folder.resolve() != other.resolve()
    photos = {name: path for path, name in photos_below(folder, skip=other if nested else None)}
    if not photos:
        raise UsageError(f"no photo found in {folder}")
    return photos


def _only(name: str, candidates: Sequence[str], protected: Path) -> str | None:
    if len(candidates) > 1:
        raise UsageError(f"{name} could be {' or '.join(candidates)} below {protected}; leave only one of them there")
    return candidates[0] if candidates else None


def _stem(name: str) -> str:
    return Path(name).with_suffix("").as_posix()
