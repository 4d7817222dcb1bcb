"""Reductions over axes, which are an optional input as of opset 18."""

from __future__ import annotations

import math

from ..ir import Node
from .scene import Gradients, Scene


def _axes(scene: Scene, node: Node) -> list[int]:
    rank = len(scene.shape(node.inputs[0]))
    if node.op.startswith("Global"):
        return list(range(2, rank))
    if not node.input(1):
        return [] if node.attributes.get("noop_with_empty_axes", 0) else list(range(rank))
    axes = scene.graph.required_constant(node, 1)
    return [int(axis) % rank for axis in axes.ravel()] or _axes_when_empty(node, rank)


def _axes_when_empty(node: Node, rank: int) -> list[int]:
    return [] if node.attributes.get("noop_with_empty_axes", 0) else list(range(rank))


def _with_axes(scene: Scene, value: str, x: str, axes: list[int]) -> str:
    """Append ``value`` with the reduced axes of ``x`` kept as size 1."""
    return scene.reshape(value, [1 if axis in axes else size for axis, size in enumerate(scene.shape(x))])


def reduce_sum(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Hand the gradient to every summand."""
    x = node.inputs[0]
    return [scene.expand(_with_axes(scene, gradient, x, _axes(scene, node)), scene.shape(x))]


def reduce_mean(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Share the gradient among the elements."""
    x = node.inputs[0]
    axes = _axes(scene, node)
    share = scene.scaled(gradient, 1 / math.prod(scene.shape(x)[axis] for axis in axes))
    return [scene.expand(_with_axes(scene, share, x, axes), scene.shape(x))]


def reduce_max(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Hand the gradient of ReduceMax, ReduceMin and GlobalMaxPool to every element that is the extreme one."""
    x = node.inputs[0]
    axes = _axes(scene, node)
    chosen = scene.op("Equal", x, _with_axes(scene, node.output, x, axes))
    return [scene.kept_where(chosen, _with_axes(scene, gradient, x, axes))]
