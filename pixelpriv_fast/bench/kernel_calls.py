"""The example calls that the kernels' cases time. Every row of ``KERNELS`` has one.

Each call of ``call`` makes its own arrays, so that twins which write in place do not share them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from .. import kernels
from ..errors import UsageError
from ..kernels.filters import axis_filter
from .scene import scene

#: A photo and the input that it is resized to: small, so that a numpy twin takes milliseconds, not seconds.
_HEIGHT, _WIDTH, _INPUT = 90, 120, 64
_CANDIDATES = 4
_BYTES = 3000
_LINE = 64  #: bytes
#: A photo for the kernels whose twins multiply matrices: so small that BLAS keeps to one thread, which can be timed.
_DIM_HEIGHT, _DIM_WIDTH = 64, 80


def call(name: str, kernel: Callable[..., Any]) -> Callable[[], object]:
    """Make a call of a kernel with its example arguments.

    Parameters
    ----------
    name : str
        A row of ``KERNELS``.
    kernel : callable
        The implementation to call.

    Returns
    -------
    callable
        The call that is timed.

    Raises
    ------
    UsageError
        If the kernel has no example.
    """
    if name not in EXAMPLES:
        raise UsageError(f"kernel {name!r} has no example call; add one to bench/kernel_calls.py")
    arguments = [_at_a_line(argument) for argument in EXAMPLES[name]()]
    return lambda: kernel(*arguments)


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


def _photo() -> Any:
    return scene(_HEIGHT, _WIDTH)


def _dim() -> Any:
    return scene(_DIM_HEIGHT, _DIM_WIDTH)


def _luminance() -> Any:
    return kernels.half_luminance(_dim())


def _illumination() -> Any:
    weights = kernels.texture_weights(_luminance(), 5, 1e-3)
    return kernels.solve_illumination(_luminance(), *weights, 0.5, 1e-4)[0]


def _samples() -> Any:
    return kernels.exposure_samples(_dim(), _illumination(), 0.5)


def _response() -> Any:
    return np.linspace(0, 1.4, 256)


def _axes() -> Any:
    return (
        axis_filter(_HEIGHT, _INPUT, 0, _INPUT, "bilinear"),
        axis_filter(_WIDTH, _INPUT, 0, _INPUT, "bilinear"),
    )


def _exact_tables() -> tuple[Any, ...]:
    rows, columns = _axes()
    return rows.starts, rows.weights, columns.starts, columns.weights


def _rounded_tables() -> tuple[Any, ...]:
    rows, columns = _axes()
    return rows.starts, rows.fixed, columns.starts, columns.fixed


def _order() -> Any:
    return np.array([0, 1, 2], np.int32)


def _numbers(value: float) -> Any:
    return np.full(3, value, np.float32)


def _gradient() -> Any:
    return np.random.default_rng(1).standard_normal((3, _INPUT, _INPUT)).astype(np.float32)


def _wanted() -> Any:
    return 40 * np.ascontiguousarray(_gradient().transpose(1, 2, 0)).clip(-0.1, 0.1)


def _offsets() -> Any:
    """Return offsets with which the photo stays within 0..255."""
    offsets, photo = np.random.default_rng(2).integers(-8, 9, (_HEIGHT, _WIDTH, 3)), _photo().astype(int)
    return offsets.clip(-photo, 255 - photo).astype(np.int8)


def _motions() -> Any:
    limits = (20.0, 0.2 * _INPUT, 0.2 * _INPUT)
    return np.random.default_rng(3).uniform(-1, 1, (_CANDIDATES, 3)) * limits


def drawing(photo: Any) -> tuple[Any, ...]:
    """Return ``cartoon_filter``'s arguments for a photo: short half kernels, falling shares, an even tone table."""
    blur, fine, coarse = (np.array(half, np.float32) for half in ([0.4, 0.3], [0.6, 0.2, 0.0], [0.3, 0.2, 0.15]))
    shares = np.exp(-np.arange(766) / 30.0)[None] * np.array([[0.8], [0.5]])
    tone = np.linspace(0, 255, 255 * 16 + 1).astype(np.float32)
    return photo, blur, shares.astype(np.float32), 2, tone, 1.3, fine, coarse, 1.2, 0.15, 0.75


def _packed() -> Any:
    """LZW without a dictionary: the 9-bit codes of noise, cleared before they would grow to 10 bits."""
    values = np.random.default_rng(4).integers(0, 256, _BYTES)
    blocks = [np.concatenate([[256], values[i : i + 250]]) for i in range(0, len(values), 250)]
    bits = (np.concatenate(blocks)[:, None] >> np.arange(8, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).ravel())


EXAMPLES: Final[dict[str, Callable[[], tuple[Any, ...]]]] = {
    "half_luminance": lambda: (_photo(),),
    "texture_weights": lambda: (kernels.half_luminance(scene(192, 256)), 5, 1e-3),
    "solve_illumination": lambda: (_luminance(), *kernels.texture_weights(_luminance(), 5, 1e-3), 0.5, 1e-2),
    "exposure_samples": lambda: (_dim(), _illumination(), 0.5),
    "best_exposure": lambda: (_samples(), -0.3293, 1.1258, 1.0, 7.0, 0.05),
    "blend_exposure": lambda: (_dim(), _illumination(), _response(), 0.5),
    "resize_u8": lambda: (_photo(), *_rounded_tables()),
    "normalise": lambda: (scene(2 * _INPUT, 2 * _INPUT), _order(), _numbers(0.02), _numbers(-1.0)),
    "resize_lattice": lambda: ((_photo(), _offsets(), 1, *_exact_tables(), _order(), _numbers(0.02), _numbers(-1.0))),
    "resize_adjoint": lambda: (
        (_gradient(), *_exact_tables(), _order(), _numbers(0.02), np.zeros((_HEIGHT, _WIDTH, 3), np.float32))
    ),
    "lattice_step": lambda: (
        (
            _photo(),
            _offsets(),
            1,
            _gradient(),
            *_exact_tables(),
            _order(),
            _numbers(0.02),
            _numbers(-1.0),
            1,
            8,
            None,
            None,
        )
    ),
    "lattice_photo": lambda: (_photo(), _offsets(), 2),
    "largest_change": lambda: (scene(192, 256), scene(192, 256, 1)),
    "least_norm": lambda: (_wanted(), *_exact_tables()),
    "lift": lambda: (_photo(), _wanted(), *_exact_tables(), 8, 1),
    "warp_u8": lambda: (scene(_INPUT, _INPUT), _motions()),
    "warp_input": lambda: (
        scene(_INPUT, _INPUT),
        _motions(),
        _order(),
        _numbers(0.02),
        _numbers(-1.0),
        np.zeros((_CANDIDATES, 3, _INPUT, _INPUT), np.float32),
    ),
    "filled_area": lambda: (_motions(), _INPUT, _INPUT),
    "cartoon_filter": lambda: drawing(scene(48, 64)),
    "unpack_lzw": lambda: (_packed(), _BYTES),
    "ssim": lambda: (scene(64, 96), scene(64, 96, 1)),
    "squared_difference": lambda: (_photo(), scene(_HEIGHT, _WIDTH, 1)),
}
