"""Batch normalisation at inference is a fixed affine map: fold it into the layer before, or write it as Mul and Add."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from .ir import Array, Graph, Node

#: The axis of a layer's weights that runs over its output channels.
FOLDABLE = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1}


def fold_batch_norm(graph: Graph) -> Graph:
    """Return ``graph`` without batch norms.

    W' = W f and b' = (b - mean) f + beta with f = gamma / sqrt(var + epsilon), computed in float64. Raises
    ``ModelError`` for a network in training mode.
    """
    counts, producers = graph.use_counts(), graph.producers()
    result = graph.empty_copy()
    merged: dict[int, Node] = {}
    for node in graph.nodes:
        if node.op == "BatchNormalization" and not node.domain:
            before = producers.get(node.inputs[0])
            if before is not None and counts[node.inputs[0]] == 1 and _is_foldable(graph, before):
                merged[id(before)] = node
    gone = {id(norm) for norm in merged.values()}
    for node in graph.nodes:
        if id(node) in merged:
            result.append(_merge(result, node, merged[id(node)]))
        elif id(node) in gone:
            continue
        elif node.op == "BatchNormalization" and not node.domain:
            _as_affine(result, node)
        else:
            result.nodes.append(node)
    return result


def _is_foldable(graph: Graph, node: Node) -> bool:
    if node.domain or node.op not in FOLDABLE or node.inputs[1] not in graph.constants:
        return False
    bias = node.input(2)
    if node.op == "Gemm" and (node.attributes.get("alpha", 1.0) != 1.0 or node.attributes.get("beta", 1.0) != 1.0):
        return False
    return not bias or bias in graph.constants


def _affine(graph: Graph, node: Node) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the factor and shift of each channel."""
    if node.attributes.get("training_mode", 0):
        raise ModelError(f"{node} is in training mode; export the network with model.eval()")
    gamma, beta, mean, variance = (graph.required_constant(node, i).astype(np.float64) for i in range(1, 5))
    factor = gamma / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    return factor, beta - mean * factor


def _merge(graph: Graph, layer: Node, norm: Node) -> Node:
    factor, shift = _affine(graph, norm)
    weights = graph.constants[layer.inputs[1]]
    dtype = weights.dtype
    bias = graph.constants[layer.input(2)].astype(np.float64) if layer.input(2) else 0.0
    folded_bias = np.broadcast_to(bias * factor + shift, factor.shape).astype(dtype)
    graph.scope = norm.name
    folded = graph.constant((weights * _along_outputs(layer, weights, factor)).astype(dtype), "weight")
    offset = graph.constant(folded_bias, "bias")
    graph.scope = ""
    return Node(layer.op, layer.name, [layer.inputs[0], folded, offset], [norm.output], layer.attributes)


def _along_outputs(layer: Node, weights: Array, factor: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return ``factor`` in a shape that multiplies ``weights`` by output channel."""
    if layer.op == "Gemm":
        return factor[:, None] if layer.attributes.get("transB", 0) else factor
    ones = [1] * (weights.ndim - 2)
    if layer.op == "Conv":
        return factor.reshape(-1, 1, *ones)
    group = int(layer.attributes.get("group", 1))  # ConvTranspose: (in, out/group, ...), inputs ordered by group
    by_group = np.repeat(factor.reshape(group, 1, -1), weights.shape[0] // group, axis=1)
    return by_group.reshape(weights.shape[0], -1, *ones)


def _as_affine(graph: Graph, node: Node) -> None:
    factor, shift = _affine(graph, node)
    kind = graph.types[node.inputs[0]]
    shape = [1, -1] + [1] * (kind.rank - 2)
    graph.scope = node.name
    scaled = graph.add("Mul", [node.inputs[0], graph.constant(factor.reshape(shape).astype(kind.dtype), "factor")])
    offset = graph.constant(shift.reshape(shape).astype(kind.dtype), "shift")
    graph.scope = ""
    graph.append(Node("Add", node.name, [scaled, offset], [node.output]))
