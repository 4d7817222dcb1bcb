"""Pooling over two spatial axes, without pool indices (which TensorRT refuses)."""

from __future__ import annotations

import math

import numpy as np

from ...errors import ModelError
from ..ir import Node
from .interleaving import Pair
from .scene import Gradients, Scene
from .windows import Windows, add_windows, cut_windows


def max_pool(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Hand the gradient to the first element of each window that equals its maximum, as torch does.

    Every offset takes what the offsets before it have left. Ties are common: a pool over an overlapping pool sees the
    same maximum several times.
    """
    windows = _windows(scene, node)
    left = gradient
    parts: dict[Pair, str] = {}
    for offset, cut in cut_windows(scene, node.inputs[0], windows).items():
        parts[offset] = scene.kept_where(scene.op("Equal", cut, node.output), left)
        left = scene.sub(left, parts[offset])
    return [add_windows(scene, parts, windows)]


def average_pool(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Share the gradient among the pixels of each window."""
    windows = _windows(scene, node)
    share = scene.mul(gradient, scene.array(1 / _counts(node, windows), gradient))
    return [add_windows(scene, dict.fromkeys(windows.offsets(), share), windows)]


def global_average_pool(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Share the gradient among all pixels."""
    shape = scene.shape(node.inputs[0])
    return [scene.expand(scene.scaled(gradient, 1 / math.prod(shape[2:])), shape)]


def _windows(scene: Scene, node: Node) -> Windows:
    size, count = scene.shape(node.inputs[0])[2:], scene.shape(node.output)[2:]
    if len(size) != 2:
        raise ModelError(f"{node}: pooling over {len(size)} spatial axes has no gradient rule, only over 2")
    return Windows.of(node, size, count)


def _counts(node: Node, windows: Windows) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the number of pixels that each window averages over, (height, width).

    The padding counts only if the node says so, and what lies beyond the declared padding (ceil_mode) never does.
    """
    per_axis = []
    pads = node.attributes["pads"]
    padded = bool(node.attributes.get("count_include_pad", 0))
    for axis in (0, 1):
        start = np.arange(windows.count[axis]) * windows.stride[axis] - windows.begin[axis]
        taps = start[:, None] + windows.dilation[axis] * np.arange(windows.kernel[axis])
        low = -windows.begin[axis] if padded else 0
        high = windows.size[axis] + (pads[2 + axis] if padded else 0)
        per_axis.append(((taps >= low) & (taps < high)).sum(axis=1))
    return np.outer(per_axis[0], per_axis[1]).astype(np.float64)
