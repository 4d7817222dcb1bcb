"""A user's classifier in the one form that the rest takes: photos (n, 3, height, width) in float32 in, logits out.

What is changed is how the network is asked and answers, never what it computes: the layout and element type of its input, a
softmax at its end, outputs that are not wanted, a batch size that was fixed when it was exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..errors import ModelError
from .own_model import FLOATS, InputForm, input_form

INPUT, OUTPUT = "pixels", "logits"

#: Operators that hand whole numbers on as they are.
_CARRIERS = frozenset(
    {"Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Gather", "Flatten", "Concat", "Split", "Pad"}
)
#: Operators between a softmax and the output that only change the shape.
_SHAPERS = frozenset({"Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast"})
#: The first version in which a constant need not be listed among the inputs, too.
_IR_VERSION = 4
#: The smallest probability whose logarithm is taken.
_SMALLEST = 1e-30


def adopted(model: onnx.ModelProto, output: str, *, probabilities: bool) -> onnx.ModelProto:
    """Bring a network to the one form.

    Parameters
    ----------
    model : onnx.ModelProto
        The user's network; it is not changed.
    output : str
        The output with the class scores.
    probabilities : bool
        Whether that output holds probabilities: a softmax at its end is taken away, or a logarithm is added.

    Returns
    -------
    onnx.ModelProto
        A network with the input ``pixels`` and the output ``logits``.

    Raises
    ------
    ModelError
        If the network computes with whole numbers from its first layer, or is not valid ONNX.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    output = _out_of_the_way(graph, output)
    form = input_form(result)
    nodes = _entry(form)
    if form.whole_numbers:
        _read_whole_numbers_as_floats(graph, form.name)
    if form.batch is not None:
        _open_batch(graph, form.batch)
    nodes += list(graph.node)
    scores = _logits(graph, nodes, output) if probabilities else output
    nodes += [
        helper.make_node("Cast", [scores], ["adopted/float"], "adopted/to_float", to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["adopted/float"], [OUTPUT], "adopted/flatten", axis=1),
    ]
    _rebuild(graph, _needed(nodes, OUTPUT))
    result.ir_version = max(_IR_VERSION, result.ir_version)
    height, width = form.size
    shape: list[int | str | None] = ["batch", 3, height or "height", width or "width"]
    graph.input.append(helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape))
    graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", "classes"]))
    try:
        onnx.checker.check_model(result)
    except onnx.checker.ValidationError as error:
        raise ModelError(f"not a valid ONNX network: {error}") from error
    return result


def _out_of_the_way(graph: onnx.GraphProto, output: str) -> str:
    """Rename values that are called as ours are; return the name of ``output`` then."""

    def renamed(name: str) -> str:
        return f"own/{name}" if name in (INPUT, OUTPUT) or name.startswith("adopted/") else name

    def rename(nodes: Iterable[onnx.NodeProto]) -> None:
        for node in nodes:
            for names in (node.input, node.output):
                names[:] = [renamed(name) for name in names]
            for item in node.attribute:
                for inner in (item.g, *item.graphs):
                    rename(inner.node)

    rename(graph.node)
    for item in (*graph.input, *graph.output, *graph.initializer):
        item.name = renamed(item.name)
    return renamed(output)


def _entry(form: InputForm) -> list[onnx.NodeProto]:
    """Return the nodes from ``pixels`` to the network's own input."""
    nodes, value = [], INPUT
    if form.channels_last:
        nodes.append(helper.make_node("Transpose", [value], ["adopted/last"], "adopted/last", perm=[0, 2, 3, 1]))
        value = "adopted/last"
    own = TensorProto.FLOAT if form.whole_numbers else form.kind
    nodes.append(helper.make_node("Cast", [value], [form.name], "adopted/from_float", to=own))
    return nodes


def _read_whole_numbers_as_floats(graph: onnx.GraphProto, name: str) -> None:
    """Let the values of an 8-bit input be floats up to where the network itself makes floats of them."""
    carried = {name}
    for node in list(graph.node):
        if carried.isdisjoint(node.input):
            continue
        if node.op_type in _CARRIERS:
            carried.update(node.output)
        elif node.op_type == "DequantizeLinear":
            _dequantize_floats(graph, node)
        elif node.op_type != "Cast" or _attribute(node, "to") not in FLOATS:
            raise ModelError(
                f"its first layers compute with whole numbers (operator {node.op_type}, node {node.name!r}), so it has no "
                "gradient; export it with a float input, or in QDQ form"
            )


