"""A small mutable form of an ONNX graph with static shapes, made for rewriting.

Every value has a known type. A node whose inputs are all constants is computed when it is added, so that shape
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
    """A tensor's static type.

    Attributes
    ----------
    shape : tuple of int
        Its shape.
    dtype : numpy.dtype
        Its element type.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether values of the type carry a gradient."""
        return self.dtype.kind == "f" or self.dtype.name == "bfloat16"


@dataclass(slots=True)
class Node:
    """One operator call.

    Attributes
    ----------
    op : str
        The operator's ONNX name.
    name : str
        The node's name, for messages and for names of values made from it.
    inputs, outputs : list of str
        Names of values; an absent optional one is the empty string.
    attributes : dict
        The operator's attributes by name.
    domain : str
        "" for ONNX's own operators.
    """

    op: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: Attributes = field(default_factory=dict)
    domain: str = ""

    def __str__(self) -> str:
        """Return what messages call the node."""
        operator = f"{self.domain}::{self.op}" if self.domain else self.op
        return f"operator {operator} (node {self.name!r})"

    @property
    def output(self) -> str:
        """The first output."""
        return self.outputs[0]

    def input(self, index: int) -> str:
        """Return the name of an input, "" if it is absent."""
        return self.inputs[index] if index < len(self.inputs) else ""


class Graph:
    """Nodes in topological order, the constants they read, and the type of every value.

    Parameters
    ----------
    opset : int
        Version of the ONNX operator set.
    """

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
        """Return the shape of ``value``."""
        return self.types[value].shape

    def dtype(self, value: str) -> np.dtype[Any]:
        """Return the element type of ``value``."""
        return self.types[value].dtype

    def constant_of(self, value: str) -> Array | None:
        """Return the array of ``value``, None if it is not a constant."""
        return self.constants.get(value)

    def required_constant(self, node: Node, index: int) -> Array:
        """Return the array of an input that must be known when the graph is built.

        Parameters
        ----------
        node : Node
            A node.
        index : int
            Position of the input.

        Returns
        -------
        ndarray
            Its value.

        Raises
        ------
        ModelError
            If it depends on the network's input.
        """
        array = self.constants.get(node.input(index))
        if array is None:
            raise ModelError(f"{node}: input {index} must be a constant; it depends on the network's input")
        return array

    def producers(self) -> dict[str, Node]:
        """Return the node that computes each value."""
        return {output: node for node in self.nodes for output in node.outputs if output}

    def use_counts(self) -> dict[str, int]:
        """Return how often every value is read; an output of the graph counts as read once."""
        counts: dict[str, int] = dict.fromkeys(self.outputs, 1)
        for node in self.nodes:
            for name in node.inputs:
                counts[name] = counts.get(name, 0) + 1
        return counts

    # -- writing ------------------------------------------------------------------------------------------------

    def add_input(self, name: str, shape: Sequence[int], dtype: npt.DTypeLike) -> str:
        """Add an input of the graph.

        Parameters
        ----------
        name : str
            Its name.
        shape : sequence of int
            Its shape.
        dtype : numpy.dtype
            Its element type.

        Returns
        -------
        str
            ``name``.
        """
        self.types[name] = ValueType(tuple(shape), np.dtype(dtype))
        self.inputs.append(name)
        return name

    def set_constant(self, name: str, array: Array) -> str:
        """Make ``name`` a constant.

        Parameters
        ----------
        name : str
            Its name.
        array : ndarray
            Its value.

        Returns
        -------
        str
            ``name``.
        """
        self.constants[name] = array
        self.types[name] = ValueType(array.shape, array.dtype)
        return name

    def constant(self, array: Array, name: str = "constant") -> str:
        """Return a constant with the value ``array``; equal small ones share one.

        Parameters
        ----------
        array : ndarray
            Its value.
        name : str
            What a new name is made from.

        Returns
        -------
        str
            The constant's name.
        """
        key = (array.dtype.str, array.shape, array.tobytes()) if array.size <= 64 else None
        if key is not None and key in self._small:
            return self._small[key]
        fresh = self.set_constant(self.fresh(name), array)
        if key is not None:
            self._small[key] = fresh
        return fresh

    def fresh(self, base: str) -> str:
        """Return a name that is not taken: ``base`` inside the current scope, with a number if needed. Deterministic."""
        wanted = f"{self.scope}/{base}" if self.scope else base
        name, number = wanted, 1
        while name in self.types:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def add(self, op: str, inputs: Sequence[str], *, output: str = "", **attributes: Any) -> str:
        """Append a node with one output.

        Parameters
        ----------
        op : str
            The operator's ONNX name.
        inputs : sequence of str
            Names of its inputs.
        output : str
            Name of its output; "" makes one from the operator's.
        **attributes
            Its attributes.

        Returns
        -------
        str
            Name of its output.
        """
        name = output or self.fresh(op)
        self.append(Node(op, name, list(inputs), [name], attributes))
        return name

    def append(self, node: Node) -> None:
        """Append a node: computed now if all its inputs are constants, else its output types are inferred.

        Raises ``ModelError`` if an output's shape depends on the data.
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
        """Return a graph with the same inputs, outputs, constants and known types, but no nodes: for a rewrite to fill."""
        other = Graph(self.opset)
        other.constants = dict(self.constants)
        other.types = dict(self.types)
        other.inputs, other.outputs = list(self.inputs), list(self.outputs)
        return other
