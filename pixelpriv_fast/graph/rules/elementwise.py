"""Arithmetic with broadcasting: each output element depends on one element of every input."""

from __future__ import annotations

import numpy as np
from onnx import helper

from ..ir import Node
from .scene import Gradients, Scene


def flat(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Give no gradient: steps (Floor, Round, Sign) are flat wherever they have a slope."""
    return [None]


def identity(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Hand the gradient on."""
    return [gradient]


def cast(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Cast back to the element type before the cast; a cast to integers has no gradient and never gets here."""
    return [scene.op("Cast", gradient, to=helper.np_dtype_to_tensor_dtype(scene.graph.dtype(node.inputs[0])))]


def add(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Hand the gradient to every summand."""
    return [
        scene.unbroadcast(gradient, scene.shape(name)) if scene.wants(node, index) else None
        for index, name in enumerate(node.inputs)
    ]


def sub(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Hand the gradient to the left, its negative to the right."""
    left, right = add(scene, node, gradient)
    return [left, scene.neg(right) if right else None]


def mul(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by the other factor."""
    a, b = node.inputs
    return [
        scene.unbroadcast(scene.mul(gradient, other), scene.shape(own)) if scene.wants(node, index) else None
        for index, (own, other) in enumerate([(a, b), (b, a)])
    ]


def div(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Divide by the divisor; for the divisor multiply by -y / b."""
    a, b = node.inputs
    share = scene.div(gradient, b)
    left = scene.unbroadcast(share, scene.shape(a)) if scene.wants(node, 0) else None
    right = None
    if scene.wants(node, 1):  # d(a/b)/db = -(a/b)/b
        right = scene.neg(scene.unbroadcast(scene.mul(share, node.output), scene.shape(b)))
    return [left, right]


def neg(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Negate the gradient."""
    return [scene.neg(gradient)]


def absolute(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by the input's sign."""
    return [scene.mul(gradient, scene.op("Sign", node.inputs[0]))]


def reciprocal(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by -y^2."""
    squared = scene.mul(node.output, node.output)
    return [scene.neg(scene.mul(gradient, squared))]


def sqrt(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Divide by 2 y."""
    return [scene.div(scene.scaled(gradient, 0.5), node.output)]


def exp(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by y."""
    return [scene.mul(gradient, node.output)]


def log(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Divide by x."""
    return [scene.div(gradient, node.inputs[0])]


def sine(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by cos x."""
    return [scene.mul(gradient, scene.op("Cos", node.inputs[0]))]


def cosine(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Multiply by -sin x."""
    return [scene.neg(scene.mul(gradient, scene.op("Sin", node.inputs[0])))]


def power(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate x ** p with a constant p; a square, the common case, needs no Pow."""
    scene.refuse_active(node, 1)
    x = node.inputs[0]
    exponent = scene.graph.required_constant(node, 1).astype(np.float64)
    scale = scene.mul(gradient, scene.array(exponent, x))
    slope = x if np.all(exponent == 2) else scene.op("Pow", x, scene.array(exponent - 1, x))
    return [scene.unbroadcast(scene.mul(scale, slope), scene.shape(x)), None]


def where(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Hand the gradient to the input that was chosen."""
    condition, a, b = node.inputs
    left = scene.kept_where(condition, gradient) if scene.wants(node, 1) else None
    right = scene.kept_where(scene.op("Not", condition), gradient) if scene.wants(node, 2) else None
    return [
        None,
        scene.unbroadcast(left, scene.shape(a)) if left else None,
        scene.unbroadcast(right, scene.shape(b)) if right else None,
    ]


def extremum(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Hand the gradient of Max and Min to every input that is the extreme one."""
    return [
        scene.unbroadcast(scene.kept_where(scene.op("Equal", name, node.output), gradient), scene.shape(name))
        if scene.wants(node, index)
        else None
        for index, name in enumerate(node.inputs)
    ]
