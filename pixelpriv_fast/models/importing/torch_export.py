"""From a torch module to clean ONNX bytes. Needs torch, onnx and onnxscript, when a model is built and never afterwards."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Any

from ...errors import ModelError
from ..card import Card

if TYPE_CHECKING:
    import torch

_OPSET = 20
_SAMPLE_BATCH = 2  # an axis of size 1 in the sample would be taken for fixed
_SAMPLE_SIZE = 64  # of an open height or width
_export_lock = threading.Lock()  # the filters of warnings are the process's own


def export(card: Card, module: torch.nn.Module) -> bytes:
    """Export a module with the card's names and open axes. Prints nothing.

    Initializers keep the module's parameter names. Batch norms stay nodes of their own (the runtimes fold them, and the torch
    engine reads them back), padding goes into its convolution, and no trace of the exporting machine stays in the file.

    Parameters
    ----------
    card : Card
        The network.
    module : torch.nn.Module
        Its module with weights.

    Returns
    -------
    bytes
        The ``.onnx``, without a stamp.

    Raises
    ------
    ModelError
        If torch cannot export it.
    """
    import torch

    shape = tuple(_sample_size(index, size) for index, size in enumerate(card.shape))
    axes = {index: size for index, size in enumerate(card.shape) if isinstance(size, str)}
    with _export_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations are no news to a user
        program = torch.onnx.export(
            module,
            (torch.zeros(shape),),
            dynamo=True,
            optimize=False,
            verbose=False,
            opset_version=_OPSET,
            input_names=[card.input],
            output_names=[card.output],
            dynamic_shapes=(axes,),
        )
    if program is None:
        raise ModelError(f"{card.name} could not be exported to ONNX")
    return _clean(program.model)


def _sample_size(index: int, size: int | str) -> int:
    if isinstance(size, int):
        return size
    return _SAMPLE_BATCH if index == 0 else _SAMPLE_SIZE


def _clean(model: Any) -> bytes:
    """Fold the exporter's shape arithmetic, fuse padding, and drop what no runtime needs."""
    import onnx_ir
    from onnxscript import optimizer, rewriter
    from onnxscript.rewriter.rules.common import fuse_pad_into_conv_rule, normalize_pad_format_conv_rule

    optimizer.fold_constants(model)
    rewriter.rewrite(model, [normalize_pad_format_conv_rule, fuse_pad_into_conv_rule])
    optimizer.remove_unused_nodes(model)
    for node in model.graph:
        node.metadata_props.clear()
        node.doc_string = None
        _drop_zero_bias(node)
    optimizer.remove_unused_nodes(model)
    proto = onnx_ir.serde.serialize_model(model)
    for message in (proto.graph, *proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        message.doc_string = ""
        del message.metadata_props[:]
    del proto.graph.value_info[:], proto.metadata_props[:]
    proto.graph.name = "network"
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


def _drop_zero_bias(node: Any) -> None:
    """Drop the bias of zeros that the exporter gives to a convolution without one, under a name of its own."""
    if node.op_type != "Conv" or len(node.inputs) < 3 or node.inputs[2] is None:
        return
    bias = node.inputs[2]
    if bias.name.startswith("val_") and bias.const_value is not None and not bias.const_value.numpy().any():
        node.resize_inputs(2)
