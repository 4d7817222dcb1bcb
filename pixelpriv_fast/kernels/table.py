"""One row a kernel: where its numpy twin, its numba twin and its C++ stand, and which of them runs.

The numpy twin (kernels/reference) is the definition: same file name, same function name, same arguments. ``get``
returns the fastest implementation that this machine has, or exactly the one asked for by name.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..errors import UsageError

_LOG = logging.getLogger(__name__)
_SPEED_ORDER = ("native", "numba", "reference")
_ALL = _SPEED_ORDER


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel's row: the file stem that its twins share, which twins there are, and what it computes."""

    file: str
    summary: str
    implementations: tuple[str, ...] = ("native", "reference")


#: name -> row. The name is the function's name in every implementation.
KERNELS: dict[str, Kernel] = {
    "half_luminance": Kernel("illumination", "largest channel at half size, bicubic", _ALL),
    "texture_weights": Kernel("illumination", "edge weights of the illumination system", _ALL),
    "solve_illumination": Kernel("illumination", "multigrid-preconditioned solve for the illumination map", _ALL),
    "exposure_samples": Kernel("exposure", "brightness of the badly exposed part of a thumbnail", _ALL),
    "best_exposure": Kernel("exposure", "exposure ratio of largest entropy, exhaustive", _ALL),
    "blend_exposure": Kernel("exposure", "photo and its brighter exposure fused, map enlarged on the fly", _ALL),
    "resize_u8": Kernel("resize", "Pillow's 8-bit antialiased resize, restricted to a crop", _ALL),
    "normalise": Kernel("resize", "8-bit pixels to a network's planar input", _ALL),
    "resize_lattice": Kernel("resize", "unrounded resize of a lattice iterate into a network's input", _ALL),
    "resize_adjoint": Kernel("resize", "the transpose of resize_lattice: gradient at photo size", _ALL),
    "lattice_step": Kernel(
        "lattice", "adjoint, sign, step and clamp on int8 offsets, and the next input, in one pass", _ALL
    ),
    "lattice_photo": Kernel("lattice", "the 8-bit photo of a lattice iterate", _ALL),
    "largest_change": Kernel("lattice", "largest absolute difference of two 8-bit photos", _ALL),
    "least_norm": Kernel("lift", "coefficients of the smallest change whose resize is a given one"),
    "lift": Kernel("lift", "a change at a network's size made one of the photo, within ball and range"),
    "warp_u8": Kernel("warp", "rotation and translation of one photo, n candidates", _ALL),
    "warp_input": Kernel("warp", "the same, into a classifier's input: fp32, fp16 or bf16, NCHW or NHWC", _ALL),
    "filled_area": Kernel("warp", "the share of pixels that a warp's fill touches", _ALL),
    "cartoon_filter": Kernel("cartoon_filter", "stylisation without a network", _ALL),
    "unpack_lzw": Kernel("lzw", "TIFF's LZW compression, undone"),
    "ssim": Kernel("ssim", "structural similarity of two photos"),
    "squared_difference": Kernel("ssim", "sum of the squared differences of two photos, exact"),
}


@cache
def native_module() -> tuple[Any | None, str]:
    """The compiled extension and an empty reason, or None and the reason why it cannot be loaded."""
    try:
        return importlib.import_module("pixelpriv_fast.kernels._native"), ""
    except ImportError as error:
        return None, f"{error}; fix: pip install --force-reinstall pixelpriv-fast (needs a C++17 compiler)"


@cache
def _numba_missing() -> str:
    try:
        importlib.import_module("numba")
    except ImportError as error:
        return f"{error}; fix: pip install numba"
    return ""


def unavailable(implementation: str) -> str:
    """Why ``implementation`` cannot run here; empty when it can."""
    if implementation == "native":
        return native_module()[1]
    if implementation == "numba":
        return _numba_missing()
    return ""


def _reason(name: str, implementation: str) -> str:
    """Why kernel ``name`` cannot run as ``implementation`` here; empty when it can."""
    reason = unavailable(implementation)
    if not reason and implementation == "native" and not hasattr(native_module()[0], name):
        return "the extension is older than this source; fix: build it again (pip install -e .)"
    return reason


def names() -> Iterator[str]:
    return iter(KERNELS)


def implementations(name: str) -> tuple[str, ...]:
    """The implementations of kernel ``name`` that run here, fastest first."""
    return tuple(_running(name))


def _running(name: str) -> Iterator[str]:
    """Tries one after the other: whoever takes the first spares the import of numba, a quarter of a second."""
    return (i for i in _SPEED_ORDER if i in _row(name).implementations and not _reason(name, i))


@cache
def get(name: str, implementation: str | None = None) -> Callable[..., Any]:
    """The function of kernel ``name``: the fastest that runs here, or ``implementation`` ("native", "numba",
    "reference"). Raises ``UsageError`` for an unknown name, or where the one asked for cannot run (with the fix)."""
    row = _row(name)
    if implementation is None:
        implementation = next(_running(name))
        if "native" in row.implementations and implementation != "native":
            _LOG.warning("kernel %s runs on %s, not native: %s", name, implementation, _reason(name, "native"))
    elif implementation not in row.implementations:
        raise UsageError(f"kernel {name!r} has no {implementation!r} implementation; it has {row.implementations}")
    elif reason := _reason(name, implementation):
        raise UsageError(f"kernel {name!r}: {implementation} cannot run here: {reason}")
    if implementation == "native":
        return _attribute(native_module()[0], name)
    package = "jit" if implementation == "numba" else "reference"
    return _attribute(importlib.import_module(f".{package}.{row.file}", __package__), name)


def _row(name: str) -> Kernel:
    try:
        return KERNELS[name]
    except KeyError:
        raise UsageError(f"unknown kernel {name!r}; known: {', '.join(KERNELS)}") from None


def _attribute(module: Any, name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(module, name)
    return function
