"""Passes of a fixed number of photos: fewer are padded, more run in several passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[Any]


def in_slots(run: Callable[..., Sequence[_Array]], slots: int, *rows: _Array) -> list[_Array]:
    """``run`` on the rows of several arrays, ``slots`` at a time, and its results joined in the rows' order.

    A last pass that is not full repeats its last row, whose results are dropped: values that the network knows cost
    what others do, while zeros could turn into NaN and slow down to it.
    """
    passes = [run(*(_filled(array[i : i + slots], slots) for array in rows)) for i in range(0, len(rows[0]), slots)]
    return [np.concatenate(parts)[: len(rows[0])] for parts in zip(*passes, strict=True)]


def _filled(rows: _Array, slots: int) -> _Array:
    missing = slots - len(rows)
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows
