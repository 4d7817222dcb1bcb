"""Activations.

Where the output decides the slope, the input need not be kept. The slope at a kink is that of the flat side, as in torch.
"""

from __future__ import annotations

import math

import numpy as np

from ..ir import Node
from .scene import Gradients, Scene


def relu(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Keep the gradient where the output is positive."""
    return [scene.kept_where(scene.op("Greater", node.output, scene.array(0.0, node.output)), gradient)]


def leaky_relu(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by 1 where the input is positive, else by the slope."""
    slope = float(node.attributes.get("alpha", 0.01))
    value = node.output if slope >= 0 else node.inputs[0]
    positive = scene.op("Greater", value, scene.array(0.0, value))
    return [scene.mul(gradient, scene.plus(scene.scaled(scene.mask(positive, gradient), 1 - slope), slope))]


def prelu(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by 1 where the input is positive, else by the constant slopes."""
    x, slope = node.inputs
    scene.refuse_active(node, 1)
    positive = scene.op("Greater", x, scene.array(0.0, x))
    return [scene.where(positive, gradient, scene.mul(gradient, slope)), None]


def clip(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Keep the gradient between the bounds, judged on the output; ReLU6 and its kin."""
    y = node.output
    scene.refuse_active(node, 1, 2)
    inside = [
        scene.op(comparison, y, node.input(index))
        for index, comparison in ((1, "Greater"), (2, "Less"))
        if node.input(index)
    ]
    if not inside:
        return [gradient]
    condition = scene.op("And", *inside) if len(inside) == 2 else inside[0]
    return [scene.kept_where(condition, gradient), None, None]


def sigmoid(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by y (1 - y)."""
    y = node.output
    return [scene.mul(gradient, scene.mul(y, scene.sub(scene.array(1.0, y), y)))]


def tanh(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by 1 - y^2."""
    y = node.output
    return [scene.mul(gradient, scene.sub(scene.array(1.0, y), scene.mul(y, y)))]


def hard_sigmoid(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by the slope where the output is between 0 and 1."""
    y = node.output
    slope = float(node.attributes.get("alpha", 0.2))
    rising = scene.op(
        "And",
        scene.op("Greater", y, scene.array(0.0, y)),
        scene.op("Less", y, scene.array(1.0, y)),
    )
    return [scene.kept_where(rising, scene.scaled(gradient, slope))]


def hard_swish(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate y = x * clip(x/6 + 1/2, 0, 1): slope 0 below -3, 1 above 3, else x/3 + 1/2."""
    x = node.inputs[0]
    short_of_one = scene.plus(scene.scaled(x, 1 / 3), -0.5)
    upper = scene.plus(scene.kept_where(scene.op("Less", x, scene.array(3.0, x)), short_of_one), 1.0)
    slope = scene.kept_where(scene.op("Greater", x, scene.array(-3.0, x)), upper)
    return [scene.mul(gradient, slope)]


def elu(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate alpha * (exp(x) - 1) for negative x, where the slope is y + alpha."""
    falling = scene.plus(node.output, float(node.attributes.get("alpha", 1.0)))
    return [_with_negative_slope(scene, node, gradient, falling)]


def celu(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate alpha * (exp(x / alpha) - 1) for negative x."""
    falling = scene.op("Exp", scene.scaled(node.inputs[0], 1 / float(node.attributes.get("alpha", 1.0))))
    return [_with_negative_slope(scene, node, gradient, falling)]


def selu(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate gamma * alpha * (exp(x) - 1) for negative x, where the slope is y + gamma alpha; gamma above."""
    alpha, gamma = (float(node.attributes.get(k, d)) for k, d in (("alpha", 1.6732632), ("gamma", 1.0507010)))
    falling = scene.scaled(scene.plus(node.output, alpha * gamma), 1 / gamma)
    return [_with_negative_slope(scene, node, scene.scaled(gradient, gamma), falling)]


def _with_negative_slope(scene: Scene, node: Node, gradient: str, falling: str) -> str:
    x = node.inputs[0]
    return scene.where(scene.op("Greater", x, scene.array(0.0, x)), gradient, scene.mul(gradient, falling))


def softplus(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by sigmoid(x)."""
    return [scene.mul(gradient, scene.op("Sigmoid", node.inputs[0]))]


def erf(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by 2 exp(-x^2) / sqrt(pi)."""
    x = node.inputs[0]
    bell = scene.op("Exp", scene.neg(scene.mul(x, x)))
    return [scene.mul(gradient, scene.scaled(bell, 2 / math.sqrt(math.pi)))]


def gelu(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by the slope of the exact GELU, or of its approximation by tanh."""
    x = node.inputs[0]
    slope = _gelu_tanh_slope if node.attributes.get("approximate", "none") == "tanh" else _gelu_slope
    return [scene.mul(gradient, slope(scene, x))]


def _gelu_slope(scene: Scene, x: str) -> str:
    """Append Phi(x) + x phi(x), with the normal distribution's Phi and density phi."""
    phi = scene.scaled(scene.op("Exp", scene.scaled(scene.mul(x, x), -0.5)), 1 / math.sqrt(2 * math.pi))
    cumulative = scene.plus(scene.scaled(scene.op("Erf", scene.scaled(x, math.sqrt(0.5))), 0.5), 0.5)
    return scene.add(cumulative, scene.mul(x, phi))


def _gelu_tanh_slope(scene: Scene, x: str) -> str:
    """Append the slope of y = x (1 + t) / 2 with t = tanh(c (x + k x^3))."""
    c, k = math.sqrt(2 / math.pi), 0.044715
    squared = scene.mul(x, x)
    inner = scene.mul(x, scene.plus(scene.scaled(squared, c * k), c))
    t = scene.op("Tanh", inner)
    inner_slope = scene.plus(scene.scaled(squared, 3 * c * k), c)
    bend = scene.mul(scene.sub(scene.array(1.0, t), scene.mul(t, t)), scene.mul(x, inner_slope))
    return scene.scaled(scene.add(scene.plus(t, 1.0), bend), float(np.float64(0.5)))
