"""Rounding to 8 bits inside a network (QDQ form): the straight-through estimator, Bengio et al. 2013, section 4.

The true slope of a rounded value is zero almost everywhere. What is differentiated is the line that the steps lie on: the
gradient passes where the value is inside the range of the integers, and stops where it is cut off.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..ir import Node
from .scene import Gradients, Scene


def quantize_linear(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Divide by the scale where the value is inside the integers' range."""
    scene.refuse_active(node, 1, 2)
    x = node.inputs[0]
    scale, zero = _parameters(scene, node, len(scene.shape(x)))
    limits = np.iinfo(scene.graph.dtype(node.output))
    low, high = (scene.array((limit - zero) * scale, x) for limit in (limits.min, limits.max))
    inside = scene.op("And", scene.op("GreaterOrEqual", x, low), scene.op("LessOrEqual", x, high))
    return [scene.kept_where(inside, scene.div(gradient, scene.array(scale, x))), None, None][: len(node.inputs)]


def dequantize_linear(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by the scale."""
    scene.refuse_active(node, 1, 2)
    scale, _ = _parameters(scene, node, len(scene.shape(node.inputs[0])))
    return [scene.mul(gradient, scene.array(scale, gradient)), None, None][: len(node.inputs)]


def _parameters(scene: Scene, node: Node, rank: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return scale and zero point in the shape that broadcasts with the value: one number, or one along an axis."""
    scale = scene.graph.required_constant(node, 1).astype(np.float64)
    zero = np.zeros(1)
    if node.input(2):
        zero = scene.graph.required_constant(node, 2).astype(np.float64)
    if scale.size == 1:
        return scale.reshape(()), zero.reshape(-1)[0]
    shape = [1] * rank
    shape[int(node.attributes.get("axis", 1))] = -1
    return scale.reshape(shape), np.broadcast_to(zero.reshape(-1), scale.shape).reshape(shape)
