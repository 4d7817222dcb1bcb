"""Network passes of one static size: what makes a photo's answer independent of the photos beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Rows: TypeAlias = npt.NDArray[Any]  #: one row a photo


def pass_size(slots: int, most: int | None) -> int:
    """The size of as few equal passes as ``slots`` photos need where one may hold ``most`` (None: all of them)."""
    passes = -(-slots // (most or slots))
    return -(-slots // passes)


def in_slots(run: Callable[..., Sequence[Rows]], slots: int, *arrays: Rows) -> list[Rows]:
    """``run`` on ``arrays`` in passes of exactly ``slots`` rows; its answers, one array each, without the padding.

    The last pass is filled up with copies of its last row, so that every slot holds values of the usual kind.
    """
    passes = []
    for start in range(0, len(arrays[0]), slots):
        parts = [array[start : start + slots] for array in arrays]
        passes.append([answer[: len(parts[0])] for answer in run(*(_padded(part, slots) for part in parts))])
    return [np.concatenate(answers) if len(passes) > 1 else answers[0] for answers in zip(*passes, strict=True)]


def _padded(rows: Rows, slots: int) -> Rows:
    missing = slots - len(rows)
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows
