"""From any forward model to a :class:`~.ir.Graph` with fixed shapes, one operator set and no functions.

Choice: not ``onnxscript.optimizer`` with its rules for batch norms. It makes graphs of the same nodes and static shapes,
but folds batch norms in fp32 (other bits in every logit), and takes longer; the base install has ``onnx`` alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, inliner, numpy_helper, version_converter

from ..errors import ModelError
from .expansion import EXPANDED, expand
from .ir import Graph, Node
from .proto import node_from_proto
from .sequences import SequenceRewriter

#: Older models are converted to this operator set: the first in which every reduction takes its axes as an input.
OLDEST_OPSET = 18


def specialise(model: onnx.ModelProto, shape: Sequence[int]) -> Graph:
    """Return ``model`` for one input shape, with constants folded.

    Parameters
    ----------
    model : onnx.ModelProto
        A forward model.
    shape : sequence of int
        (n, channels, height, width) of its only input.

    Returns
    -------
    Graph
        The model's nodes with static shapes.

    Raises
    ------
    ModelError
        If the model has several inputs, does not take the shape, or has a shape that depends on the data.
    """
    model = _one_opset(model)
    graph = Graph(_opset(model))
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ModelError(
                f"weight {tensor.name!r} is in a file of its own; load the network with onnx.load, or save it whole"
            )
        graph.set_constant(tensor.name, numpy_helper.to_array(tensor))
    declared = _only_input(model)
    graph.add_input(declared.name, _fixed_shape(declared, shape), _float_type(declared))
    sequences = SequenceRewriter()
    for index, proto in enumerate(model.graph.node):
        node = sequences.rewrite(graph, node_from_proto(proto, index))
        if node is not None:
            _specialise_node(graph, node)
    graph.outputs = [output.name for output in model.graph.output]
    return graph


def logits_of(graph: Graph, wanted: str | None = None) -> str:
    """Return the output that holds the logits.

    Parameters
    ----------
    graph : Graph
        A specialised classifier.
    wanted : str, optional
        Name of the output; needed if there are several.

    Returns
    -------
    str
        Name of an output of shape (n, classes).

    Raises
    ------
    ModelError
        If there is none, or if a choice is needed.
    """
    batch = graph.shape(graph.inputs[0])[0]
    names = [wanted] if wanted else graph.outputs
    if wanted is not None and wanted not in graph.outputs:
        raise ModelError(f"the network has no output {wanted!r}; its outputs are {', '.join(graph.outputs)}")
    if len(names) != 1:
        raise ModelError(f"the network has {len(names)} outputs ({', '.join(names)}); name the one with the logits")
    kind = graph.types[names[0]]
    if kind.rank != 2 or kind.shape[0] != batch or kind.shape[1] < 2 or not kind.is_float:
        raise ModelError(
            f"output {names[0]!r} is {kind.dtype.name} of shape {list(kind.shape)}, not logits of shape "
            f"[{batch}, classes]; export the network up to its class scores"
        )
    if names[0] in graph.constants:
        raise ModelError(f"output {names[0]!r} does not depend on the network's input")
    return names[0]


def _one_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    version = _opset(model)
    newest = onnx.defs.onnx_opset_version()
    if version > newest:
        raise ModelError(
            f"the network uses ONNX opset {version}, but the installed onnx knows up to {newest}; update it"
        )
    try:
        if version < OLDEST_OPSET:
            model = version_converter.convert_version(model, OLDEST_OPSET)
        if model.functions:
            model = inliner.inline_local_functions(model)
    except (RuntimeError, ValueError) as error:  # what the C++ side of onnx raises
        raise ModelError(
            f"the network (ONNX opset {version}) cannot be converted to opset {OLDEST_OPSET}: {error}"
        ) from error
    return model


def _opset(model: onnx.ModelProto) -> int:
    versions = [item.version for item in model.opset_import if item.domain in ("", "ai.onnx")]
    if not versions:
        raise ModelError("the network names no ONNX operator set; export it again")
    return int(max(versions))


def _only_input(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs: list[onnx.ValueInfoProto] = [item for item in model.graph.input if item.name not in constants]
    if len(inputs) != 1:
        names = ", ".join(item.name for item in inputs) or "none"
        raise ModelError(f"a classifier has one input, the photos; this network has {len(inputs)}: {names}")
    return inputs[0]


def _float_type(declared: onnx.ValueInfoProto) -> np.dtype[np.generic]:
    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(declared.type.tensor_type.elem_type))
    if dtype not in (np.float32, np.float64):
        raise ModelError(f"input {declared.name!r} is {dtype.name}; a classifier's input must be float32")
    return dtype


def _fixed_shape(declared: onnx.ValueInfoProto, shape: Sequence[int]) -> tuple[int, ...]:
    """Check ``shape`` against what the model declares; a declared batch size may be replaced by another."""
    dims = [dim.dim_value if dim.HasField("dim_value") else None for dim in declared.type.tensor_type.shape.dim]
    wanted = tuple(int(size) for size in shape)
    fits = len(dims) == len(wanted) and all(
        size is None or size == asked for size, asked in zip(dims[1:], wanted[1:], strict=True)
    )
    if not fits or min(wanted) < 1:
        told = ["?" if size is None else size for size in dims]
        raise ModelError(f"input {declared.name!r} takes shape {told}, not {list(wanted)}")
    return wanted


def _shape_value(
    op: str, attributes: Mapping[str, int], shape: tuple[int, ...]
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    if op == "Size":
        return np.array(int(np.prod(shape)), np.int64)
    return np.array(shape[attributes.get("start", 0) : attributes.get("end", len(shape))], np.int64)


def _specialise_node(graph: Graph, node: Node) -> None:
    if node.domain:
        graph.append(node)
    elif node.op in ("Shape", "Size"):
        graph.set_constant(node.output, _shape_value(node.op, node.attributes, graph.shape(node.inputs[0])))
    elif node.op == "CastLike":
        graph.append(_plain_cast(graph, node))
    elif node.op in EXPANDED:
        for inner in expand(graph, node):
            _specialise_node(graph, inner)
    else:
        graph.append(node)
        if node.op == "Reshape":
            _check_reshape(graph, node)


def _check_reshape(graph: Graph, node: Node) -> None:
    """Refuse a reshape to another number of elements, from a batch size that was fixed at export.

    ONNX's inference does not count elements, so it would pass unseen.
    """
    before, after = graph.shape(node.inputs[0]), graph.shape(node.output)
    if math.prod(before) != math.prod(after):
        raise ModelError(
            f"{node} cannot make shape {list(after)} of {list(before)}: the network was exported for another batch "
            "size; export it with a dynamic batch"
        )


def _plain_cast(graph: Graph, node: Node) -> Node:
    """Return a Cast for a CastLike, which needs the type only, and that is known: so a constant stays one."""
    to = helper.np_dtype_to_tensor_dtype(graph.dtype(node.inputs[1]))
    return Node("Cast", node.name, node.inputs[:1], node.outputs, {"to": to})
