"""Softmax and its logarithm over one axis (as of opset 13)."""

from __future__ import annotations

from ..ir import Node
from .scene import Gradients, Scene


def softmax(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate y = softmax(x): g y - y sum(g y)."""
    y, axis = node.output, int(node.attributes.get("axis", -1))
    weighted = scene.mul(gradient, y)
    return [scene.sub(weighted, scene.mul(y, scene.sum(weighted, [axis])))]


def log_softmax(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate y = log softmax(x): g - exp(y) sum(g)."""
    axis = int(node.attributes.get("axis", -1))
    probabilities = scene.op("Exp", node.output)
    return [scene.sub(gradient, scene.mul(probabilities, scene.sum(gradient, [axis])))]
