"""Reverse-mode differentiation: from the gradient of one value to that of another, one rule an operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import onnx

from ..errors import ModelError
from .forms import ConvolutionForm, Layout
from .ir import Graph, Node
from .rules import RULES, SPLIT_RULES, STRAIGHT_THROUGH, Scene


class BuildsBackward(Protocol):
    """Builds a network's backward graph: ``build_attack_graph`` a classifier's, ``build_score_graph`` a scorer's."""

    def __call__(
        self,
        model: onnx.ModelProto,
        shape: Sequence[int],
        *,
        form: ConvolutionForm,
        layout: Layout,
        logits: str | None,
    ) -> onnx.ModelProto:
        """Return the graph. Its first input are photos, its outputs logits and the gradient by the photos."""


def differentiate(graph: Graph, output: str, seed: str, wrt: str, form: ConvolutionForm, layout: Layout) -> str:
    """Append the vector-Jacobian product of ``output`` with respect to ``wrt``.

    Only the paths from ``wrt`` to ``output`` are followed.

    Parameters
    ----------
    graph : Graph
        Receives the nodes.
    output : str
        The value to differentiate.
    seed : str
        The value that holds the gradient of ``output``.
    wrt : str
        The value to differentiate for.
    form : ConvolutionForm
        How strided convolutions are differentiated.
    layout : Layout
        How pixels are parted into the phases of a stride.

    Returns
    -------
    str
        Name of the gradient, of the shape of ``wrt``.

    Raises
    ------
    ModelError
        If an operator on a path has no rule (the message names the first), or if there is no path.
    """
    forward = list(graph.nodes)
    active = _depending_on(graph, forward, wrt)
    if output not in active:
        raise ModelError(f"output {output!r} does not depend on {wrt!r}, so it has no gradient")
    scene = Scene(graph, active, form, layout)
    pending: dict[str, list[str]] = {output: [seed]}
    for node in reversed(forward):
        graph.scope = f"vjp/{node.name}"
        incoming = [_sum(scene, pending.pop(name, [])) for name in node.outputs]
        if not any(incoming):
            continue
        for name, gradient in zip(node.inputs, _apply(scene, node, incoming), strict=False):
            if gradient and name in active:
                pending.setdefault(name, []).append(gradient)
    graph.scope = "vjp"
    total = _sum(scene, pending.get(wrt, []))
    graph.scope = ""
    if total is None:
        raise ModelError(f"the gradient of {output!r} for {wrt!r} is zero everywhere: no differentiable path")
    return total


def _depending_on(graph: Graph, nodes: list[Node], wrt: str) -> frozenset[str]:
    """Return the values that depend on ``wrt`` and carry a gradient: floating-point ones, and what was rounded to 8 bits."""
    active = {wrt}
    for node in nodes:
        if not active.isdisjoint(node.inputs):
            rounded = node.op in STRAIGHT_THROUGH
            active.update(name for name in node.outputs if name and (rounded or graph.types[name].is_float))
    return frozenset(active)


def _sum(scene: Scene, gradients: list[str]) -> str | None:
    """Append the sum of the gradients that reached one value; None if there is none."""
    total: str | None = None
    for gradient in gradients:
        total = gradient if total is None else scene.add(total, gradient)
    return total


def _apply(scene: Scene, node: Node, incoming: list[str | None]) -> list[str | None]:
    if node.op in SPLIT_RULES and not node.domain:
        return list(SPLIT_RULES[node.op](scene, node, incoming))
    rule = RULES.get(node.op)
    first = incoming[0]
    if rule is None or node.domain or first is None or any(incoming[1:]):
        raise ModelError(
            f"{node} has no gradient rule, so this network cannot be attacked by its ONNX graph; "
            "use the torch engine or a network without it"
        )
    return list(rule(scene, node, first))
