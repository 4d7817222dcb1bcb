"""Tensor sequences that only split a tensor and read its parts, as plain nodes (torch exports ``chunk`` so)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..errors import ModelError
from .ir import Graph, Node


@dataclass(slots=True)
class SequenceRewriter:
    """Replaces the operators on sequences in a model's nodes, in their order.

    Attributes
    ----------
    parts : dict of str to list of str
        The tensors in every sequence seen so far, by the sequence's name.
    """

    parts: dict[str, list[str]] = field(default_factory=dict)

    def rewrite(self, graph: Graph, node: Node) -> Node | None:
        """Return the tensor operator that ``node`` stands for.

        Parameters
        ----------
        graph : Graph
            Gives the shapes, and receives the sizes of a split.
        node : Node
            The next node.

        Returns
        -------
        Node or None
            ``node`` itself if it has nothing to do with sequences; None if nothing is to be computed.

        Raises
        ------
        ModelError
            If a sequence is split into parts of unknown size.
        """
        if node.op == "SplitToSequence":
            return self._split(graph, node)
        if node.op == "SequenceConstruct":
            self.parts[node.output] = list(node.inputs)
            return None
        if node.op == "SequenceAt" and node.inputs[0] in self.parts:
            position = int(graph.required_constant(node, 1))
            return Node("Identity", node.name, [self.parts[node.inputs[0]][position]], node.outputs)
        if node.op == "ConcatFromSequence" and node.inputs[0] in self.parts and not node.attributes.get("new_axis", 0):
            return Node(
                "Concat", node.name, self.parts[node.inputs[0]], node.outputs, {"axis": node.attributes["axis"]}
            )
        return node

    def _split(self, graph: Graph, node: Node) -> Node:
        shape = graph.shape(node.inputs[0])
        axis = int(node.attributes.get("axis", 0)) % len(shape)
        if not node.input(1):
            raise ModelError(f"{node}: parts without a size are not supported; export the network with torch.split")
        given = graph.required_constant(node, 1)
        sizes = given.ravel()
        if given.ndim == 0:  # one size for all, the last part takes the rest
            size = int(given)
            sizes = np.array([min(size, shape[axis] - start) for start in range(0, shape[axis], size)], np.int64)
        names = [f"{node.output}_{index}" for index in range(len(sizes))]
        self.parts[node.output] = names
        return Node("Split", node.name, [node.inputs[0], graph.constant(sizes, "sizes")], names, {"axis": axis})
