"""A network's graph with its weights and arithmetic in fp16, by ONNX Runtime's own converter."""

from __future__ import annotations

from .libraries import onnxruntime


def half_precision(model: bytes, exact: int = 0) -> bytes:
    """The ONNX ``model`` in fp16, but for its inputs, its outputs and its first ``exact`` nodes. Needs ``onnx``.

    Numbers outside fp16's range are cut to it, such as the variances of dead channels, which lie below.
    """
    import onnx

    onnxruntime()  # names the fix where it is missing
    from onnxruntime.transformers.float16 import convert_float_to_float16

    proto = onnx.load_from_string(model)
    names = [node.name for node in proto.graph.node[:exact]]
    half = convert_float_to_float16(proto, keep_io_types=True, op_block_list=[], node_block_list=names)
    written: bytes = half.SerializeToString(deterministic=True)
    return written
