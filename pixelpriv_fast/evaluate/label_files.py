"""Label files: which classes are right for which photo.

``file,index`` a line, parted by commas, semicolons or tabs, in UTF-8 or UTF-16, as spreadsheets write them; a header line,
quotes, blank lines, lines of ``# comment`` and indices like ``698.0`` are accepted, and several accepted indices separated by
blanks. Further columns are passed over.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from ..codecs import known_suffixes
from ..errors import UsageError

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = (",", ";", "\t")
_INDEX = re.compile(r"-?\d+(\.0*)?")  # a spreadsheet may have made 698.0 of it


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
    labels: dict[str, tuple[int, ...]] = {}
    rows = _rows(path)
    header = rows[0][0] if rows and _is_header(rows[0][1]) else None
    for line, row in rows:
        if line == header:
            continue
        name, indices = _parse(path, line, row, classes)
        if labels.setdefault(name, indices) != indices:
            raise UsageError(f"{path}, line {line}: {name} was already labelled {labels[name]}, now {indices}")
    if not labels:
        raise UsageError(f"label file {path} names no photo; write lines of file,index")
    return labels


def accepted_for(names: Iterable[str], labels: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return the labels of those photos that have some.

    Parameters
    ----------
    names : iterable of str
        The photos' paths below their folder, with forward slashes.
    labels : mapping of str to tuple of int
        What ``read_labels`` returns: a photo is named by its path or by its bare file name.

    Returns
    -------
    dict of str to tuple of int
        Photo -> its accepted indices.
    """
    found = {name: labels.get(name, labels.get(name.rsplit("/", 1)[-1])) for name in names}
    return {name: indices for name, indices in found.items() if indices is not None}


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
    found = accepted_for(wanted, labels)
    if unlabelled := [name for name in wanted if name not in found]:
        hint = _differing_in_case("it labels", unlabelled, labels)
        raise UsageError(f"{len(unlabelled)} photo(s) have no label in {source}: {_some(unlabelled)}{hint}")
    present = {*wanted, *(name.rsplit("/", 1)[-1] for name in wanted)}
    if missing := [name for name in labels if name not in present]:
        hint = _differing_in_case("there is", missing, present)
        raise UsageError(f"{source} labels {len(missing)} photo(s) that are not there: {_some(missing)}{hint}")
    return found


def _differing_in_case(words: str, names: Iterable[str], others: Iterable[str]) -> str:
    """Return a hint at the first name that others have in another case; "" if there is none."""
    folded = {name.casefold(): name for name in others}
    alike = next((folded[name.casefold()] for name in names if name.casefold() in folded), None)
    return f"; {words} {alike}, which differs in case" if alike else ""


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the lines that say something, each with its number, as cells."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-16" if data[:2] in _UTF_16 else "utf-8-sig")
    except OSError as error:
        raise UsageError(f"label file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"label file {path} cannot be read as UTF-8 or UTF-16 text: {error}") from error
    lines = text.splitlines()
    said = [line for line in lines if line.strip() and not line.startswith("#")]
    stated = said[0][4:5] if said and said[0].lower().startswith("sep=") else ""
    first = said[1 if stated else 0 :][:1] or [""]
    separator = stated or next((mark for mark in _SEPARATORS if mark in first[0]), ",")
    found = []
    for number, row in enumerate(csv.reader(lines, delimiter=separator), start=1):
        comment = len(row) == 1 and row[0].startswith("#")
        if not comment and any(cell.strip() for cell in row) and not row[0].lower().startswith("sep="):
            found.append((number, row))
    return found


def _is_header(row: list[str]) -> bool:
    """Return whether the first line names the columns; one that names a photo is a label, if a wrong one."""
    named = PurePath(row[0].strip()).suffix.lower() in known_suffixes()
    return len(row) > 1 and not named and not any(map(_looks_like_indices, row[:2]))


def _looks_like_indices(cell: str) -> bool:
    return bool(cell.split()) and all(_INDEX.fullmatch(word) for word in cell.split())


def _parse(path: Path, line: int, row: list[str], classes: int) -> tuple[str, tuple[int, ...]]:
    name = row[0].strip().replace("\\", "/").removeprefix("./")
    if len(row) < 2 or not _looks_like_indices(row[1]) or not name:
        turned = " (the columns are the other way round)" if len(row) > 1 and _looks_like_indices(row[0]) else ""
        raise UsageError(
            f"{path}, line {line}: {','.join(row)!r}; expected file,index with whole-number indices{turned}"
        )
    indices = tuple(int(word.split(".")[0]) for word in row[1].split())
    for index in indices:
        if not 0 <= index < classes:
            raise UsageError(f"{path}, line {line}: class index {index} of {name} is outside 0..{classes - 1}")
    return name, indices


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
