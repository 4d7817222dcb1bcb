"""A scorer's graph with its later layers in fp16."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ModelError
from .onnx_file import StampedModel, seal, unseal

#: Activations (``Clip`` nodes) up to this one stay in fp32: the stem and the first three blocks. Their batch norms
#: multiply by up to 30, so that fp16 there moves ratings by up to 0.04; in all other layers together by 0.01.
EXACT_LAYERS = 7


def half(model: StampedModel, exact: int = EXACT_LAYERS) -> StampedModel:
    """``model`` with weights and arithmetic in fp16 behind its first ``exact`` activations, fp32 at both ends, and a
    stamp that says so. Needs a chain of layers. Raises ``ModelError`` where it has fewer activations."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    proto = onnx.load_from_string(model.data)
    graph = proto.graph
    marks = [index for index, node in enumerate(graph.node) if node.op_type == "Clip"]
    if len(marks) <= exact:
        raise ModelError(
            f"{model.stamp.name} has {len(marks)} activations, not more than the {exact} that stay in fp32"
        )
    front, tail = list(graph.node[: marks[exact - 1] + 1]), list(graph.node[marks[exact - 1] + 1 :])
    seam, result = front[-1].output[0], tail[-1].output[0]
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in tail:
        for index, name in enumerate(node.input):
            if name in weights:
                node.input[index] = _halved(graph, weights[name], numpy_helper)
        _rename(node.input, seam, f"{seam}_f16")
    _rename(tail[-1].output, result, f"{result}_f16")
    del graph.node[:]
    graph.node.extend(front)
    graph.node.append(helper.make_node("Cast", [seam], [f"{seam}_f16"], to=TensorProto.FLOAT16))
    graph.node.extend(tail)
    graph.node.append(helper.make_node("Cast", [f"{result}_f16"], [result], to=TensorProto.FLOAT))
    _drop_unused(graph)
    stamp = replace(model.stamp, precision="f16")
    return unseal(seal(proto.SerializeToString(deterministic=True), stamp), model.stamp.name)


def _halved(graph: Any, tensor: Any, numpy_helper: Any) -> str:
    """The name of ``tensor``'s fp16 twin, added to ``graph`` where it is not there yet; other types stay."""
    values = numpy_helper.to_array(tensor)
    if values.dtype != np.float32:
        return str(tensor.name)
    name = f"{tensor.name}_f16"
    if all(existing.name != name for existing in graph.initializer):
        # Variances below fp16's smallest number are those of dead channels, and stand beside an epsilon of 1e-3.
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), name))
    return name


def _rename(names: Any, old: str, new: str) -> None:
    for index, name in enumerate(names):
        if name == old:
            names[index] = new


def _drop_unused(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
