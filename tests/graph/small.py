"""Small ONNX models for tests, in double or single precision, and ways to run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from .exact_operators import Celu, ConvTranspose, Erf, Gelu

Array = npt.NDArray[Any]
Run = Callable[[Mapping[str, Array]], list[Array]]


@dataclass(frozen=True)
class Case:
    """Nodes from ``x`` to ``y``: (operator, inputs, outputs, attributes), and the constants that they read.

    ``draw`` makes the input; it must keep away from kinks. ``double_opset``: the first that takes doubles.
    """

    nodes: Sequence[tuple[str, str, str, dict[str, Any]]]
    shape: tuple[int, ...] = (2, 3, 6, 5)
    constants: Mapping[str, Any] = field(default_factory=dict)
    draw: Callable[[np.random.Generator, tuple[int, ...]], Array] | None = None
    opset: int = 20
    double_opset: int | None = None

    def input(self, seed: int = 0) -> Array:
        random = np.random.default_rng(seed)
        return self.draw(random, self.shape) if self.draw else random.standard_normal(self.shape)

    def model(self, dtype: npt.DTypeLike) -> onnx.ModelProto:
        opset = self.double_opset if self.double_opset and dtype == np.float64 else self.opset
        return model(self.nodes, self.shape, self.constants, dtype, opset)


def one(op: str, inputs: str = "x", /, shape: tuple[int, ...] = (2, 3, 6, 5), **rest: Any) -> Case:
    """A case of one node; ``c_...`` keywords are its constants, ``draw`` the input, the others its attributes."""
    constants = {key[2:]: rest.pop(key) for key in list(rest) if key.startswith("c_")}
    draw, opset, double_opset = rest.pop("draw", None), rest.pop("opset", 20), rest.pop("double_opset", None)
    return Case([(op, inputs, "y", rest)], shape, constants, draw, opset, double_opset)


def model(
    nodes: Sequence[tuple[str, str, str, dict[str, Any]]],
    shape: Sequence[int | str],
    constants: Mapping[str, Any],
    dtype: npt.DTypeLike,
    opset: int = 20,
    outputs: Sequence[str] = ("y",),
) -> onnx.ModelProto:
    """Inputs and outputs of a node are names parted by blanks, ``-`` for an absent one. Constants of doubles get
    ``dtype``."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    initializers = []
    for name, value in constants.items():
        array = np.asarray(value)
        initializers.append(numpy_helper.from_array(array.astype(dtype) if array.dtype == np.float64 else array, name))
    protos = [
        helper.make_node(
            op, ["" if i == "-" else i for i in inputs.split()], outs.split(), name=f"{op}_{i}", **attributes
        )
        for i, (op, inputs, outs, attributes) in enumerate(nodes)
    ]
    graph = helper.make_graph(
        protos,
        "small",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def reference(proto: onnx.ModelProto) -> Run:
    evaluator = ReferenceEvaluator(proto, new_ops=[ConvTranspose, Erf, Gelu, Celu])
    return lambda feeds: evaluator.run(None, dict(feeds))


def node_by_node(proto: onnx.ModelProto) -> Run:
    """Run the graph as it is written, on ONNX Runtime without its fusions.

    Its fused 8-bit layers add pairs of products in 16 bits on processors without VNNI, where they saturate: that is the
    processor's error and not the graph's. Before 8 bits rank anything, a trial measures it.
    """
    return on_onnxruntime(proto, fused=False)


def on_onnxruntime(proto: onnx.ModelProto, *, fused: bool = True) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    if not fused:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda feeds: session.run(None, dict(feeds))


def on_openvino(proto: onnx.ModelProto, precision: str = "f32") -> Run:  # OpenVINO's own word
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 2, "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(core.read_model(proto.SerializeToString(), b""), "CPU", settings)
    names = [output.name for output in proto.graph.output]

    def run(feeds: Mapping[str, Array]) -> list[Array]:
        results = compiled(dict(feeds))
        return [np.array(results[name]) for name in names]

    return run


RUNNERS: dict[str, Callable[[onnx.ModelProto], Run]] = {"onnxruntime": on_onnxruntime, "openvino": on_openvino}
