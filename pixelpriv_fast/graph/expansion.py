"""Operators without a gradient rule that ONNX defines by simpler ones, replaced by that definition."""

from __future__ import annotations

from typing import Any

import onnx

from ..errors import ModelError
from .evaluation import node_proto, tensor_type
from .ir import Graph, Node
from .proto import attribute_value, node_from_proto

#: Written out, because some operators with a definition (Range, Clip) are better left whole.
EXPANDED = frozenset(
    {
        "GroupNormalization",
        "MeanVarianceNormalization",
        "Mish",
        "RMSNormalization",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceSumSquare",
        "Shrink",
        "Softsign",
        "Swish",
        "ThresholdedRelu",
    }
)


def expand(graph: Graph, node: Node) -> list[Node]:
    """Return the nodes that define ``node``.

    Parameters
    ----------
    graph : Graph
        Gives the types of the inputs and the operator set.
    node : Node
        A node whose operator is one of ``EXPANDED``.

    Returns
    -------
    list of Node
        Simpler nodes with the same inputs and outputs.

    Raises
    ------
    ModelError
        If ONNX has no definition in the model's operator set.
    """
    function = _definition(graph, node)
    values = dict(zip(function.input, [*node.inputs, *[""] * len(function.input)], strict=False))
    values |= dict(zip(function.output, node.outputs, strict=False))
    attributes = _attributes(graph, node)
    nodes = []
    for index, proto in enumerate(function.node):
        inner = node_from_proto(proto, index)
        for item in proto.attribute:
            if item.ref_attr_name in attributes:
                inner.attributes[item.name] = attributes[item.ref_attr_name]
        inner.name = f"{node.name}/{inner.op}_{index}"
        inner.inputs = [values.get(name, f"{node.name}/{name}") if name else "" for name in inner.inputs]
        inner.outputs = [values.setdefault(name, f"{node.name}/{name}") if name else "" for name in inner.outputs]
        nodes.append(inner)
    return nodes


def _definition(graph: Graph, node: Node) -> onnx.FunctionProto:
    schema: Any = onnx.defs.get_schema(node.op, graph.opset, "")  # onnx's stubs leave out the function members
    if schema.has_function:
        body: onnx.FunctionProto = schema.function_body
        return body
    if schema.has_context_dependent_function:
        types = [
            tensor_type(graph.shape(name), graph.dtype(name)).SerializeToString() if name else b""
            for name in node.inputs
        ]
        written = schema.get_context_dependent_function(node_proto(node).SerializeToString(), types)
        function: onnx.FunctionProto = onnx.FunctionProto.FromString(written)
        return function
    raise ModelError(f"{node} has no gradient rule in ONNX opset {graph.opset}; export the network with a newer opset")


def _attributes(graph: Graph, node: Node) -> dict[str, object]:
    """Return the node's attributes with the defaults of those that it leaves out."""
    defaults = {
        name: attribute_value(attribute.default_value)
        for name, attribute in onnx.defs.get_schema(node.op, graph.opset, "").attributes.items()
        if attribute.default_value.type != onnx.AttributeProto.UNDEFINED
    }
    return defaults | node.attributes
