"""Short spellings of the arithmetic that gradient rules emit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import helper

from .ir import Graph


@dataclass(frozen=True, slots=True)
class Emitter:
    """Appends nodes to ``graph``; every method returns the name of a value.

    The methods that stand for one operator take the names of its inputs.
    """

    graph: Graph

    def op(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Append operator ``op``.

        Parameters
        ----------
        op : str
            The operator's ONNX name.
        *inputs : str
            Names of its inputs.
        **attributes
            Its attributes.

        Returns
        -------
        str
            Name of its only output.
        """
        return self.graph.add(op, inputs, **attributes)

    def shape(self, value: str) -> tuple[int, ...]:
        """Return the shape of ``value``."""
        return self.graph.shape(value)

    def array(self, array: npt.ArrayLike, like: str) -> str:
        """Return a constant with the element type of ``like``."""
        return self.graph.constant(np.asarray(array, dtype=self.graph.dtype(like)))

    def ints(self, *values: int) -> str:
        """Return a constant vector of int64."""
        return self.graph.constant(np.array(values, np.int64))

    def add(self, a: str, b: str) -> str:
        """Append ``a + b``."""
        return self.op("Add", a, b)

    def sub(self, a: str, b: str) -> str:
        """Append ``a - b``."""
        return self.op("Sub", a, b)

    def mul(self, a: str, b: str) -> str:
        """Append ``a * b``."""
        return self.op("Mul", a, b)

    def div(self, a: str, b: str) -> str:
        """Append ``a / b``."""
        return self.op("Div", a, b)

    def neg(self, a: str) -> str:
        """Append ``-a``."""
        return self.op("Neg", a)

    def scaled(self, a: str, factor: float) -> str:
        """Append ``factor * a``; nothing if the factor is 1."""
        return a if factor == 1.0 else self.mul(a, self.array(factor, a))

    def plus(self, a: str, term: float) -> str:
        """Append ``a + term``."""
        return self.add(a, self.array(term, a))

    def where(self, condition: str, a: str, b: str) -> str:
        """Append ``a`` where the condition holds, else ``b``."""
        return self.op("Where", condition, a, b)

    def mask(self, condition: str, like: str) -> str:
        """Append 1 where the condition holds, else 0, with the element type of ``like``."""
        return self.op("Cast", condition, to=helper.np_dtype_to_tensor_dtype(self.graph.dtype(like)))

    def kept_where(self, condition: str, a: str) -> str:
        """Append ``a`` where the condition holds, else 0.

        It is a product: on ONNX Runtime Where is many times slower than Cast and Mul (benchmarks/README.md has the figures);
        OpenVINO fuses both spellings.
        """
        return self.mul(a, self.mask(condition, a))

    def sum(self, a: str, axes: Sequence[int], *, keepdims: bool = True) -> str:
        """Append the sum over ``axes``."""
        return self.op("ReduceSum", a, self.ints(*axes), keepdims=int(keepdims))

    def mean(self, a: str, axes: Sequence[int]) -> str:
        """Append the mean over ``axes``, which stay with size 1."""
        return self.op("ReduceMean", a, self.ints(*axes), keepdims=1)

    def reshape(self, a: str, shape: Sequence[int]) -> str:
        """Append a reshape; nothing if ``a`` has the shape."""
        return a if self.shape(a) == tuple(shape) else self.op("Reshape", a, self.ints(*shape))

    def expand(self, a: str, shape: Sequence[int]) -> str:
        """Append a broadcast to ``shape``; nothing if ``a`` has it."""
        return a if self.shape(a) == tuple(shape) else self.op("Expand", a, self.ints(*shape))

    def transpose(self, a: str, perm: Sequence[int]) -> str:
        """Append a change of the axes' order; nothing if it is the same."""
        return a if list(perm) == sorted(perm) else self.op("Transpose", a, perm=list(perm))

    def unbroadcast(self, a: str, shape: Sequence[int]) -> str:
        """Append the sum of ``a`` over the axes along which a value of ``shape`` was broadcast to it."""
        wide = self.shape(a)
        lead = len(wide) - len(shape)
        axes = [axis for axis, size in enumerate(wide) if axis < lead or (shape[axis - lead] == 1 and size != 1)]
        return self.reshape(self.sum(a, axes) if axes else a, shape)

    def slice(
        self, a: str, starts: Sequence[int], stops: Sequence[int], axes: Sequence[int], steps: Sequence[int] = ()
    ) -> str:
        """Append a cut along ``axes``; nothing if it keeps everything."""
        shape = self.shape(a)
        steps = list(steps) or [1] * len(axes)
        if all(
            start == 0 and stop == shape[axis] and step == 1
            for start, stop, axis, step in zip(starts, stops, axes, steps, strict=True)
        ):
            return a
        return self.op("Slice", a, self.ints(*starts), self.ints(*stops), self.ints(*axes), self.ints(*steps))

    def pad(self, a: str, before: Sequence[int], after: Sequence[int], value: float = 0.0) -> str:
        """Append a padding of every axis by a constant; a negative amount cuts."""
        shape = self.shape(a)
        cut = [axis for axis in range(len(shape)) if before[axis] < 0 or after[axis] < 0]
        if cut:
            starts = [max(-before[axis], 0) for axis in cut]
            a = self.slice(a, starts, [shape[axis] - max(-after[axis], 0) for axis in cut], cut)
        amounts = [max(size, 0) for size in (*before, *after)]
        return self.op("Pad", a, self.ints(*amounts), self.array(value, a)) if any(amounts) else a
