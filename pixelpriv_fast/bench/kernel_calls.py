"""The kernels' examples on a scene: what a kernel's case times. The examples stand in ``kernels/examples.py``.

Each call of ``call`` makes its own arrays, so that twins which write in place do not share them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import kernels
from ..kernels.examples import example
from ..kernels.filters import axis_filter
from ..types import Floats, Pixels
from .scene import scene

_INPUT = 64  #: pixels along a side of the input that photos are resized to
_CANDIDATES = 4
_LINE = 64  #: bytes


def call(name: str, kernel: Callable[..., Any]) -> Callable[[], object]:
    """Return a call of ``kernel`` with the example's arguments of kernel ``name``.

    Parameters
    ----------
    name : str
        The kernel whose example is taken.
    kernel : callable
        The implementation to call.

    Returns
    -------
    callable
        The call, without arguments.

    Raises
    ------
    UsageError
        If the kernel has no example.
    """
    arguments = [_at_a_line(argument) for argument in timed(name)]
    return lambda: kernel(*arguments)


def timed(name: str, photo: Pixels | None = None) -> tuple[Any, ...]:
    """Return the arguments that a kernel is timed with.

    Parameters
    ----------
    name : str
        The kernel.
    photo : (H, W, 3) uint8, optional
        The photo that they are made of; by default a scene of the row's size.

    Returns
    -------
    tuple
        The example's arguments.
    """
    return example(name, _Scene(scene(*kernels.KERNELS[name].timed_at) if photo is None else photo))


def _at_a_line(argument: Any) -> Any:
    """Return the argument; an array is copied to the beginning of a cache line.

    Otherwise chance would decide in each process how many of a kernel's loads touch two lines: up to a fifth of the time of
    one that only reads.
    """
    if not isinstance(argument, np.ndarray):
        return argument
    room = np.empty(argument.nbytes + _LINE, np.uint8)
    start = -room.ctypes.data % _LINE
    array = room[start : start + argument.nbytes].view(argument.dtype).reshape(argument.shape)
    array[...] = argument
    return array


class _Scene:
    """The bench's ``kernels.examples.Inputs``, made of one photo.

    Parameters
    ----------
    photo : (H, W, 3) uint8
        The photo.
    """

    rtol, units, rounds = 1e-2, 1, 1
    move = (1, 1, 8)
    extra = planes = None

    def __init__(self, photo: Pixels) -> None:
        self.photo = photo

    @property
    def other(self) -> Pixels:
        height, width = self.photo.shape[:2]
        return scene(height, width, 1)

    @property
    def luminance(self) -> Floats:
        return kernels.half_luminance(self.photo)

    @property
    def weights(self) -> tuple[Floats, Floats]:
        return kernels.texture_weights(self.luminance, 5, 1e-3)

    @property
    def illumination(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return kernels.solve_illumination(self.luminance, *self.weights, 0.5, 1e-4)[0]

    @property
    def samples(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return kernels.exposure_samples(self.photo, self.illumination, 0.5)

    @property
    def channels(self) -> tuple[np.ndarray[Any, np.dtype[np.int32]], Floats, Floats]:
        return np.arange(3, dtype=np.int32), np.full(3, 0.02, np.float32), np.full(3, -1.0, np.float32)

    @property
    def resampler(self) -> kernels.Resampler:
        return self._resampler((_INPUT, _INPUT))

    @property
    def crop(self) -> kernels.Resampler:
        return self._resampler(self.photo.shape[:2])

    def _resampler(self, shape: tuple[int, ...]) -> kernels.Resampler:
        rows, columns = (
            axis_filter(full, to, 0, to, "bilinear") for full, to in zip(self.photo.shape[:2], shape, strict=True)
        )
        return kernels.Resampler(rows, columns, *self.channels)

    @property
    def batch(self) -> Floats:
        return np.zeros((_CANDIDATES, 3, *self.photo.shape[:2]), np.float32)

    @property
    def motions(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        limits = (20.0, 0.2 * _INPUT, 0.2 * _INPUT)
        return np.random.default_rng(3).uniform(-1, 1, (_CANDIDATES, 3)) * limits

    @property
    def offsets(self) -> np.ndarray[Any, np.dtype[np.int8]]:
        offsets, photo = np.random.default_rng(2).integers(-8, 9, self.photo.shape), self.photo.astype(int)
        return offsets.clip(-photo, 255 - photo).astype(np.int8)

    @property
    def gradient(self) -> Floats:
        return np.random.default_rng(1).standard_normal((3, _INPUT, _INPUT)).astype(np.float32)

    @property
    def total(self) -> Floats:
        return np.zeros(self.photo.shape, np.float32)

    @property
    def wanted(self) -> Floats:
        return 40 * np.ascontiguousarray(self.gradient.transpose(1, 2, 0)).clip(-0.1, 0.1)

    @property
    def tone(self) -> Floats:
        """An even tone table."""
        return np.linspace(0, 255, 255 * 16 + 1).astype(np.float32)
