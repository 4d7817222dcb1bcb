"""A resize between two sizes as one object, which the kernels take as an argument: the definition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filters import AxisFilter


@dataclass(frozen=True, slots=True, eq=False)
class Resampler:
    """The tables of a resize, and the channels of the network's input that it makes.

    Channel c of an input is ``gain[c] * pixel[order[c]] + bias[c]``. Everything is checked once, when the object is
    made; the extension's class of the same name also copies the tables.

    Parameters
    ----------
    rows, columns : AxisFilter
        The tables of the height and of the width.
    order : (3,) int32
        The RGB channel that each input channel reads, a permutation of 0, 1, 2.
    gain, bias : (3,) float32
        Factor and offset of each input channel.

    Raises
    ------
    ValueError
        If a window does not lie within its axis, if windows do not start in order, or if ``order`` is not a
        permutation.
    """

    rows: AxisFilter
    columns: AxisFilter
    order: npt.NDArray[np.int32]
    gain: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        """Check everything."""
        for name, axis in (("rows", self.rows), ("columns", self.columns)):
            _check_axis(name, axis)
        for name, values in (("order", self.order), ("gain", self.gain), ("bias", self.bias)):
            if values.shape != (3,):
                raise ValueError(f"{name} has shape {values.shape}, expected (3)")
        if sorted(self.order.tolist()) != [0, 1, 2]:
            raise ValueError("order must be a permutation of 0, 1, 2")

    @property
    def identity(self) -> bool:
        """Whether photos are cropped at most."""
        return all(_copies(axis) for axis in (self.rows, self.columns))


def _check_axis(name: str, axis: AxisFilter) -> None:
    starts, (outputs, taps) = axis.starts, axis.weights.shape
    if starts.shape != (outputs,) or axis.fixed.shape != (outputs, taps):
        raise ValueError(f"{name}: starts, weights and fixed have shapes that do not go together")
    wrong = (starts < 0) | (starts.astype(np.int64) + taps > axis.size)
    wrong[1:] |= starts[1:] < starts[:-1]
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(f"{name}: window {i} starts at {starts[i]} with {taps} taps on an axis of {axis.size}")


def _copies(axis: AxisFilter) -> bool:
    return axis.weights.shape[1] == 1 and bool(np.all(np.diff(axis.starts) == 1) and np.all(axis.weights == 1))
