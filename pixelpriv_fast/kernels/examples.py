"""One example call a kernel, named like it: the arguments that its tests try it with and its bench case times.

A function picks its arguments from ``Inputs``. The tests' inputs are noise of any size (``tests/kernels/calls.py``), the
bench's a scene of the row's size (``bench/kernel_calls.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from ..errors import UsageError

if TYPE_CHECKING:
    from ._native import (
        InputF32,
        MotionsF64,
        OffsetI8,
        PhotoF32,
        PhotoU8,
        PlanarF32,
        PlaneF32,
        PlaneF64,
        Resampler,
        VectorF32,
        VectorF64,
        VectorI32,
    )

#: What turns a gradient into a step, for ``climb`` and ``descend``.
COLOURS: Final = np.array([[1.5, -0.4, 0.3], [-0.4, 0.5, 0.2], [0.3, 0.2, 1.0]], np.float32)


class Inputs(Protocol):
    """What examples are made of; (H, W) is the photo's size, (h, w) the resampler's."""

    @property
    def photo(self) -> PhotoU8:
        """Two photos: (H, W, 3) uint8."""

    @property
    def other(self) -> PhotoU8:
        """Two photos: (H, W, 3) uint8."""

    @property
    def luminance(self) -> PlaneF32:
        """What the illumination is computed from: (H, W) or (H/2, W/2) float32."""

    @property
    def illumination(self) -> PlaneF64:
        """A map of the photo: (H/2, W/2) float64."""

    @property
    def weights(self) -> tuple[PlaneF32, PlaneF32]:
        """``texture_weights`` of the luminance: pair of float32 arrays."""

    @property
    def rtol(self) -> float:
        """Residual at which ``solve_illumination`` stops, relative to the first: float."""

    @property
    def samples(self) -> VectorF64:
        """``exposure_samples`` of the photo: (n,) float64."""

    @property
    def resampler(self) -> Resampler:
        """From (H, W) to (h, w): Resampler."""

    @property
    def crop(self) -> Resampler:
        """A window of the photo: Resampler."""

    @property
    def batch(self) -> InputF32:
        """Room for that window of every motion: (n, 3, rows, columns) float32."""

    @property
    def motions(self) -> MotionsF64:
        """Candidates of a warp: (n, 3) float64."""

    @property
    def channels(self) -> tuple[VectorI32, VectorF32, VectorF32]:
        """(3,) int32 and twice (3,) float32: order, gain and bias."""

    @property
    def units(self) -> int:
        """Units to a grey level: int."""

    @property
    def offsets(self) -> OffsetI8:
        """An iterate's, with which the photo stays within 0..255: (H, W, 3) int8."""

    @property
    def gradient(self) -> PlanarF32:
        """At the network's input: (3, h, w) float32."""

    @property
    def total(self) -> PhotoF32:
        """What gradients are added to: (H, W, 3) float32."""

    @property
    def move(self) -> tuple[int, int, int]:
        """``lattice_step``'s units, step and bound: (int, int, int)."""

    @property
    def extra(self) -> PhotoF32 | None:
        """``lattice_step``'s: (H, W, 3) and (3, h, w) float32, or None."""

    @property
    def planes(self) -> PlanarF32 | None:
        """``lattice_step``'s: (H, W, 3) and (3, h, w) float32, or None."""

    @property
    def wanted(self) -> PhotoF32:
        """A change at the network's input size: (h, w, 3) float32."""

    @property
    def rounds(self) -> int:
        """``lift``'s corrections: int."""

    @property
    def tone(self) -> VectorF32:
        """``cartoon_filter``'s tone table: (4081,) float32."""


Arguments = tuple[Any, ...]


def example(name: str, given: Inputs) -> Arguments:
    """Return the arguments of kernel ``name``'s example call.

    Parameters
    ----------
    name : str
        The kernel's name.
    given : Inputs
        What the arguments are picked from.

    Returns
    -------
    tuple
        The arguments, in the signature's order.

    Raises
    ------
    UsageError
        If the kernel has no example.
    """
    make: Callable[[Inputs], Arguments] | None = globals().get(name)
    if make is None:
        raise UsageError(f"kernel {name!r} has no example call; add a function of that name to kernels/examples.py")
    return make(given)


def half_luminance(given: Inputs) -> Arguments:
    """Pick ``half_luminance``'s arguments."""
    return (given.photo,)


def texture_weights(given: Inputs) -> Arguments:
    """Pick ``texture_weights``'s arguments."""
    return given.luminance, 5, 1e-3


def solve_illumination(given: Inputs) -> Arguments:
    """Pick ``solve_illumination``'s arguments."""
    return given.luminance, *given.weights, 0.5, given.rtol


