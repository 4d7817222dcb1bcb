"""A user's network as it is: parsed with care, and how it takes its photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper

from ..errors import ModelError
from ..models.stamped.wire import external_tensor

FLOATS = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE})
#: Element types of weights whose network may answer a step of theirs apart from itself.
_COARSE = frozenset({TensorProto.FLOAT16, TensorProto.UINT8, TensorProto.INT8})


def parse_own(data: bytes) -> onnx.ModelProto:
    """Parse a file that nothing is known of.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    onnx.ModelProto
        The network.

    Raises
    ------
    ModelError
        If it is not a whole ONNX file, keeps weights in another file, or has operators of one library.
    """
    try:
        outside = external_tensor(data)
        model: onnx.ModelProto = onnx.load_from_string(data)
    except (ModelError, DecodeError) as error:
        raise ModelError(f"not an ONNX file, or cut off ({error})") from error
    if outside is not None:
        raise ModelError(f"tensor {outside!r} stands in another file; save the network whole, in one file")
    if not model.graph.node:
        raise ModelError("not an ONNX network: it has no nodes")
    defined = {function.domain for function in model.functions}
    foreign = next((node for node in model.graph.node if node.domain not in ("", "ai.onnx", *defined)), None)
    if foreign is not None:
        raise ModelError(
            f"operator {foreign.domain}::{foreign.op_type} is one library's own; export the network with ONNX's operators "
            "alone (8-bit networks in QDQ form)"
        )
    return model


def is_coarse(model: onnx.ModelProto) -> bool:
    """Return whether the network holds 8-bit or 16-bit weights."""
    return any(tensor.data_type in _COARSE for tensor in model.graph.initializer)


@dataclass(frozen=True, slots=True)
class InputForm:
    """How a network takes its photos.

    Attributes
    ----------
    name : str
        The input's name.
    kind : int
        ONNX's number of its element type.
    channels_last : bool
        Whether the channels are the last axis.
    batch : int or None
        The number of photos that it was exported for; None for any.
    size : tuple of (int or None)
        Height and width that it was exported for; None for any.
    """

    name: str
    kind: int
    channels_last: bool
    batch: int | None
    size: tuple[int | None, int | None]

    @property
    def whole_numbers(self) -> bool:
        """Whether it takes grey levels as 8-bit numbers."""
        return self.kind == TensorProto.UINT8

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Its element type."""
        return np.dtype(helper.tensor_dtype_to_np_dtype(self.kind))


def input_form(model: onnx.ModelProto) -> InputForm:
    """Read how a network takes its photos.

    Parameters
    ----------
    model : onnx.ModelProto
        The user's network.

    Returns
    -------
    InputForm
        What its only input says.

    Raises
    ------
    ModelError
        If it has several inputs, or one that cannot be photos.
    """
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [item for item in model.graph.input if item.name not in constants]
    if len(inputs) != 1:
        names = ", ".join(item.name for item in inputs) or "none"
        raise ModelError(f"a classifier has one input, the photos; this network has {len(inputs)}: {names}")
    tensor = inputs[0].type.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in tensor.shape.dim]
    told = "[" + ", ".join("?" if size is None else str(size) for size in dims) + "]"
    if len(dims) != 4 or (dims[1] != 3 and dims[3] != 3):
        raise ModelError(
            f"input {inputs[0].name!r} has shape {told}, not [photos, 3, height, width] or [photos, height, width, 3]; "
            "export the network with its three colour channels fixed"
        )
    if tensor.elem_type not in (*FLOATS, TensorProto.UINT8):
        kind = TensorProto.DataType.Name(tensor.elem_type).lower()
        raise ModelError(f"input {inputs[0].name!r} is {kind}; a classifier takes float32, float16, float64 or uint8")
    last = dims[1] != 3
    size = (dims[1], dims[2]) if last else (dims[2], dims[3])
    return InputForm(inputs[0].name, tensor.elem_type, last, dims[0], size)
