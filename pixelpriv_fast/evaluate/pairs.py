"""Which protected file belongs to which original: by the same relative path, or the same one with another suffix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..codecs.folders import photos_below
from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Pair:
    """One photo before and after. ``name``: its path below the originals' folder, with forward slashes."""

    name: str
    original: Path
    protected: Path


def pair_up(originals: Path, protected: Path) -> tuple[list[Pair], list[str]]:
    """The photos below ``originals`` with their files below ``protected``, and the names of those that have none.

    A file of the very name comes first; otherwise one of the same stem that is no other original's own. Photos that
    are only below ``protected`` are passed over. Raises ``UsageError`` for a folder that is missing or holds no photo,
    for a stem that fits two files, and where nothing fits at all.
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
            pairs.append(Pair(name, path, results[found]))
    if not pairs:
        raise UsageError(f"no photo of {originals} has a protected file below {protected}; are these the two folders?")
    return pairs, missing


def _below(folder: Path, other: Path) -> dict[str, Path]:
    """The photos below ``folder`` by name; where the ``other`` folder lies inside it, that one's are not among them."""
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
