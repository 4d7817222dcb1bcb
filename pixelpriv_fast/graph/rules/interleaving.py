"""Pixels from and to the phases of a stride, in the form that suits the provider's memory layout."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np

from ..ir import Node
from .scene import Scene

Pair = tuple[int, int]


def interleave(scene: Scene, phases: Mapping[Pair, str], stride: Pair, size: Pair) -> str:
    """Take pixel (i, j) from phase (i mod stride, j mod stride), and cut the result.

    Parameters
    ----------
    scene : Scene
        Receives the nodes.
    phases : mapping of (int, int) to str
        Values (n, c, h, w) by phase; a missing one is zero.
    stride : (int, int)
        Number of phases along rows and columns.
    size : (int, int)
        Height and width of the result.

    Returns
    -------
    str
        The interleaved value, (n, c, *size).
    """
    if stride == (1, 1):
        interleaved = phases[0, 0]
    elif set(phases) == {(0, 0)}:
        interleaved = _spread_out(scene, phases[0, 0], stride)
    elif scene.layout == "planar" or stride[0] != stride[1]:
        interleaved = _by_columns_and_rows(scene, phases, stride)
    else:
        stacked = scene.op("Concat", *_complete(scene, phases, stride), axis=1)
        interleaved = scene.op("DepthToSpace", stacked, blocksize=stride[0], mode="DCR")
    return scene.slice(interleaved, [0, 0], list(size), [2, 3])


def interleave_channels(scene: Scene, stacked: str, stride: Pair, size: Pair) -> str:
    """Interleave phases that are stacked on the channel axis of one value, phase-major.

    Parameters
    ----------
    scene : Scene
        Receives the nodes.
    stacked : str
        A value (n, phases * c, h, w).
    stride : (int, int)
        Number of phases along rows and columns.
    size : (int, int)
        Height and width of the result.

    Returns
    -------
    str
        The interleaved value, (n, c, *size).
    """
    if scene.layout != "planar" and stride[0] == stride[1]:
        interleaved = scene.op("DepthToSpace", stacked, blocksize=stride[0], mode="DCR")
        return scene.slice(interleaved, [0, 0], list(size), [2, 3])
    channels = scene.shape(stacked)[1] // (stride[0] * stride[1])
    phases = {
        phase: scene.slice(stacked, [index * channels], [(index + 1) * channels], [1])
        for index, phase in enumerate(product(range(stride[0]), range(stride[1])))
    }
    return interleave(scene, phases, stride, size)


def part_columns(scene: Scene, value: str, step: int) -> list[str]:
    """Part the columns of a value by their position modulo ``step``.

    Parameters
    ----------
    scene : Scene
        Receives the node.
    value : str
        A value (n, c, h, step * w).
    step : int
        Number of parts.

    Returns
    -------
    list of str
        The parts, (n, c, h, w, 1) each.
    """
    count, channels, height, width = scene.shape(value)
    paired = scene.reshape(value, [count, channels, height, width // step, step])
    parts = [scene.graph.fresh("columns") + f"_{index}" for index in range(step)]
    name = scene.graph.fresh("Split")
    scene.graph.append(Node("Split", name, [paired], parts, {"axis": 4, "num_outputs": step}))
    return parts


def _complete(scene: Scene, phases: Mapping[Pair, str], stride: Pair) -> list[str]:
    some = next(iter(phases.values()))
    wanted = list(product(range(stride[0]), range(stride[1])))
    missing = any(phase not in phases for phase in wanted)
    zeros = scene.array(np.zeros(scene.shape(some)), some) if missing else ""
    return [phases.get(phase, zeros) for phase in wanted]


def _by_columns_and_rows(scene: Scene, phases: Mapping[Pair, str], stride: Pair) -> str:
    """Interleave columns, then whole rows: faster than DepthToSpace in ONNX Runtime's CPU kernels."""
    complete = _complete(scene, phases, stride)
    count, channels, height, width = scene.shape(complete[0])
    rows = []
    for y in range(stride[0]):
        row = complete[y * stride[1] : (y + 1) * stride[1]]
        columns = [scene.reshape(phase, [count, channels, height, width, 1]) for phase in row]
        interleaved = scene.op("Concat", *columns, axis=4) if stride[1] > 1 else columns[0]
        rows.append(scene.reshape(interleaved, [count, channels, height, 1, width * stride[1]]))
    joined = scene.op("Concat", *rows, axis=3) if stride[0] > 1 else rows[0]
    return scene.reshape(joined, [count, channels, height * stride[0], width * stride[1]])


def _spread_out(scene: Scene, value: str, stride: Pair) -> str:
    """Put zeros between the pixels: the one phase that a pointwise strided convolution reads."""
    count, channels, height, width = scene.shape(value)
    whole = [count, channels, height * stride[0], width * stride[1]]
    if scene.layout != "planar" and stride[0] == stride[1]:
        extra = channels * (stride[0] ** 2 - 1)
        stacked = scene.pad(value, [0, 0, 0, 0], [0, extra, 0, 0])
        return scene.op("DepthToSpace", stacked, blocksize=stride[0], mode="DCR")
    apart = scene.reshape(value, [count, channels, height, 1, width, 1])
    padded = scene.pad(apart, [0] * 6, [0, 0, 0, stride[0] - 1, 0, stride[1] - 1])
    return scene.reshape(padded, whole)
