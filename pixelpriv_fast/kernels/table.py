"""One row a kernel: what it computes, where it stands, how it is tried and timed; and which implementation runs.

The numpy twin (``kernels/reference``) is the definition: same file name, same function name, same arguments. A kernel is
a function there, its C++ in ``csrc/``, a signature in ``_native.pyi``, an example in ``examples.py`` and a row here.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..errors import UsageError, unknown_word

_LOG = logging.getLogger(__name__)
_SPEED_ORDER = ("native", "numba", "reference")
_NO_NUMBA = ("native", "reference")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far the answers of two implementations may lie apart.

    Attributes
    ----------
    rtol, atol : float
        As for ``numpy.testing.assert_allclose``.
    off_by_one : float
        Share of the values that may differ by 1 instead, for integers: ties of rounding.
    """

    rtol: float = 0.0
    atol: float = 0.0
    off_by_one: float = 0.0


EXACT = Tolerance()


@dataclass(frozen=True, slots=True)
class Kernel:
    """The row of a kernel.

    Attributes
    ----------
    file : str
        File stem that its implementations share.
    summary : str
        What it computes, for people.
    timed_at : (int, int)
        Height and width of the photo that its bench case works on.
    tolerance : Tolerance
        How far its implementations may lie apart on its example (``examples.py``).
    written : tuple of int
        Positions of the example's arguments that are written in place.
    implementations : tuple of str
        The implementations that exist, fastest first.
    """

    file: str
    summary: str
    timed_at: tuple[int, int]
    tolerance: Tolerance
    written: tuple[int, ...] = ()
    implementations: tuple[str, ...] = _SPEED_ORDER


# Sizes are small, so that a numpy twin takes milliseconds. Where a twin multiplies matrices they are smaller still: then
# BLAS keeps to one thread, which can be timed.
_PHOTO, _DIM, _INPUT = (90, 120), (64, 80), (64, 64)

#: name -> row. The name is the function's name in every implementation.
KERNELS: dict[str, Kernel] = {
    "half_luminance": Kernel("illumination", "largest channel at half size, bicubic", _PHOTO, Tolerance(atol=1.2e-7)),
    "texture_weights": Kernel(
        "illumination", "edge weights of the illumination system", (192, 256), Tolerance(rtol=3e-5)
    ),
    "solve_illumination": Kernel(
        "illumination", "multigrid-preconditioned solve for the illumination map", _DIM, Tolerance(atol=1e-4)
    ),
    "exposure_samples": Kernel(
        "exposure", "brightness of the badly exposed part of a thumbnail", _DIM, Tolerance(atol=1e-6)
    ),
    "best_exposure": Kernel("exposure", "exposure ratio of largest entropy, exhaustive", _DIM, EXACT),
    "blend_exposure": Kernel(
        "exposure",
        "photo and its brighter exposure fused, map enlarged on the fly",
        _DIM,
        Tolerance(off_by_one=1e-3),
    ),
    "resize_u8": Kernel(
        "resize", "Pillow's 8-bit antialiased resize, restricted to a crop", _PHOTO, EXACT, (), _NO_NUMBA
    ),
    "normalise": Kernel(
        "resize", "8-bit pixels to a network's planar input", (128, 128), Tolerance(atol=1e-5), (), _NO_NUMBA
    ),
    "resize_lattice": Kernel(
        "resize",
        "unrounded resize of a lattice iterate into a network's input",
        _PHOTO,
        Tolerance(atol=2e-4),
        (),
        _NO_NUMBA,
    ),
    "resize_adjoint": Kernel(
        "resize",
        "the transpose of resize_lattice: gradient at photo size",
        _PHOTO,
        Tolerance(atol=1e-5),
        (2,),
        _NO_NUMBA,
    ),
    "photo_adjoint": Kernel(
        "resize",
        "a gradient pulled back through a photo's resample or blur",
        _PHOTO,
        Tolerance(atol=1e-5),
        (),
        _NO_NUMBA,
    ),
    "chroma_adjoint": Kernel(
        "chroma",
        "a gradient pulled back through a codec's chroma sampling",
        _PHOTO,
        Tolerance(atol=1e-5),
        (),
        _NO_NUMBA,
    ),
    "climb": Kernel(
        "climb",
        "a step up a gradient, along the least visible direction",
        _PHOTO,
        Tolerance(rtol=1e-5, atol=1e-5),
        (0, 1),
        _NO_NUMBA,
    ),
    "descend": Kernel(
        "descend",
        "a step down what is visible that keeps what was climbed",
        _PHOTO,
        Tolerance(rtol=1e-5, atol=1e-5),
        (1,),
        _NO_NUMBA,
    ),
    "lattice_step": Kernel(
        "lattice",
        "adjoint, sign, step and clamp on int8 offsets, and the next input, in one pass",
        _PHOTO,
        Tolerance(atol=2e-4),
        (1, 8),
        _NO_NUMBA,
    ),
    "lattice_photo": Kernel("lattice", "the 8-bit photo of a lattice iterate", _PHOTO, EXACT, (), _NO_NUMBA),
    "largest_change": Kernel(
        "lattice", "largest absolute difference of two 8-bit photos", (192, 256), EXACT, (), _NO_NUMBA
    ),
    "lift": Kernel(
        "lift",
        "a change at a network's size made one of the photo, within ball and range",
        _PHOTO,
        Tolerance(off_by_one=0.02),
        (),
        _NO_NUMBA,
    ),
    "warp_u8": Kernel("warp", "rotation and translation of one photo, n candidates", _INPUT, EXACT),
    "warp_input": Kernel("warp", "the same, normalised into a classifier's input", _INPUT, EXACT, (3,)),
    "filled_area": Kernel("warp", "the share of pixels that a warp's fill touches", _INPUT, EXACT),
    "cartoon_filter": Kernel("cartoon_filter", "stylisation without a network", (48, 64), EXACT, (), _NO_NUMBA),
    "ssim": Kernel("ssim", "structural similarity of two photos", (64, 96), Tolerance(atol=1e-12), (), _NO_NUMBA),
    "ssimulacra2": Kernel(
        "ssimulacra2",
        "weighted differences of two photos' structure and edges, at six scales",
        (64, 96),
        Tolerance(rtol=1e-5),
        (),
        _NO_NUMBA,
    ),
    "ssimulacra2_slope": Kernel(
        "ssimulacra2_slope",
        "weighted differences of a photo and its change, and their gradient",
        (64, 96),
        Tolerance(rtol=1e-3, atol=1e-5),
        (3,),
        _NO_NUMBA,
    ),
    "squared_difference": Kernel(
        "ssim", "sum of the squared differences of two photos, exact", _PHOTO, EXACT, (), _NO_NUMBA
    ),
}