def exposure_samples(given: Inputs) -> Arguments:
    """Pick ``exposure_samples``'s arguments."""
    return given.photo, given.illumination, 0.5


def best_exposure(given: Inputs) -> Arguments:
    """Pick ``best_exposure``'s arguments."""
    return given.samples, -0.3293, 1.1258, 1.0, 7.0, 0.05


def blend_exposure(given: Inputs) -> Arguments:
    """Pick ``blend_exposure``'s arguments."""
    return given.photo, given.illumination, np.linspace(0, 1.4, 256), 0.5


def resize_u8(given: Inputs) -> Arguments:
    """Pick ``resize_u8``'s arguments."""
    return given.photo, given.resampler


def normalise(given: Inputs) -> Arguments:
    """Pick ``normalise``'s arguments."""
    return given.photo, *given.channels


def resize_lattice(given: Inputs) -> Arguments:
    """Pick ``resize_lattice``'s arguments."""
    return given.photo, given.offsets, given.units, given.resampler


def resize_adjoint(given: Inputs) -> Arguments:
    """Pick ``resize_adjoint``'s arguments."""
    return given.gradient, given.resampler, given.total


def photo_adjoint(given: Inputs) -> Arguments:
    """Pick ``photo_adjoint``'s arguments."""
    return given.wanted, given.resampler


def chroma_adjoint(given: Inputs) -> Arguments:
    """Pick ``chroma_adjoint``'s arguments."""
    return given.wanted, True, True


def climb(given: Inputs) -> Arguments:
    """Pick ``climb``'s arguments: where the photo has no red, nothing may change."""
    momentum, gradient = ((photo.astype(np.float32) - 128) / 64 for photo in (given.photo, given.other))
    weights = np.ascontiguousarray(given.photo[..., 0]).astype(np.float32) / 64
    return given.total, momentum, gradient, weights, COLOURS, 0.9, 0.3


def descend(given: Inputs) -> Arguments:
    """Pick ``descend``'s arguments: the step is short of the budget."""
    momentum, slope = ((photo.astype(np.float32) - 128) / 64 for photo in (given.photo, given.other))
    weights = np.ascontiguousarray(given.photo[..., 0]).astype(np.float32) / 64
    return given.photo, given.total, momentum, slope, weights, COLOURS, 1.5, 1.0, 1e-2, 8


def lattice_step(given: Inputs) -> Arguments:
    """Pick ``lattice_step``'s arguments."""
    iterate = given.photo, given.offsets, given.gradient, given.resampler
    return *iterate, *given.move, given.extra, given.planes


def lattice_photo(given: Inputs) -> Arguments:
    """Pick ``lattice_photo``'s arguments."""
    return given.photo, given.offsets, 2


def largest_change(given: Inputs) -> Arguments:
    """Pick ``largest_change``'s arguments."""
    return given.photo, given.other


def lift(given: Inputs) -> Arguments:
    """Pick ``lift``'s arguments."""
    return given.photo, given.wanted, given.resampler, 8, given.rounds


def warp_u8(given: Inputs) -> Arguments:
    """Pick ``warp_u8``'s arguments."""
    return given.photo, given.motions


def warp_input(given: Inputs) -> Arguments:
    """Pick ``warp_input``'s arguments."""
    return given.photo, given.motions, given.crop, given.batch


def filled_area(given: Inputs) -> Arguments:
    """Pick ``filled_area``'s arguments."""
    return given.motions, *given.photo.shape[:2]


def cartoon_filter(given: Inputs) -> Arguments:
    """Pick ``cartoon_filter``'s arguments: short half kernels, and shares that fall with the difference."""
    blur, fine, coarse = (np.array(half, np.float32) for half in ([0.4, 0.3], [0.6, 0.2, 0.0], [0.3, 0.2, 0.15]))
    shares = (np.exp(-np.arange(766) / 30.0)[None] * np.array([[0.8], [0.5]])).astype(np.float32)
    return given.photo, blur, shares, 2, given.tone, 1.3, fine, coarse, 1.2, 0.15, 0.75


def ssim(given: Inputs) -> Arguments:
    """Pick ``ssim``'s arguments."""
    return given.photo, given.other


def ssimulacra2(given: Inputs) -> Arguments:
    """Pick ``ssimulacra2``'s arguments: every third norm has no weight."""
    return given.photo, given.other, np.arange(108.0) % 3


def ssimulacra2_slope(given: Inputs) -> Arguments:
    """Pick ``ssimulacra2_slope``'s arguments: a change of fractions of a level, which leaves the range in places."""
    change = (given.other.astype(np.float32) - 128) / 9
    return given.photo, change, np.arange(108.0) % 3, given.total


def squared_difference(given: Inputs) -> Arguments:
    """Pick ``squared_difference``'s arguments."""
    return given.photo, given.other
