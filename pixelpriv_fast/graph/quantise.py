"""A classifier whose convolutions and dense layers multiply 8-bit integers.

It holds ordinary QuantizeLinear and DequantizeLinear nodes, around which providers find and fuse the integer layers.

Weights are int8, symmetric, one scale an output channel. A layer's input is uint8 with one scale and zero point a tensor,
and every other reader of that tensor gets the same (so that a residual sum keeps no second copy in floats). If a pool or a
concatenation lies between, the tensor is quantised before it: such operators then move bytes.

Choice: not ``onnxruntime.quantization.quantize_static``, which works on files and gives every tensor an encoding of its
own: logits are further from fp32's (SqueezeNet-Places365) or as far with more nodes (EfficientNet-Lite0).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from .ir import Array, Graph, Node

#: (2, tensors): the minimum and maximum of each tensor that is quantised, in the order of the graph.
Ranges = npt.NDArray[np.float32]

#: Operators that bring values to other places and change none, and how many of their inputs hold values.
_MOVING = {"MaxPool": 1, "Concat": None, "Reshape": 1, "Flatten": 1, "Transpose": 1, "Squeeze": 1, "Unsqueeze": 1}

_LEVELS = 255  # of uint8, between its ends
_LARGEST = 127  # of int8; -128 is left out, so that signs are alike


def ranged(graph: Graph) -> str:
    """Append the measurement of the ranges to ``graph``; return the name of its value, (n, 2, tensors)."""
    ends, graph.scope = [], "ranges"
    for op in ("ReduceMin", "ReduceMax"):
        rows = []
        for value in _tensors(graph):
            axes = graph.constant(np.arange(1, len(graph.shape(value)), dtype=np.int64))
            extremes = graph.add(op, [value, axes], keepdims=0)
            rows.append(graph.add("Unsqueeze", [extremes, graph.constant(np.array([1, 2]))]))
        ends.append(graph.add("Concat", rows, axis=2))
    measured = graph.add("Concat", ends, axis=1)
    graph.scope = ""
    return measured


def quantised(graph: Graph, ranges: Ranges) -> Graph:
    """Return ``graph`` with its layers in 8 bits.

    Parameters
    ----------
    graph : Graph
        A classifier in float32.
    ranges : ndarray of float32, shape (2, tensors)
        Minimum and maximum of each tensor that is quantised.

    Returns
    -------
    Graph
        The same with QuantizeLinear and DequantizeLinear around its layers.

    Raises
    ------
    ModelError
        If there are no layers to quantise, or not as many tensors as ``ranges`` has.
    """
    tensors = _tensors(graph)
    if ranges.shape != (2, len(tensors)):
        raise ModelError(f"{len(tensors)} tensors are quantised, ranges are {ranges.shape}")
    encodings = {value: _encoding(ranges[:, columns]) for value, columns in tensors.items()}
    result, read = graph.empty_copy(), dict[str, str]()

    def rounded(value: str) -> None:
        if value in encodings:
            result.scope = value
            scale, zero = (result.constant(part) for part in encodings[value])
            codes = result.add("QuantizeLinear", [value, scale, zero])
            read[value] = result.add("DequantizeLinear", [codes, scale, zero])
            result.scope = ""

    for value in graph.inputs:
        rounded(value)
    for node in graph.nodes:
        inputs = [read.get(value, value) for value in node.inputs]
        if _is_layer(graph, node):
            inputs[1] = _weights(result, node)
        result.nodes.append(Node(node.op, node.name, inputs, node.outputs, node.attributes, node.domain))
        for value in node.outputs:
            rounded(value)
    return result


def _is_layer(graph: Graph, node: Node) -> bool:
    if node.domain or node.op not in ("Conv", "Gemm") or node.attributes.get("transA", 0):
        return False
    weights = graph.constant_of(node.inputs[1])
    return weights is not None and weights.dtype == np.float32 and node.inputs[0] not in graph.constants


def _tensors(graph: Graph) -> dict[str, list[int]]:
    """Return the tensors that are quantised, in the order of the graph.

    Each comes with the positions of those that share its encoding. Raises ``ModelError`` if there is none.
    """
    producers, shared = graph.producers(), dict[str, set[str]]()
    for node in graph.nodes:
        if _is_layer(graph, node):
            group = set(_sources(graph, producers, node.inputs[0]))
            group.update(*(shared[value] for value in group & shared.keys()))
            shared.update(dict.fromkeys(group, group))
    if not shared:
        raise ModelError("the network has no convolution or dense layer of constant float32 weights")
    order = [*graph.inputs, *(value for node in graph.nodes for value in node.outputs)]
    places = {value: place for place, value in enumerate(value for value in order if value in shared)}
    return {value: sorted(places[other] for other in shared[value]) for value in places}


def _sources(graph: Graph, producers: dict[str, Node], value: str) -> Iterator[str]:
    """Yield the tensors whose values ``value`` holds: itself if it is computed."""
    node = producers.get(value)
    moved = node.inputs[: _MOVING[node.op]] if node is not None and node.op in _MOVING and not node.domain else []
    if not moved or any(part in graph.constants for part in moved):
        yield value
    for part in moved:
        yield from _sources(graph, producers, part)


def _encoding(ranges: Ranges) -> tuple[Array, Array]:
    """Return scale and zero point of uint8 codes for tensors of these ranges, (2, n). Zero, which pads, is a code."""
    low, high = min(0.0, float(ranges[0].min())), max(0.0, float(ranges[1].max()))
    scale = (high - low) / _LEVELS or 1.0
    return np.array(scale, np.float32), np.array(round(-low / scale), np.uint8)


def _weights(graph: Graph, layer: Node) -> str:
    """Add the layer's weights as int8 codes, and the node that makes floats of them; return its output.

    Not by ``Graph.append``, which would compute the node at once.
    """
    weights = graph.constants[layer.inputs[1]]
    axis = 0 if layer.op == "Conv" or layer.attributes.get("transB", 0) else 1
    largest = np.abs(weights).max(axis=tuple(i for i in range(weights.ndim) if i != axis), keepdims=True)
    scale = np.where(largest > 0.0, largest, 1.0) / np.float32(_LARGEST)
    graph.scope = layer.name
    codes = graph.constant(np.rint(weights / scale).astype(np.int8), "codes")
    name = graph.fresh("weights")
    inputs = [codes, graph.constant(scale.ravel(), "scale"), graph.constant(np.zeros(scale.size, np.int8), "zero")]
    graph.scope = ""
    graph.types[name] = graph.types[layer.inputs[1]]
    graph.nodes.append(Node("DequantizeLinear", name, inputs, [name], {"axis": axis}))
    return name
