"""Normalisation by the statistics of the input itself."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Node
from .scene import Gradients, Scene


def layer_normalization(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate through the statistics of the last axes."""
    scene.refuse_active(node, 1, 2)
    x = node.inputs[0]
    rank = len(scene.shape(x))
    first = int(node.attributes.get("axis", -1)) % rank
    scaled = scene.mul(gradient, node.inputs[1])
    return [_through_statistics(scene, node, scaled, range(first, rank)), None, None]


def instance_normalization(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate through the statistics of each channel."""
    scene.refuse_active(node, 1, 2)
    shape = scene.shape(node.inputs[0])
    scale = scene.reshape(node.inputs[1], [shape[1]] + [1] * (len(shape) - 2))
    return [_through_statistics(scene, node, scene.mul(gradient, scale), range(2, len(shape))), None, None]


def _through_statistics(scene: Scene, node: Node, gradient: str, axes: Sequence[int]) -> str:
    """Append the gradient of (x - mean) / sqrt(var + epsilon) over ``axes``.

    With z the normalised x and m the mean over the axes it is (g - m(g) - z m(g z)) / sqrt(var + epsilon).
    """
    x = node.inputs[0]
    centred = scene.sub(x, scene.mean(x, axes))
    variance = scene.mean(scene.mul(centred, centred), axes)
    deviation = scene.op("Sqrt", scene.plus(variance, float(node.attributes.get("epsilon", 1e-5))))
    normal = scene.div(centred, deviation)
    along = scene.mul(normal, scene.mean(scene.mul(gradient, normal), axes))
    free = scene.sub(scene.sub(gradient, scene.mean(gradient, axes)), along)
    return scene.div(free, deviation)
