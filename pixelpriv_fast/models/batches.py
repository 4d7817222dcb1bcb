"""Network calls with batches of one static size: what makes a photo's answer independent of the photos beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Rows: TypeAlias = npt.NDArray[Any]  #: one row a photo


def equal_batch(photos: int, max_batch: int | None) -> int:
    """Return the size of the fewest equal batches that hold ``photos``.

    Parameters
    ----------
    photos : int
        Number of photos, at least 1.
    max_batch : int or None
        Maximum number of photos in a batch; None for no limit.

    Returns
    -------
    int
        The batch size.
    """
    batches = -(-photos // (max_batch or photos))
    return -(-photos // batches)


def in_batches(run: Callable[..., Sequence[Rows]], batch: int, *arrays: Rows) -> list[Rows]:
    """Call ``run`` with batches of exactly ``batch`` rows.

    The last batch is filled up with copies of its last row, so that every row holds values of the usual kind.

    Parameters
    ----------
    run : callable
        Maps arrays of ``batch`` rows to answers of ``batch`` rows.
    batch : int
        Number of rows in each call.
    *arrays : ndarray
        Arrays of equal length, one row a photo.

    Returns
    -------
    list of ndarray
        The answers for all rows, without the padding.
    """
    parts = []
    for start in range(0, len(arrays[0]), batch):
        rows = [array[start : start + batch] for array in arrays]
        parts.append([answer[: len(rows[0])] for answer in run(*(_padded(part, batch) for part in rows))])
    return [np.concatenate(answers) if len(parts) > 1 else answers[0] for answers in zip(*parts, strict=True)]


def _padded(rows: Rows, batch: int) -> Rows:
    missing = batch - len(rows)
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows
