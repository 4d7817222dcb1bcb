"""The input gradient of a strided convolution from stride-1 convolutions.

Input pixel i = stride * q + r meets output o through kernel tap t with stride * o - pad + t = i. So t is congruent to
r + pad: each phase r sees its own taps, t = stride * m + (r + pad) mod stride, at o = q + (r + pad) // stride - m.
Every phase is a stride-1 convolution of the output's gradient; DepthToSpace interleaves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..ir import Array, Node
from .interleaving import Pair, interleave, interleave_channels
from .scene import Scene

#: With at most this many input channels all phases are one convolution whose kernels are padded with zeros to one
#: size: it wastes products (7/16 of them for a 3x3 kernel), but four thin convolutions cost more.
JOINED_CHANNELS = 16


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of the stride along one axis: ``taps[i]`` of the kernel meets output ``q + first + i``.

    Attributes
    ----------
    first : int
        Offset of the first output.
    taps : tuple of int
        Positions in the kernel.
    """

    first: int
    taps: tuple[int, ...]

    @property
    def last(self) -> int:
        """Offset of the last output."""
        return self.first + len(self.taps) - 1

    @classmethod
    def of(cls, kernel: int, stride: int, pad: int, remainder: int) -> Phase:
        """Return the phase of one remainder.

        Parameters
        ----------
        kernel : int
            Size of the kernel.
        stride : int
            The stride.
        pad : int
            Leading padding.
        remainder : int
            Input position modulo the stride.

        Returns
        -------
        Phase
            Its taps.
        """
        start, lead = (remainder + pad) % stride, (remainder + pad) // stride
        taps = tuple(range(start, kernel, stride))[::-1]
        return cls(lead - len(taps) + 1, taps)


def subpixel(scene: Scene, node: Node, gradient: str, weights: Array) -> str:
    """Append the input gradient of a strided convolution.

    Parameters
    ----------
    scene : Scene
        Receives the nodes.
    node : Node
        The convolution.
    gradient : str
        Gradient of its output.
    weights : ndarray, shape (in, out/group, kernel_y, kernel_x)
        See ``convolution.mirrored_weights``.

    Returns
    -------
    str
        Gradient of its input.
    """
    attributes = node.attributes
    stride: Pair = (attributes["strides"][0], attributes["strides"][1])
    phases = [
        [
            Phase.of(attributes["kernel_shape"][axis], stride[axis], attributes["pads"][axis], r)
            for r in range(stride[axis])
        ]
        for axis in (0, 1)
    ]
    height, width = scene.shape(node.inputs[0])[2:]
    size: Pair = (height, width)
    counts: Pair = (-(-height // stride[0]), -(-width // stride[1]))
    group = attributes["group"]
    if group == 1 and weights.shape[0] <= JOINED_CHANNELS:
        stacked, first = _joined(weights, phases)
        joined = _stride_one(scene, gradient, stacked, first, counts, group)
        return interleave_channels(scene, joined, stride, size)
    parts = {}
    for (y, row), (x, column) in product(enumerate(phases[0]), enumerate(phases[1])):
        if row.taps and column.taps:
            own = weights[:, :, row.taps][:, :, :, column.taps]
            parts[y, x] = _stride_one(scene, gradient, own, (row.first, column.first), counts, group)
    return interleave(scene, parts, stride, size)


def _joined(weights: Array, phases: list[list[Phase]]) -> tuple[Array, Pair]:
    """Return all phases as one kernel, (phases * in, out, window_y, window_x), and the window's first offset."""
    used = [[phase for phase in axis if phase.taps] for axis in phases]
    first = tuple(min(phase.first for phase in axis) for axis in used)
    window = [max(phase.last for phase in axis) - low + 1 for axis, low in zip(used, first, strict=True)]
    columns = len(phases[1])
    stacked = np.zeros((len(phases[0]) * columns, *weights.shape[:2], *window), weights.dtype)
    for (y, row), (x, column) in product(enumerate(phases[0]), enumerate(phases[1])):
        top, left = row.first - first[0], column.first - first[1]
        place = stacked[y * columns + x, :, :, top : top + len(row.taps), left : left + len(column.taps)]
        place[...] = weights[:, :, row.taps][:, :, :, column.taps]
    return stacked.reshape(-1, *stacked.shape[2:]), (first[0], first[1])


def _stride_one(scene: Scene, gradient: str, weights: Array, first: Pair, counts: Pair, group: int) -> str:
    """Append a convolution whose output q reads the gradient from q + first on, for q < counts."""
    sizes = scene.shape(gradient)[2:]
    kernel = weights.shape[2:]
    begin = [-low for low in first]
    end = [n - 1 + low + k - 1 - (size - 1) for n, low, k, size in zip(counts, first, kernel, sizes, strict=True)]
    if min(*begin, *end) < 0:
        gradient = scene.pad(gradient, [0, 0, *(min(b, 0) for b in begin)], [0, 0, *(min(e, 0) for e in end)])
    return scene.op(
        "Conv",
        gradient,
        scene.graph.constant(weights, "weight"),
        kernel_shape=list(kernel),
        strides=[1, 1],
        dilations=[1, 1],
        pads=[max(size, 0) for size in (*begin, *end)],
        group=group,
    )
