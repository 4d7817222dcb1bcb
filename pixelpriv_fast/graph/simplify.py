"""Rewrites of a specialised graph that keep its function: explicit attributes, no idle nodes, no batch norm.

They leave fewer operators to the gradient rules, and fewer reads of memory to the backward graph.
"""

from __future__ import annotations

import numpy as np

from ..errors import ModelError
from .batch_norm import fold_batch_norm
from .geometry import make_explicit
from .ir import Graph, Node

#: Operators that pass their first input on, in inference.
IDLE = {"Identity", "Dropout"}

#: Operators that do nothing where the output has the input's shape and type (and, for Transpose, order).
IDLE_IF_SAME = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Cast", "Concat", "Sum", "Max", "Min"}

#: Increasing activations with constant bounds: a maximum may be taken before them, on a quarter of the pixels.
INCREASING = {"Relu", "Clip", "Sigmoid", "Tanh", "HardSigmoid"}


def simplify(graph: Graph, pool_first: bool = True) -> Graph:
    """Return the graph in the form that the gradient rules expect.

    Parameters
    ----------
    graph : Graph
        A specialised graph.
    pool_first : bool
        Whether maximum pools are moved before activations.

    Returns
    -------
    Graph
        An equal graph with explicit windows, and without idle nodes and batch norms.
    """
    graph = fold_batch_norm(_tidy(graph))
    return _pool_first(graph) if pool_first else graph


def drop_dead_nodes(graph: Graph) -> None:
    """Remove the nodes and constants that no output reads."""
    live = set(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if not live.isdisjoint(node.outputs):
            live.update(node.inputs)
            kept.append(node)
    graph.nodes = kept[::-1]
    graph.constants = {name: array for name, array in graph.constants.items() if name in live}


def _tidy(graph: Graph) -> Graph:
    """Drop idle nodes and write windows with explicit attributes."""
    result = graph.empty_copy()
    renamed: dict[str, str] = {}
    for node in graph.nodes:
        node.inputs = [renamed.get(name, name) for name in node.inputs]
        if _is_idle(graph, node):
            renamed[node.output] = node.inputs[0]
            continue
        result.nodes.append(make_explicit(graph, node))
    result.outputs = [renamed.get(name, name) for name in graph.outputs]
    return result


def _is_idle(graph: Graph, node: Node) -> bool:
    if node.domain:
        return False
    if node.op in IDLE:
        if node.op == "Dropout" and node.input(2) and np.any(graph.required_constant(node, 2)):
            raise ModelError(f"{node} is in training mode; export the network with model.eval()")
        return True
    first = node.inputs[0] if node.inputs else ""
    if not first or graph.types.get(first) != graph.types[node.output]:
        return False
    if node.op in ("Concat", "Sum", "Max", "Min"):
        return len(node.inputs) == 1
    if node.op == "Transpose":
        return list(node.attributes.get("perm", [])) == list(range(graph.types[first].rank))
    if node.op == "Pad":
        pads = graph.constant_of(node.inputs[1])
        return pads is not None and not np.any(pads)
    return node.op in IDLE_IF_SAME


def _pool_first(graph: Graph) -> Graph:
    """Write MaxPool(f(x)) as f(MaxPool(x)) for increasing f.

    The activation and its mask then see the pooled pixels only, and there are no ties between rectified zeros, whose
    gradient would not be unique.
    """
    counts, producers = graph.use_counts(), graph.producers()
    result = graph.empty_copy()
    moved: dict[str, Node] = {}
    for node in graph.nodes:
        before = producers.get(node.inputs[0]) if node.op == "MaxPool" and len(node.outputs) == 1 else None
        if before is not None and counts[node.inputs[0]] == 1 and _is_increasing(before):
            moved[node.name] = before
    dropped = {id(before) for before in moved.values()}
    for node in graph.nodes:
        if id(node) in dropped:
            continue
        if node.name not in moved:
            result.nodes.append(node)
            continue
        activation = moved[node.name]
        pooled = result.fresh(f"{node.output}_before_{activation.op}")
        result.append(Node(node.op, node.name, activation.inputs[:1], [pooled], node.attributes))
        result.append(
            Node(activation.op, activation.name, [pooled, *activation.inputs[1:]], [node.output], activation.attributes)
        )
    return result


def _is_increasing(node: Node) -> bool:
    return not node.domain and (
        node.op in INCREASING or (node.op == "LeakyRelu" and node.attributes.get("alpha", 0.01) >= 0)
    )