#: Classes whose objects kernels take: name -> file stem. Both implementations' objects serve every implementation.
CLASSES = {"Resampler": "resampler"}


@cache
def native_module() -> tuple[Any | None, str]:
    """Return the compiled extension and an empty reason, or None and the reason why it cannot be loaded."""
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
    """Return why ``implementation`` cannot run here; empty if it can."""
    if implementation == "native":
        return native_module()[1]
    if implementation == "numba":
        return _numba_missing()
    return ""


def _reason(name: str, implementation: str) -> str:
    """Return why kernel ``name`` cannot run as ``implementation`` here; empty if it can."""
    reason = unavailable(implementation)
    if not reason and implementation == "native" and not hasattr(native_module()[0], name):
        return "the extension is older than this source; fix: build it again (pip install -e .)"
    return reason


def implementations(name: str) -> tuple[str, ...]:
    """Return the implementations of kernel ``name`` that run here, fastest first."""
    return tuple(_running(name))


def _running(name: str) -> Iterator[str]:
    """Yield lazily: taking only the first avoids importing numba (0.25 s)."""
    return (i for i in _SPEED_ORDER if i in _row(name).implementations and not _reason(name, i))


@cache
def get(name: str, implementation: str | None = None) -> Callable[..., Any]:
    """Return the function of a kernel, or a class of ``CLASSES``.

    Parameters
    ----------
    name : str
        The kernel's name.
    implementation : {"native", "numba", "reference"}, optional
        The implementation; by default the fastest that runs here.

    Returns
    -------
    callable
        The function; ``_native.pyi`` lists the signatures.

    Raises
    ------
    UsageError
        If there is no such kernel, or if the requested implementation cannot run here (with the fix).
    """
    row = _row(name)
    if implementation is None:
        implementation = next(_running(name))
        if implementation != "native":
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
    if name in CLASSES:
        return Kernel(CLASSES[name], "", (1, 1), EXACT, (), _NO_NUMBA)
    if name not in KERNELS:
        raise unknown_word("kernel", name, KERNELS)
    return KERNELS[name]


def _attribute(module: Any, name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(module, name)
    return function
