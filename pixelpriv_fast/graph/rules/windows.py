"""Sliding windows along the two spatial axes: geometry, and the adjoint of 'cut every window'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..emission import Emitter
from ..ir import Node

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Windows:
    """Kernel, stride, dilation and leading pad of each spatial axis, and the sizes before and after."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    begin: Pair
    size: Pair
    count: Pair

    @classmethod
    def of(cls, node: Node, size: tuple[int, ...], count: tuple[int, ...]) -> Windows:
        pads = node.attributes["pads"]
        return cls(
            tuple(node.attributes["kernel_shape"]),
            tuple(node.attributes["strides"]),
            tuple(node.attributes["dilations"]),
            (pads[0], pads[1]),
            (size[0], size[1]),
            (count[0], count[1]),
        )

    def offsets(self) -> list[Pair]:
        return list(product(range(self.kernel[0]), range(self.kernel[1])))

    def end(self) -> Pair:
        """Trailing pad with which every window lies inside."""
        high, wide = (
            s * (n - 1) + d * (k - 1) + 1 - p - h
            for s, n, d, k, p, h in zip(
                self.stride, self.count, self.dilation, self.kernel, self.begin, self.size, strict=True
            )
        )
        return max(high, 0), max(wide, 0)

    def place(self, axis: int, offset: int) -> Pair:
        """(phase, shift): window q's element ``offset`` is pixel ``stride * (q + shift) + phase``."""
        shift, phase = divmod(self.dilation[axis] * offset - self.begin[axis], self.stride[axis])
        return phase, shift


def cut_windows(emitter: Emitter, value: str, windows: Windows) -> dict[Pair, str]:
    """For each offset in the window, the pixel of every window at that offset, (n, c, *count); zero on the border."""
    padded = emitter.pad(value, [0, 0, *windows.begin], [0, 0, *windows.end()])
    cuts = {}
    for offset in windows.offsets():
        starts = [d * o for d, o in zip(windows.dilation, offset, strict=True)]
        stops = [a + s * (n - 1) + 1 for a, s, n in zip(starts, windows.stride, windows.count, strict=True)]
        cuts[offset] = emitter.slice(padded, starts, stops, [2, 3], windows.stride)
    return cuts


def add_windows(emitter: Emitter, parts: Mapping[Pair, str], windows: Windows) -> str:
    """The adjoint of :func:`cut_windows`: add every part to the pixels it was cut from, (n, c, *size).

    Pixels fall into stride x stride phases; within a phase a window element is a whole shift of the part, so no
    scatter is needed: pad, add, and interleave the phases.
    """
    sizes = tuple(-(-size // step) for size, step in zip(windows.size, windows.stride, strict=True))
    phases: dict[Pair, str] = {}
    for offset, part in parts.items():
        (phase_y, shift_y), (phase_x, shift_x) = (windows.place(axis, offset[axis]) for axis in (0, 1))
        after = [size - n - shift for size, n, shift in zip(sizes, windows.count, (shift_y, shift_x), strict=True)]
        moved = emitter.pad(part, [0, 0, shift_y, shift_x], [0, 0, *after])
        phase = phase_y, phase_x
        phases[phase] = emitter.add(phases[phase], moved) if phase in phases else moved
    return interleave(emitter, phases, windows.stride, windows.size)


def interleave(emitter: Emitter, phases: Mapping[Pair, str], stride: Pair, size: Pair) -> str:
    """Pixel (i, j) from phase (i mod stride, j mod stride); a missing phase is zero. Cut to ``size``."""
    shape = emitter.shape(next(iter(phases.values())))
    wanted = list(product(range(stride[0]), range(stride[1])))
    last = max(index for index, phase in enumerate(wanted) if phase in phases)
    model = next(iter(phases.values()))
    zeros = emitter.array(np.zeros(shape), model) if any(phase not in phases for phase in wanted[: last + 1]) else ""
    used = [phases.get(phase, zeros) for phase in wanted[: last + 1]]
    joined = emitter.op("Concat", *used, axis=1) if len(used) > 1 else used[0]
    joined = emitter.pad(joined, [0] * 4, [0, shape[1] * (len(wanted) - 1 - last), 0, 0])
    return interleave_channels(emitter, joined, stride, size)


def interleave_channels(emitter: Emitter, joined: str, stride: Pair, size: Pair) -> str:
    """Phases stacked on the channel axis, phase-major, to their pixels; cut to ``size``."""
    count, deep, height, width = emitter.shape(joined)
    if stride[0] == stride[1] and stride[0] > 1:
        joined = emitter.op("DepthToSpace", joined, blocksize=stride[0], mode="DCR")
    elif stride != (1, 1):
        channels = deep // (stride[0] * stride[1])
        split = emitter.reshape(joined, [count, stride[0], stride[1], channels, height, width])
        woven = emitter.transpose(split, [0, 3, 4, 1, 5, 2])
        joined = emitter.reshape(woven, [count, channels, height * stride[0], width * stride[1]])
    return emitter.slice(joined, [0, 0], list(size), [2, 3])
