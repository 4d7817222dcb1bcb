"""Sliding windows along the two spatial axes: geometry, and the adjoint of 'cut every window'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from ..ir import Node
from .interleaving import Pair, interleave, part_columns
from .scene import Scene


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a pool or convolution over two spatial axes; every field is (rows, columns).

    Attributes
    ----------
    kernel : (int, int)
        Size of a window.
    stride : (int, int)
        Distance between windows.
    dilation : (int, int)
        Distance between a window's elements.
    begin : (int, int)
        Leading padding.
    size : (int, int)
        Number of pixels.
    count : (int, int)
        Number of windows.
    """

    kernel: Pair
    stride: Pair
    dilation: Pair
    begin: Pair
    size: Pair
    count: Pair

    @classmethod
    def of(cls, node: Node, size: tuple[int, ...], count: tuple[int, ...]) -> Windows:
        """Return the windows of a node.

        Parameters
        ----------
        node : Node
            A pool, with its attributes written out (see :mod:`..geometry`).
        size : tuple of int
            Height and width of its input.
        count : tuple of int
            Height and width of its output.

        Returns
        -------
        Windows
            Its windows.
        """
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
        """Return the positions inside a window."""
        return list(product(range(self.kernel[0]), range(self.kernel[1])))

    def end(self) -> Pair:
        """Return the trailing padding with which every window lies inside."""
        high, wide = (
            s * (n - 1) + d * (k - 1) + 1 - p - h
            for s, n, d, k, p, h in zip(
                self.stride, self.count, self.dilation, self.kernel, self.begin, self.size, strict=True
            )
        )
        return max(high, 0), max(wide, 0)

    def place(self, axis: int, offset: int) -> Pair:
        """Return where an element of the windows lies: element ``offset`` of window q is pixel ``stride * (q + shift) + phase``.

        Parameters
        ----------
        axis : {0, 1}
            Rows or columns.
        offset : int
            Position inside the window.

        Returns
        -------
        (int, int)
            Phase and shift.
        """
        shift, phase = divmod(self.dilation[axis] * offset - self.begin[axis], self.stride[axis])
        return phase, shift


def cut_windows(scene: Scene, value: str, windows: Windows) -> dict[Pair, str]:
    """Cut, for each offset, the pixel at that offset out of every window.

    Parameters
    ----------
    scene : Scene
        Receives the nodes.
    value : str
        A value (n, c, *size).
    windows : Windows
        The windows.

    Returns
    -------
    dict of (int, int) to str
        Values (n, c, *count) by offset; zero on the border.
    """
    if scene.layout == "planar" and windows.stride[1] > 1:
        return _cut_parted(scene, value, windows)
    padded = scene.pad(value, [0, 0, *windows.begin], [0, 0, *windows.end()])
    cuts = {}
    for offset in windows.offsets():
        starts = [d * o for d, o in zip(windows.dilation, offset, strict=True)]
        stops = [a + s * (n - 1) + 1 for a, s, n in zip(starts, windows.stride, windows.count, strict=True)]
        cuts[offset] = scene.slice(padded, starts, stops, [2, 3], windows.stride)
    return cuts


def _cut_parted(scene: Scene, value: str, windows: Windows) -> dict[Pair, str]:
    """Cut the windows with the columns parted by their phase once, so that every cut copies runs of pixels."""
    count, channels = scene.shape(value)[:2]
    (step_y, step_x), begin, size = windows.stride, windows.begin, windows.size
    reach = [length + p + q for length, p, q in zip(size, begin, windows.end(), strict=True)]
    high, wide = (-(-length // step) for length, step in zip(reach, windows.stride, strict=True))
    after = [high * step_y - size[0] - begin[0], wide * step_x - size[1] - begin[1]]
    padded = scene.pad(value, [0, 0, *begin], [0, 0, *after])
    columns = [
        scene.reshape(part, [count, channels, high, step_y, wide]) for part in part_columns(scene, padded, step_x)
    ]
    cuts = {}
    for y, x in windows.offsets():
        shift_y, phase_y = divmod(windows.dilation[0] * y, step_y)
        shift_x, phase_x = divmod(windows.dilation[1] * x, step_x)
        stops = [shift_y + windows.count[0], phase_y + 1, shift_x + windows.count[1]]
        cut = scene.slice(columns[phase_x], [shift_y, phase_y, shift_x], stops, [2, 3, 4])
        cuts[y, x] = scene.reshape(cut, [count, channels, *windows.count])
    return cuts


def add_windows(scene: Scene, parts: Mapping[Pair, str], windows: Windows) -> str:
    """Add every part to the pixels that it was cut from: the adjoint of :func:`cut_windows`.

    Pixels fall into stride x stride phases; within a phase an element of a window is a whole shift of the part, so that no
    scatter is needed: pad, add, and interleave the phases.

    Parameters
    ----------
    scene : Scene
        Receives the nodes.
    parts : mapping of (int, int) to str
        Values (n, c, *count) by offset.
    windows : Windows
        The windows.

    Returns
    -------
    str
        A value (n, c, *size).
    """
    sizes = tuple(-(-size // step) for size, step in zip(windows.size, windows.stride, strict=True))
    phases: dict[Pair, str] = {}
    for offset, part in parts.items():
        (phase_y, shift_y), (phase_x, shift_x) = (windows.place(axis, offset[axis]) for axis in (0, 1))
        after = [size - n - shift for size, n, shift in zip(sizes, windows.count, (shift_y, shift_x), strict=True)]
        moved = scene.pad(part, [0, 0, shift_y, shift_x], [0, 0, *after])
        phase = phase_y, phase_x
        phases[phase] = scene.add(phases[phase], moved) if phase in phases else moved
    return interleave(scene, phases, windows.stride, windows.size)
