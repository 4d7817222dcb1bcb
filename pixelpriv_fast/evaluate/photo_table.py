"""The CSV file with a line for every photo of an evaluation."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import StorageError
from .measuring import PairMeasurement


class PhotoTable:
    """A CSV file, written photo by photo: accepted classes, classes before and after, and every metric.

    It is a context manager. Every method raises ``StorageError`` if the file cannot be written.

    Parameters
    ----------
    path : Path
        The file; an existing one is replaced.
    metrics : sequence of str
        The metrics of the protected files.
    alone : sequence of str
        The metrics of the originals, which need no other photo.
    survival : bool
        Whether there are columns of what the protected files survive.
    """

    def __init__(self, path: Path, metrics: Sequence[str], alone: Sequence[str], survival: bool = False) -> None:
        self._path = path
        self._metrics = tuple(metrics)
        self._alone = tuple(alone)
        columns = ["file", "protected_file", "accepted_indices"]
        for side in ("original", "protected"):
            columns += [f"{side}_{word}" for word in ("index", "label", "probability", "top1", "top5")]
        columns += [*self._metrics, *(f"original_{name}" for name in self._alone)]
        columns += [f"survival_{word}" for word in ("passed", "of", "failed", "unread")] if survival else []
        with self._told():
            self._stream = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream, lineterminator="\n")
        self._writer.writerow(columns)

    def __enter__(self) -> PhotoTable:
        return self

    def __exit__(self, *_: object) -> None:
        with self._told():
            self._stream.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"{self._path}: cannot be written: {error.strerror or error}") from error

    def add(self, row: PairMeasurement) -> None:
        """Write one line. Accepted indices are separated by blanks, treatments by semicolons; hits are 0 or 1."""
        cells: list[Any] = [row.pair.name, str(row.pair.protected), " ".join(map(str, row.accepted))]
        for seen in (row.original, row.protected):
            top = seen.prediction
            cells += [top.index, top.label, f"{top.probability:.6f}", int(seen.top1), int(seen.top5)]
        cells += [*_figures(row.protected.metrics, self._metrics), *_figures(row.original.metrics, self._alone)]
        if (found := row.survival) is not None:
            cells += [found.passed, found.of, "; ".join(found.failed), "; ".join(found.unread)]
        with self._told():
            self._writer.writerow(cells)


def _figures(metrics: Mapping[str, float | None], names: Sequence[str]) -> list[str]:
    values = (metrics.get(name) for name in names)
    return ["" if value is None else f"{value:.6g}" for value in values]
