"""Convolutions and pools with every attribute written out, so that no rule needs to know ONNX's defaults."""

from __future__ import annotations

from ..errors import ModelError
from .ir import Graph, Node

WINDOWED = {"Conv", "ConvTranspose", "MaxPool", "AveragePool"}


def make_explicit(graph: Graph, node: Node) -> Node:
    """Return ``node`` with every attribute of its window written out.

    Parameters
    ----------
    graph : Graph
        Gives the shapes.
    node : Node
        Any node; one without a window is returned as it is.

    Returns
    -------
    Node
        With kernel shape, strides, dilations, pads and group; ``auto_pad`` and ``output_shape`` are resolved.
    """
    if node.domain or node.op not in WINDOWED:
        return node
    attributes = dict(node.attributes)
    sizes, results = graph.shape(node.inputs[0])[2:], graph.shape(node.output)[2:]
    axes = len(sizes)
    if "kernel_shape" not in attributes:
        attributes["kernel_shape"] = list(graph.shape(node.inputs[1])[2:])
    for key in ("strides", "dilations"):
        attributes.setdefault(key, [1] * axes)
    if node.op.startswith("Conv"):
        attributes.setdefault("group", 1)
    reach = [d * (k - 1) + 1 for d, k in zip(attributes["dilations"], attributes["kernel_shape"], strict=True)]
    auto = attributes.pop("auto_pad", "NOTSET")
    if node.op == "ConvTranspose":
        _explicit_transpose(node, attributes, sizes, results, reach, auto)
    elif auto in ("SAME_UPPER", "SAME_LOWER"):
        steps = zip(attributes["strides"], sizes, results, reach, strict=True)
        attributes["pads"] = _halves([max(s * (m - 1) + r - n, 0) for s, n, m, r in steps], auto)
    elif auto == "VALID":
        attributes["pads"] = [0] * 2 * axes
    attributes.setdefault("pads", [0] * 2 * axes)
    return Node(node.op, node.name, node.inputs, node.outputs, attributes)


def _explicit_transpose(
    node: Node,
    attributes: dict[str, list[int]],
    sizes: tuple[int, ...],
    results: tuple[int, ...],
    reach: list[int],
    auto: str,
) -> None:
    """Set the pads that give the inferred size, however the node asked for it."""
    extra = attributes.setdefault("output_padding", [0] * len(sizes))
    asked = attributes.pop("output_shape", None)
    steps = list(zip(attributes["strides"], sizes, results, reach, extra, strict=True))
    if asked is not None or auto != "NOTSET":
        totals = [s * (n - 1) + e + r - m for s, n, m, r, e in steps]
        if min(totals) < 0:
            raise ModelError(
                f"{node}: output_shape {asked} is larger than its windows reach; write output_padding instead"
            )
        attributes["pads"] = _halves(totals, auto)


def _halves(totals: list[int], auto: str) -> list[int]:
    """Split totals into leading and trailing pads; the odd one goes to the end for SAME_UPPER."""
    small, large = [total // 2 for total in totals], [total - total // 2 for total in totals]
    return small + large if auto == "SAME_UPPER" else large + small