def _dequantize_floats(graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    """Write ``(x - zero) * scale`` in place of a DequantizeLinear whose input is float now."""
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    scale = arrays.get(node.input[1])
    zero = arrays.get(node.input[2]) if len(node.input) > 2 else np.zeros(1)
    if scale is None or zero is None or scale.size != 1:
        raise ModelError(f"node {node.name!r}: the scale of an 8-bit input must be one constant; export it again")
    output, nodes = node.output[0], list(graph.node)
    for suffix, value in (("zero", zero), ("scale", scale)):
        array = np.asarray(value, np.float32).reshape(())
        graph.initializer.append(numpy_helper.from_array(array, f"adopted/{output}/{suffix}"))
    shifted = helper.make_node("Sub", [node.input[0], f"adopted/{output}/zero"], [f"adopted/{output}/shifted"])
    scaled = helper.make_node("Mul", [shifted.output[0], f"adopted/{output}/scale"], [output])
    at = nodes.index(node)
    _replace_nodes(graph, [*nodes[:at], shifted, scaled, *nodes[at + 1 :]])


def _open_batch(graph: onnx.GraphProto, batch: int) -> None:
    """Let reshapes keep the number of photos where the export wrote that number down."""
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        value = _attribute(node, "value") if node.op_type == "Constant" else None
        if isinstance(value, onnx.TensorProto):
            arrays[node.output[0]] = numpy_helper.to_array(value)
    for number, node in enumerate(graph.node):
        if node.op_type != "Reshape" or _attribute(node, "allowzero"):
            continue
        shape = arrays.get(node.input[1])
        if shape is None or shape.size < 2 or shape[0] != batch or 0 in shape:
            continue
        name = f"adopted/shape_{number}"
        graph.initializer.append(numpy_helper.from_array(np.concatenate([[0], shape[1:]]).astype(np.int64), name))
        node.input[1] = name


def _without_softmax(nodes: list[onnx.NodeProto], output: str) -> str | None:
    """Take the softmax before ``output`` away and return the output's name; None if there is none to be found."""
    producers = {name: node for node in nodes for name in node.output}
    reads: list[onnx.NodeProto] = []
    node = producers.get(output)
    while node is not None and node.op_type in _SHAPERS:
        reads.append(node)
        node = producers.get(node.input[0])
    if node is None or node.op_type != "Softmax":
        return None
    if not reads:
        return str(node.input[0])
    last = reads[-1]
    position = nodes.index(last)
    copy = onnx.NodeProto()
    copy.CopyFrom(last)
    copy.input[0] = node.input[0]
    nodes[position] = copy
    return output


def _logits(graph: onnx.GraphProto, nodes: list[onnx.NodeProto], output: str) -> str:
    """Return the value whose softmax ``output`` is: what its softmax reads, else its logarithm, which is added."""
    scores = _without_softmax(nodes, output)
    if scores is not None:
        return scores
    floor = numpy_helper.from_array(np.array(_SMALLEST, np.float32), "adopted/smallest")
    graph.initializer.append(floor)
    nodes += [
        helper.make_node("Max", [output, floor.name], ["adopted/floored"], "adopted/floor"),
        helper.make_node("Log", ["adopted/floored"], ["adopted/log"], "adopted/log"),
    ]
    return "adopted/log"


def _needed(nodes: Sequence[onnx.NodeProto], output: str) -> list[onnx.NodeProto]:
    """Return the nodes that ``output`` depends on, in their order."""
    wanted, kept = {output}, []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.output):
            kept.append(node)
            wanted.update(name for name in node.input if name)
            wanted.update(_read_inside(node))
    return kept[::-1]


def _read_inside(node: onnx.NodeProto) -> Iterable[str]:
    """Yield what graphs inside a node (If, Loop) may read of the graph around them."""
    for item in node.attribute:
        for inner in (item.g, *item.graphs):
            for child in inner.node:
                yield from child.input
                yield from _read_inside(child)


def _rebuild(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto]) -> None:
    """Keep these nodes, the constants that they read, and no declaration that may no longer be true."""
    read = {name for node in nodes for name in (*node.input, *_read_inside(node))}
    constants = [tensor for tensor in graph.initializer if tensor.name in read]
    _replace_nodes(graph, nodes)
    for field in ("initializer", "input", "output", "value_info"):
        graph.ClearField(field)
    graph.initializer.extend(constants)


def _replace_nodes(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto]) -> None:
    kept = []
    for node in nodes:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        kept.append(copy)
    graph.ClearField("node")
    graph.node.extend(kept)


def _attribute(node: onnx.NodeProto, name: str) -> object:
    return next((helper.get_attribute_value(item) for item in node.attribute if item.name == name), None)
