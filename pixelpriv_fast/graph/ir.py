"""A small mutable form of an ONNX graph with static shapes, made for rewriting.

Every value has a known type; a node whose inputs are all constants is computed when it is added, so that shape
arithmetic and weight rearrangement vanish as the graph is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from .evaluation import Attributes, compute, infer

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class ValueType:
    """A tensor's static shape and element type."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype.kind == "f" or self.dtype.name == "bfloat16"


@dataclass(slots=True)
class Node:
    """One operator call. An absent optional input is the empty string."""

    op: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: Attributes = field(default_factory=dict)
    domain: str = ""

    def __str__(self) -> str:
        operator = f"{self.domain}::{self.op}" if self.domain else self.op
        return f"operator {operator} (node {self.name!r})"

    @property
    def output(self) -> str:
        return self.outputs[0]

    def input(self, index: int) -> str:
        """The name of an input, '' where it is absent."""
        return self.inputs[index] if index < len(self.inputs) else ""


class Graph:
    """Nodes in topological order, the constants they read, and the type of every value."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[Node] = []
        self.constants: dict[str, Array] = {}
        self.types: dict[str, ValueType] = {}
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.scope = ""
        self._small: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    # -- reading ------------------------------------------------------------------------------------------------

    def shape(self, value: str) -> tuple[int, ...]:
        return self.types[value].shape

    def dtype(self, value: str) -> np.dtype[Any]:
        return self.types[value].dtype

    def constant_of(self, value: str) -> Array | None:
        """The value's array where it is a constant."""
        return self.constants.get(value)

    def required_constant(self, node: Node, index: int) -> Array:
        """An input that must be known when the graph is built. Raises ``ModelError`` where it is not."""
        array = self.constants.get(node.input(index))
        if array is None:
            raise ModelError(f"{node}: input {index} must be a constant; it depends on the network's input")
        return array

    def producers(self) -> dict[str, Node]:
        return {output: node for node in self.nodes for output in node.outputs if output}

    def use_counts(self) -> dict[str, int]:
        """How often every value is read, as an output of the graph too."""
        counts: dict[str, int] = dict.fromkeys(self.outputs, 1)
        for node in self.nodes:
            for name in node.inputs:
                counts[name] = counts.get(name, 0) + 1
        return counts

    # -- writing ------------------------------------------------------------------------------------------------

    def add_input(self, name: str, shape: Sequence[int], dtype: npt.DTypeLike) -> str:
        self.types[name] = ValueType(tuple(shape), np.dtype(dtype))
        self.inputs.append(name)
        return name

    def set_constant(self, name: str, array: Array) -> str:
        self.constants[name] = array
        self.types[name] = ValueType(array.shape, array.dtype)
        return name

    def constant(self, array: Array, name: str = "constant") -> str:
        """A constant under a fresh name; equal small ones share one."""
        key = (array.dtype.str, array.shape, array.tobytes()) if array.size <= 64 else None
        if key is not None and key in self._small:
            return self._small[key]
        fresh = self.set_constant(self.fresh(name), array)
        if key is not None:
            self._small[key] = fresh
        return fresh

    def fresh(self, base: str) -> str:
        """``base`` inside the current scope, numbered where it is taken: deterministic names."""
        wanted = f"{self.scope}/{base}" if self.scope else base
        name, number = wanted, 1
        while name in self.types:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def add(self, op: str, inputs: Sequence[str], *, output: str = "", **attributes: Any) -> str:
        """Append a node with one output and return that output's name."""
        name = output or self.fresh(op)
        self.append(Node(op, name, list(inputs), [name], attributes))
        return name

    def append(self, node: Node) -> None:
        """Append a node: computed now where all its inputs are constants, else its output types are inferred.

        Raises ``ModelError`` where an output's shape depends on the data.
        """
        read = [name for name in node.inputs if name]
        known = {name: self.constants[name] for name in read if name in self.constants}
        if len(known) == len(read) and (read or node.op == "Constant"):
            for output, array in zip(node.outputs, compute(node, known, self.opset), strict=False):
                if output:
                    self.set_constant(output, array)
            return
        types = {name: (self.types[name].shape, self.types[name].dtype) for name in read}
        for output, (shape, dtype) in infer(node, types, known, self.opset).items():
            self.types[output] = ValueType(shape, dtype)
        self.nodes.append(node)

    def empty_copy(self) -> Graph:
        """A graph with the same inputs, outputs, constants and known types, but no nodes: for a pass to fill."""
        other = Graph(self.opset)
        other.constants = dict(self.constants)
        other.types = dict(self.types)
        other.inputs, other.outputs = list(self.inputs), list(self.outputs)
        return other
