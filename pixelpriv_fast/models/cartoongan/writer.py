"""Writes an ONNX graph node by node: for networks whose fast form is not what an exporter would trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...words import Precision

_OPSET, _IR = 17, 8  # old enough for every runtime and TensorRT, new enough for all that is written here

Axes = Sequence[int | str]
Typed = tuple[Axes, Precision]  # shape and number format
_ELEMENT_TYPES: Mapping[Precision, str] = {"fp32": "FLOAT", "fp16": "FLOAT16", "bf16": "BFLOAT16"}


class GraphWriter:
    """Collects nodes and constants; ``model`` makes the file. Names of values count up; constants keep theirs."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, npt.NDArray[Any]] = {}
        self._inputs: dict[str, Typed] = {}

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add one node with one output.

        Parameters
        ----------
        kind : str
            The operator's ONNX name.
        *inputs : str
            Names of its inputs.
        **attributes
            Its attributes.

        Returns
        -------
        str
            Name of its output.
        """
        from onnx import helper

        output = f"value_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        """Add a constant; naming it again gives the same one.

        Parameters
        ----------
        name : str
            Its name.
        value : ndarray
            Its value.

        Returns
        -------
        str
            ``name``.
        """
        self._constants.setdefault(name, np.ascontiguousarray(value))
        return name

    def input(self, name: str, shape: Axes, *, precision: Precision = "fp32") -> str:
        """Add an input.

        Parameters
        ----------
        name : str
            Its name.
        shape : sequence of int or str
            Its shape; a word stands for an open axis.
        precision : {"fp32", "fp16", "bf16"}
            How it is stored.

        Returns
        -------
        str
            ``name``.
        """
        self._inputs.setdefault(name, (shape, precision))
        return name

    def cast(self, x: str, precision: Precision) -> str:
        """Add a cast.

        Parameters
        ----------
        x : str
            The value.
        precision : {"fp32", "fp16", "bf16"}
            The number format.

        Returns
        -------
        str
            The value in that format.
        """
        return self.op("Cast", x, to=_element_type(precision))

    def model(self, outputs: Mapping[str, tuple[str, Axes, Precision]]) -> bytes:
        """Return the file's bytes. ``outputs``: public name -> (value, shape, precision), in this order."""
        from onnx import checker, helper, numpy_helper

        public = {value: name for name, (value, _, _) in outputs.items()}
        graph = helper.make_graph(
            [_renamed(node, public) for node in self._nodes],
            "network",
            [_described(name, shape, precision) for name, (shape, precision) in self._inputs.items()],
            [_described(name, shape, precision) for name, (_, shape, precision) in outputs.items()],
            [numpy_helper.from_array(value, name) for name, value in self._constants.items()],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
        checker.check_model(made)
        data: bytes = made.SerializeToString(deterministic=True)
        return data


def _described(name: str, shape: Axes, precision: Precision) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, _element_type(precision), shape)


def _element_type(precision: Precision) -> int:
    from onnx import TensorProto

    return int(TensorProto.DataType.Value(_ELEMENT_TYPES[precision]))


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """Return a copy of ``node`` with values under their public names.

    An Identity node would leave the choice to the runtime.
    """
    copy = type(node)()
    copy.CopyFrom(node)
    copy.input[:] = [names.get(value, value) for value in node.input]
    copy.output[:] = [names.get(value, value) for value in node.output]
    return copy
