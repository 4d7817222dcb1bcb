"""Between ``onnx.ModelProto`` and :class:`~.ir.Graph`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import helper, numpy_helper

from ..errors import ModelError
from .evaluation import node_proto, tensor_type
from .ir import Graph, Node

#: Opset 20 came with this IR version; every runtime that reads the opset reads it.
IR_VERSION = 9

#: Protocol buffers end at 2 GiB; some room is left for the nodes.
LARGEST_MODEL = 2**31 - 2**24


def parse(data: bytes) -> onnx.ModelProto:
    """Return the model of serialised bytes, which were checked before (``models.read``)."""
    return onnx.load_from_string(data)


def node_from_proto(proto: onnx.NodeProto, index: int) -> Node:
    """Return a node of a model.

    Parameters
    ----------
    proto : onnx.NodeProto
        The node as ONNX writes it.
    index : int
        Its position, which names it if it has no name.

    Returns
    -------
    Node
        The same node.
    """
    name = proto.name or f"{proto.op_type}_{index}"
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    attributes = {item.name: attribute_value(item) for item in proto.attribute if not item.ref_attr_name}
    return Node(proto.op_type, name, list(proto.input), list(proto.output), attributes, domain)


def to_model(graph: Graph, name: str, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """Return the graph as a model with typed inputs and outputs, and the constants that are read as initializers.

    Parameters
    ----------
    graph : Graph
        The graph.
    name : str
        Name of the model's graph.
    metadata : mapping of str to str
        The model's metadata entries.

    Returns
    -------
    onnx.ModelProto
        The model.

    Raises
    ------
    ModelError
        If the model would be larger than an ONNX file may be.
    """
    read = {value for node in graph.nodes for value in node.inputs} | set(graph.outputs)
    size = sum(array.nbytes for value, array in graph.constants.items() if value in read)
    if size > LARGEST_MODEL:
        raise ModelError(
            f"the network with its gradient holds {size / 1e9:.1f} GB of weights; ONNX files end at 2 GB: use the "
            "torch engine or a smaller network"
        )
    initializers = [numpy_helper.from_array(array, value) for value, array in graph.constants.items() if value in read]
    described = {
        value: helper.make_value_info(value, tensor_type(graph.shape(value), graph.dtype(value)))
        for value in (*graph.inputs, *graph.outputs)
    }
    model = helper.make_model(
        helper.make_graph(
            [node_proto(node) for node in graph.nodes],
            name,
            [described[value] for value in graph.inputs],
            [described[value] for value in graph.outputs],
            initializers,
        ),
        producer_name="pixelpriv_fast",
        opset_imports=[helper.make_opsetid("", graph.opset)],
        ir_version=max(IR_VERSION, helper.find_min_ir_version_for([helper.make_opsetid("", graph.opset)])),
    )
    helper.set_model_props(model, dict(metadata))
    return model


def attribute_value(item: onnx.AttributeProto) -> Any:
    """Return the value of an attribute as plain Python."""
    value = helper.get_attribute_value(item)
    if isinstance(value, bytes):
        return value.decode()
    return list(value) if item.type in (item.INTS, item.FLOATS) else value
