"""What ONNX itself knows about one node: its value on constants and the types of its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TypeProto, helper, numpy_helper

from ..errors import ModelError

Array = npt.NDArray[Any]
Attributes = dict[str, Any]
Typed = tuple[tuple[int, ...], np.dtype[Any]]

#: Constants up to this many elements are shown to shape inference; larger ones are weights, which it never reads.
SHAPE_ARITHMETIC = 4096


class Operator(Protocol):
    """The part of a node that ONNX needs; ``ir.Node`` is one."""

    op: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: Attributes
    domain: str


def node_proto(node: Operator) -> onnx.NodeProto:
    """Return ``node`` as ONNX writes it."""
    return helper.make_node(
        node.op, node.inputs, node.outputs, name=node.name, domain=node.domain or None, **node.attributes
    )


def tensor_type(shape: Sequence[int], dtype: np.dtype[Any]) -> TypeProto:
    """Return the type of a tensor as ONNX writes it.

    Parameters
    ----------
    shape : sequence of int
        Its shape.
    dtype : numpy.dtype
        Its element type.

    Returns
    -------
    TypeProto
        The type.
    """
    return helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype(dtype), shape)


def compute(node: Operator, inputs: Mapping[str, Array], opset: int) -> list[Array]:
    """Compute the outputs of ``node`` on constant ``inputs``.

    Parameters
    ----------
    node : Operator
        The node.
    inputs : mapping of str to ndarray
        Values of its inputs by name.
    opset : int
        Version of the ONNX operator set.

    Returns
    -------
    list of ndarray
        The values of its outputs, in order.

    Raises
    ------
    ModelError
        If ONNX does not know the operator, or cannot compute it on these inputs.
    """
    quick = QUICK.get(node.op)
    if quick is not None and not node.domain:
        return [quick(node, [inputs[name] for name in node.inputs])]
    from onnx.reference import ReferenceEvaluator  # slow to import, and few networks need it

    described = [helper.make_value_info(name, tensor_type(array.shape, array.dtype)) for name, array in inputs.items()]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.outputs if name]
    model = helper.make_model(
        helper.make_graph([node_proto(node)], "constant", described, outputs),
        opset_imports=[helper.make_opsetid("", opset)],
    )
    try:
        values = ReferenceEvaluator(model).run(None, dict(inputs))
    except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError) as error:
        raise ModelError(f"{_called(node)} cannot be computed on constants: {error}") from error
    present = iter(np.asarray(value) for value in values)
    return [next(present) if name else np.empty(0) for name in node.outputs]


def infer(node: Operator, types: Mapping[str, Typed], constants: Mapping[str, Array], opset: int) -> dict[str, Typed]:
    """Infer the static type of every output of ``node``.

    Parameters
    ----------
    node : Operator
        The node.
    types : mapping of str to (shape, dtype)
        Types of its inputs by name.
    constants : mapping of str to ndarray
        Values of those inputs that are constants.
    opset : int
        Version of the ONNX operator set.

    Returns
    -------
    dict of str to (shape, dtype)
        Types of its outputs by name.

    Raises
    ------
    ModelError
        If ONNX does not know the operator, refuses the inputs, or cannot tell a shape without the data.
    """
    if node.domain or not onnx.defs.has(node.op, opset, ""):
        raise ModelError(f"{_called(node)} is not an operator of ONNX {opset}; export the network without it")
    shown = {
        name: numpy_helper.from_array(array, name)
        for name, array in constants.items()
        if array.size <= SHAPE_ARITHMETIC
    }
    try:
        inferred = onnx.shape_inference.infer_node_outputs(
            onnx.defs.get_schema(node.op, opset, ""),
            node_proto(node),
            {name: tensor_type(*kind) for name, kind in types.items()},
            shown,
            opset_imports=[helper.make_opsetid("", opset)],
        )
    except (onnx.shape_inference.InferenceError, RuntimeError) as error:
        shapes = [list(types[name][0]) for name in node.inputs if name]
        raise ModelError(f"{_called(node)} does not accept inputs of shape {shapes}: {error}") from error
    return {name: _static(node, name, inferred.get(name)) for name in node.outputs if name}


def _static(node: Operator, name: str, kind: TypeProto | None) -> Typed:
    dims = kind.tensor_type.shape.dim if kind is not None and kind.tensor_type.HasField("shape") else None
    if kind is None or dims is None or not all(dim.HasField("dim_value") for dim in dims):
        raise ModelError(
            f"{_called(node)}: the shape of output {name!r} depends on the data, so it cannot be fixed; "
            "export the network with static shapes"
        )
    dtype = helper.tensor_dtype_to_np_dtype(kind.tensor_type.elem_type)
    return tuple(dim.dim_value for dim in dims), np.dtype(dtype)


def _called(node: Operator) -> str:
    return f"operator {node.domain + '::' if node.domain else ''}{node.op} (node {node.name!r})"


def _transpose(node: Operator, inputs: list[Array]) -> Array:
    return np.transpose(inputs[0], node.attributes.get("perm"))


def _cast(node: Operator, inputs: list[Array]) -> Array:
    return inputs[0].astype(helper.tensor_dtype_to_np_dtype(node.attributes["to"]))


def _unsqueeze(node: Operator, inputs: list[Array]) -> Array:
    return np.expand_dims(inputs[0], tuple(int(axis) for axis in inputs[1]))


def _concat(node: Operator, inputs: list[Array]) -> Array:
    return np.concatenate(inputs, axis=node.attributes["axis"])


def _dequantize(node: Operator, arrays: Sequence[Array]) -> Array:
    """Return ``(x - zero) * scale`` in the scale's element type; both may be numbers along an axis."""
    values, scale, *zero = arrays
    shape = [1] * values.ndim
    if scale.size > 1:
        shape[int(node.attributes.get("axis", 1))] = -1
    shifted = values.astype(np.int32) - (zero[0].astype(np.int32).reshape(shape) if zero else 0)
    return np.asarray(shifted * scale.reshape(shape), scale.dtype)


def _quantize(node: Operator, arrays: Sequence[Array]) -> Array:
    """Return ``round(x / scale) + zero``, cut off at the limits of the zero point's element type."""
    values, scale, *zero = arrays
    kind = zero[0].dtype if zero else np.dtype(np.uint8)
    shape = [1] * values.ndim
    if scale.size > 1:
        shape[int(node.attributes.get("axis", 1))] = -1
    steps = np.rint(values / scale.reshape(shape)) + (zero[0].astype(np.float32).reshape(shape) if zero else 0)
    return np.asarray(np.clip(steps, np.iinfo(kind).min, np.iinfo(kind).max), kind)


#: The operators that exporters use for shape arithmetic by the thousand, for which the evaluator takes half a millisecond
#: each, and those that it does not know in every version.
QUICK = {
    "Transpose": _transpose,
    "Cast": _cast,
    "Unsqueeze": _unsqueeze,
    "Concat": _concat,
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize,
}
