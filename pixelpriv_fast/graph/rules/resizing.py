"""Resize (nearest and linear): a fixed linear map along each axis, so its gradient is the transposed map."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ..ir import Node
from .scene import Gradients, Scene
from .shapes import along_axis

Floats = npt.NDArray[np.float64]


def resize(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Apply the transposed map along each axis. Raises ``ModelError`` for cubic, antialiased and cropping resizes."""
    before, after = scene.shape(node.inputs[0]), scene.shape(node.output)
    scales = _scales(scene, node, before, after)
    for axis, (size, resized) in enumerate(zip(before, after, strict=True)):
        if size != resized or scales[axis] != 1.0:
            gradient = along_axis(scene, gradient, axis, axis_map(node, size, resized, scales[axis]))
    return [gradient, None, None, None]


def _scales(scene: Scene, node: Node, before: tuple[int, ...], after: tuple[int, ...]) -> list[float]:
    """Return the scale of each axis: as given, else the ratio of the sizes."""
    given = scene.graph.constant_of(node.input(2)) if node.input(2) else None
    axes = [int(axis) % len(before) for axis in node.attributes.get("axes", range(len(before)))]
    scales = [new / old for new, old in zip(after, before, strict=True)]
    if given is not None and given.size:
        for axis, scale in zip(axes, given.ravel(), strict=True):
            scales[axis] = float(scale)
    return scales


def axis_map(node: Node, size: int, resized: int, scale: float) -> Floats:
    """Return the weights of one axis.

    Parameters
    ----------
    node : Node
        The Resize.
    size : int
        Number of pixels before.
    resized : int
        Number of pixels after.
    scale : float
        Pixels after by pixels before, as the node gives it.

    Returns
    -------
    ndarray of float64, shape (resized, size)
        Row i holds the weights of new pixel i.

    Raises
    ------
    ModelError
        For cubic and antialiased resizes.
    """
    mode = node.attributes.get("mode", "nearest")
    if mode not in ("nearest", "linear") or node.attributes.get("antialias", 0):
        raise ModelError(f"{node}: no gradient rule for mode {mode!r} with antialias or cubic weights")
    places = _coordinates(node, size, resized, scale)
    matrix = np.zeros((resized, size))
    rows = np.arange(resized)
    if mode == "nearest":
        matrix[rows, np.clip(_nearest(node, places), 0, size - 1)] = 1.0
        return matrix
    low = np.floor(places)
    share = places - low
    np.add.at(matrix, (rows, np.clip(low, 0, size - 1).astype(np.int64)), 1 - share)
    np.add.at(matrix, (rows, np.clip(low + 1, 0, size - 1).astype(np.int64)), share)
    return matrix


def _coordinates(node: Node, size: int, resized: int, scale: float) -> Floats:
    """Return the position of each new pixel on the old axis (ONNX Resize, coordinate_transformation_mode)."""
    x = np.arange(resized, dtype=np.float64)
    mode = node.attributes.get("coordinate_transformation_mode", "half_pixel")
    if mode == "asymmetric":
        return x / scale
    if mode == "align_corners":
        return x * (size - 1) / (resized - 1) if resized > 1 else x * 0
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and resized > 1):
        return (x + 0.5) / scale - 0.5
    if mode == "pytorch_half_pixel":
        return x * 0
    if mode == "half_pixel_symmetric":
        adjustment = resized / (scale * size)
        return size / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
    raise ModelError(f"{node}: no gradient rule for coordinate_transformation_mode {mode!r}")


def _nearest(node: Node, places: Floats) -> npt.NDArray[np.int64]:
    mode = node.attributes.get("nearest_mode", "round_prefer_floor")
    if mode == "round_prefer_floor":
        rounded = np.ceil(places - 0.5)
    elif mode == "round_prefer_ceil":
        rounded = np.floor(places + 0.5)
    else:
        rounded = np.floor(places) if mode == "floor" else np.ceil(places)
    return rounded.astype(np.int64)
