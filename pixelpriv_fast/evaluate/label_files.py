"""Label files: which classes are right for which photo.

``file,index`` a line; a header line, a byte order mark, CRLF, quotes and blank lines are accepted, and several accepted
indices separated by blanks. Further columns are passed over.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import UsageError


def read_labels(path: Path, classes: int) -> dict[str, tuple[int, ...]]:
    """Read a label file.

    Parameters
    ----------
    path : Path
        The CSV file.
    classes : int
        Number of classes; indices are 0 to ``classes - 1``.

    Returns
    -------
    dict of str to tuple of int
        Photo name (as written, with forward slashes) -> its accepted indices, in the file's order.

    Raises
    ------
    UsageError
        If the file cannot be read or names no photo, an index is out of range, a line has no index, or a photo is named
        twice with different labels. The message names the line and the value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"label file {path} cannot be read: {error}") from error
    labels: dict[str, tuple[int, ...]] = {}
    for line, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not any(cell.strip() for cell in row):
            continue
        if line == 1 and len(row) > 1 and not _looks_like_indices(row[1]):
            continue  # a header
        name, indices = _parse(path, line, row, classes)
        if labels.setdefault(name, indices) != indices:
            raise UsageError(f"{path}, line {line}: {name} was already labelled {labels[name]}, now {indices}")
    if not labels:
        raise UsageError(f"label file {path} names no photo; write lines of file,index")
    return labels


def labels_for(names: Iterable[str], labels: Mapping[str, tuple[int, ...]], source: Path) -> dict[str, tuple[int, ...]]:
    """Return the labels of exactly the given photos.

    Parameters
    ----------
    names : iterable of str
        The photos' paths below their folder, with forward slashes.
    labels : mapping of str to tuple of int
        What ``read_labels`` returns: a photo is named by its path or by its bare file name.
    source : Path
        The label file, for messages.

    Returns
    -------
    dict of str to tuple of int
        Photo -> its accepted indices.

    Raises
    ------
    UsageError
        If a photo has no labels, or a label has no photo.
    """
    wanted = list(names)
    found = {name: labels.get(name, labels.get(name.rsplit("/", 1)[-1])) for name in wanted}
    if unlabelled := [name for name, indices in found.items() if indices is None]:
        raise UsageError(f"{len(unlabelled)} photo(s) have no label in {source}: {_some(unlabelled)}")
    present = {*wanted, *(name.rsplit("/", 1)[-1] for name in wanted)}
    if missing := [name for name in labels if name not in present]:
        raise UsageError(f"{source} labels {len(missing)} photo(s) that are not there: {_some(missing)}")
    return {name: indices for name, indices in found.items() if indices is not None}


def _looks_like_indices(cell: str) -> bool:
    return bool(cell.split()) and all(word.lstrip("-").isdigit() for word in cell.split())


def _parse(path: Path, line: int, row: list[str], classes: int) -> tuple[str, tuple[int, ...]]:
    name = row[0].strip().replace("\\", "/")
    if len(row) < 2 or not _looks_like_indices(row[1]) or not name:
        raise UsageError(f"{path}, line {line}: {','.join(row)!r}; expected file,index with whole-number indices")
    indices = tuple(int(word) for word in row[1].split())
    for index in indices:
        if not 0 <= index < classes:
            raise UsageError(f"{path}, line {line}: class index {index} of {name} is outside 0..{classes - 1}")
    return name, indices


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
