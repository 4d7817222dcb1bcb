"""Operators that move elements without computing."""

from __future__ import annotations

import numpy as np

from ...errors import ModelError
from ..ir import Node
from .scene import Gradients, Scene


def reshape(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Reshape back, after Reshape, Flatten, Squeeze and Unsqueeze."""
    return [scene.reshape(gradient, scene.shape(node.inputs[0]))]


def transpose(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Transpose back."""
    rank = len(scene.shape(gradient))
    perm = node.attributes.get("perm", range(rank)[::-1])
    return [scene.transpose(gradient, [int(axis) for axis in np.argsort(perm)])]


def expand(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Sum over the axes that were broadcast."""
    return [scene.unbroadcast(gradient, scene.shape(node.inputs[0])), None]


def tile(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Sum over the repeats."""
    shape = scene.shape(node.inputs[0])
    repeats = [int(times) for times in scene.graph.required_constant(node, 1)]
    split = [size for pair in zip(repeats, shape, strict=True) for size in pair]
    return [scene.sum(scene.reshape(gradient, split), range(0, 2 * len(shape), 2), keepdims=False), None]


def concat(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Cut the gradient into the parts."""
    axis = int(node.attributes["axis"]) % len(scene.shape(gradient))
    parts: list[str | None] = []
    start = 0
    for index, name in enumerate(node.inputs):
        stop = start + scene.shape(name)[axis]
        parts.append(scene.slice(gradient, [start], [stop], [axis]) if scene.wants(node, index) else None)
        start = stop
    return parts


def split(scene: Scene, node: Node, gradients: Gradients) -> Gradients:
    """Concatenate the parts' gradients, zeros for a part that has none."""
    parts = [
        gradient or scene.array(np.zeros(scene.shape(output)), output)
        for gradient, output in zip(gradients, node.outputs, strict=True)
    ]
    return [scene.op("Concat", *parts, axis=int(node.attributes.get("axis", 0)))]


def slice_(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Pad a plain cut with zeros; undo a stepped one by :func:`_spread`."""
    shape = scene.shape(node.inputs[0])
    starts, stops = (scene.graph.required_constant(node, index).ravel() for index in (1, 2))
    rank = len(shape)
    axes = scene.graph.required_constant(node, 3).ravel() if node.input(3) else np.arange(len(starts))
    steps = scene.graph.required_constant(node, 4).ravel() if node.input(4) else np.ones(len(starts), np.int64)
    before, after = [0] * rank, [0] * rank
    for start, stop, axis, step in zip(starts, stops, axes, steps, strict=True):
        axis = int(axis) % rank
        kept = np.arange(shape[axis])[int(start) : int(stop) : int(step)]
        if step != 1:
            gradient = _spread(scene, gradient, axis, kept, shape[axis])
        else:
            before[axis], after[axis] = int(kept[0]), shape[axis] - 1 - int(kept[-1])
    return [scene.pad(gradient, before, after), None, None, None, None]


def gather(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate a Gather by constant indices along one axis."""
    x = node.inputs[0]
    shape = scene.shape(x)
    axis = int(node.attributes.get("axis", 0)) % len(shape)
    indices = scene.graph.required_constant(node, 1).astype(np.int64)
    kept = indices.ravel() % shape[axis]
    flat = scene.reshape(gradient, [*shape[:axis], kept.size, *shape[axis + 1 :]])
    return [_spread(scene, flat, axis, kept, shape[axis]), None]


def _spread(
    scene: Scene, gradient: str, axis: int, kept: np.ndarray[tuple[int, ...], np.dtype[np.int64]], size: int
) -> str:
    """Put element j of ``axis`` at place ``kept[j]`` of an axis of ``size``, zeros elsewhere, sums where places repeat.

    Without ScatterND, which few providers run fast: a contiguous run is a Pad; distinct places are a Gather from the
    gradient with one zero appended; repeated places are a product with a 0/1 matrix.
    """
    rank = len(scene.shape(gradient))
    if kept.size == 0:
        raise ModelError("an empty slice of a value that depends on the photos has no use; simplify the network")
    if np.array_equal(kept, np.arange(kept[0], kept[0] + kept.size)):
        before, after = [0] * rank, [0] * rank
        before[axis], after[axis] = int(kept[0]), int(size - kept.size - kept[0])
        return scene.pad(gradient, before, after)
    if np.unique(kept).size == kept.size:
        source = np.full(size, kept.size, np.int64)
        source[kept] = np.arange(kept.size)
        after = [0] * rank
        after[axis] = 1
        padded = scene.pad(gradient, [0] * rank, after) if kept.size < size else gradient
        return scene.op("Gather", padded, scene.ints(*source), axis=axis)
    matrix = np.zeros((kept.size, size))
    matrix[np.arange(kept.size), kept] = 1
    return along_axis(scene, gradient, axis, matrix)


def along_axis(scene: Scene, value: str, axis: int, matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    """Multiply the vectors along one axis by a matrix.

    Parameters
    ----------
    scene : Scene
        Receives the nodes.
    value : str
        The value.
    axis : int
        The axis.
    matrix : ndarray of float64, shape (from, to)
        The matrix.

    Returns
    -------
    str
        The value with ``to`` elements along the axis.
    """
    rank = len(scene.shape(value))
    last = [*(index for index in range(rank) if index != axis), axis]
    moved = scene.op("MatMul", scene.transpose(value, last), scene.array(matrix, value))
    return scene.transpose(moved, [int(index) for index in np.argsort(last)])


def pad(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Cut constant padding off; reflect, edge and wrap give the border back to where it came from."""
    shape = scene.shape(node.inputs[0])
    rank = len(shape)
    pads = [int(size) for size in scene.graph.required_constant(node, 1).ravel()]
    axes = [int(a) % rank for a in scene.graph.required_constant(node, 3).ravel()] if node.input(3) else range(rank)
    before, after = [0] * rank, [0] * rank
    for position, axis in enumerate(axes):
        before[axis], after[axis] = pads[position], pads[len(axes) + position]
    mode = node.attributes.get("mode", "constant")
    if mode == "constant":
        return [scene.pad(gradient, [-size for size in before], [-size for size in after]), None, None, None]
    for axis in range(rank):
        if before[axis] or after[axis]:
            places = np.pad(np.arange(shape[axis]), (before[axis], after[axis]), mode=mode)
            gradient = _spread(scene, gradient, axis, places, shape[axis])
    return [gradient, None, None, None]


def depth_to_space(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Apply SpaceToDepth, which orders channels as DCR does; CRD needs them permuted."""
    block = int(node.attributes["blocksize"])
    packed = scene.op("SpaceToDepth", gradient, blocksize=block)
    if node.attributes.get("mode", "DCR") == "DCR":
        return [packed]
    count, deep, height, width = scene.shape(packed)
    channels = deep // block**2
    grouped = scene.reshape(packed, [count, block**2, channels, height, width])
    return [scene.reshape(scene.transpose(grouped, [0, 2, 1, 3, 4]), [count, deep, height, width])]


def space_to_depth(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Apply DepthToSpace."""
    return [scene.op("DepthToSpace", gradient, blocksize=int(node.attributes["blocksize"]), mode="DCR")]
