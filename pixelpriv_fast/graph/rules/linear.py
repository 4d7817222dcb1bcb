"""Matrix products."""

from __future__ import annotations

from ...errors import ModelError
from ..ir import Node
from .scene import Gradients, Scene


def gemm(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate alpha A' B' + beta C, where A' and B' may be transposed."""
    a, b = node.inputs[:2]
    over_a, over_b = int(node.attributes.get("transA", 0)), int(node.attributes.get("transB", 0))
    scaled = scene.scaled(gradient, float(node.attributes.get("alpha", 1.0)))
    left = right = None
    if scene.wants(node, 0):
        left = _gemm(scene, b, scaled, over_b, 1) if over_a else _gemm(scene, scaled, b, 0, 1 - over_b)
    if scene.wants(node, 1):
        right = _gemm(scene, scaled, a, 1, over_a) if over_b else _gemm(scene, a, scaled, 1 - over_a, 0)
    bias = None
    if scene.wants(node, 2):
        bias = scene.unbroadcast(
            scene.scaled(gradient, float(node.attributes.get("beta", 1.0))), scene.shape(node.inputs[2])
        )
    return [left, right, bias]


def _gemm(scene: Scene, a: str, b: str, over_a: int, over_b: int) -> str:
    return scene.op("Gemm", a, b, transA=over_a, transB=over_b)


def matmul(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by the transposed other factor."""
    a, b = node.inputs
    if min(len(scene.shape(a)), len(scene.shape(b))) < 2:
        raise ModelError(f"{node}: no gradient rule for a vector operand; reshape it to a matrix")
    left = right = None
    if scene.wants(node, 0):
        left = scene.unbroadcast(scene.op("MatMul", gradient, _swapped(scene, b)), scene.shape(a))
    if scene.wants(node, 1):
        right = scene.unbroadcast(scene.op("MatMul", _swapped(scene, a), gradient), scene.shape(b))
    return [left, right]


def _swapped(scene: Scene, value: str) -> str:
    rank = len(scene.shape(value))
    return scene.transpose(value, [*range(rank - 2), rank - 1, rank - 2])
