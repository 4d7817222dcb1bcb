"""Photos of one size brought into a network's input, and gradients back: the kernels with their tables.

``rounded`` is what the classifier does (Pillow's 8-bit resize, centre crop, normalise): verdicts use it. ``exact`` is
the same without rounding to 8 bits in between: attacks differentiate it, and ``adjoint`` and ``step`` are its exact
transpose. Both cost memory for a few rows, never for a float copy of the photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import kernels
from ..runtime.device import threads
from ..types import Floats, Offsets, Pixels
from .geometry import Geometry

if TYPE_CHECKING:
    from ..kernels import Resampler

Channels: TypeAlias = tuple[npt.NDArray[np.int32], Floats, Floats]


@dataclass(frozen=True, eq=False)
class Reading:
    """How a network reads photos of one size; ``Preprocess.for_size`` makes and keeps it.

    Its tables are made when they are first used. Arrays must be C-contiguous.

    Parameters
    ----------
    geometry : Geometry
        What the network sees of a photo.
    channels : (3,) int32 and twice (3,) float32
        ``order``, ``gain`` and ``bias``: input channel c is ``gain[c] * pixel[order[c]] + bias[c]``.
    height, width : int
        The photos' size.
    """

    geometry: Geometry
    channels: Channels
    height: int
    width: int

    @cached_property
    def resampler(self) -> Resampler:
        """From the photo to the network's input."""
        rows, columns = self.geometry.axes(self.height, self.width)
        return kernels.Resampler(rows, columns, *self.channels)

    @cached_property
    def reduction(self) -> Resampler:
        """From the photo to ``reduced``."""
        rows, columns = self.geometry.reduction(self.height, self.width)
        return kernels.Resampler(rows, columns, *self.channels)

    @cached_property
    def identity(self) -> bool:
        """Whether photos are read without resampling: then ``rounded`` and ``exact`` are the same."""
        return self.resampler.identity

    def rounded(self, photo: Pixels) -> Floats:
        """Return what the classifier sees.

        Parameters
        ----------
        photo : (H, W, 3) uint8
            The photo, RGB.

        Returns
        -------
        (3, h, w) float32
            The network's input, normalised.
        """
        return kernels.normalise(kernels.resize_u8(photo, self.resampler, threads()), *self.channels)

    def reduced(self, photo: Pixels) -> Pixels:
        """Return a photo of ``resize_to`` pixels that is to the network what ``photo`` is.

        It is the resized photo, of whose long side the middle is kept, and is read without resampling.

        Parameters
        ----------
        photo : (H, W, 3) uint8
            The photo.

        Returns
        -------
        (h, w, 3) uint8
            The smaller photo.
        """
        return kernels.resize_u8(photo, self.reduction, threads())

    def lift(self, photo: Pixels, wanted: Floats, bound: int, rounds: int) -> Pixels:
        """Return the photo with the smallest change that moves ``reduced`` of it by ``wanted``.

        Only for photos that the resize reduces along both sides. See the kernel ``lift``.

        Parameters
        ----------
        photo : (H, W, 3) uint8
            The photo.
        wanted : (h, w, 3) float32
            Change of the reduced photo, in grey levels.
        bound : int
            Largest change of a sample, in grey levels; samples also stay within 0..255.
        rounds : int
            Number of corrections for what the bounds cut off.

        Returns
        -------
        (H, W, 3) uint8
            The changed photo.
        """
        return kernels.lift(photo, wanted, self.reduction, bound, rounds, threads())

    def warped(self, photo: Pixels, motions: npt.NDArray[np.float64], edge: str = "soft", fill: int = 0) -> Floats:
        """Return what the classifier sees of rotated and translated candidates, rounded to 8 bits as saved.

        Where the photo is read without resampling, the candidates are written straight into the input.

        Parameters
        ----------
        photo : (H, W, 3) uint8
            The photo.
        motions : (n, 3) float64
            Degrees, tx and ty in pixels (see the kernel ``warp_u8``).
        edge : {"soft", "hard"}
            Whether the last pixel fades into the fill.
        fill : int
            Grey level where no photo is, 0..255.

        Returns
        -------
        (n, 3, h, w) float32
            The network's inputs.
        """
        if not self.identity:
            # One candidate at a time: a large photo's candidates together would not fit into memory.
            return np.stack([self.rounded(kernels.warp_u8(photo, m[None], edge, fill)[0]) for m in motions])
        out = np.empty((len(motions), 3, *self.geometry.size), np.float32)
        kernels.warp_input(photo, motions, self.resampler, out, edge, fill)
        return out

    def exact(self, photo: Pixels, offsets: Offsets, units: int = 1) -> Floats:
        """Return what ``rounded`` rounds, of ``photo + offsets / units``.

        Parameters
        ----------
        photo : (H, W, 3) uint8
            The start photo.
        offsets : (H, W, 3) int8
            Changes, in units.
        units : int
            Units to a grey level, 1 or 2.

        Returns
        -------
        (3, h, w) float32
            The network's input.
        """
        return kernels.resize_lattice(photo, offsets, units, self.resampler)

    def unscaled(self, values: Floats) -> Floats:
        """Return ``exact`` of a photo in real numbers that is read without resampling.

        Parameters
        ----------
        values : (H, W, 3) float32
            Grey levels.

        Returns
        -------
        (3, h, w) float32
            The network's input.
        """
        order, gain, bias = self.channels
        top, left = int(self.resampler.rows.starts[0]), int(self.resampler.columns.starts[0])
        height, width = self.geometry.size
        cut = values[top : top + height, left : left + width]
        return np.ascontiguousarray((cut[..., order] * gain + bias).transpose(2, 0, 1))

    def adjoint(self, gradient: Floats, out: Floats) -> None:
        """Add the photo's gradient, per grey level, to ``out``.

        Parameters
        ----------
        gradient : (3, h, w) float32
            The gradient at the network's input.
        out : (H, W, 3) float32
            Receives the sum.
        """
        kernels.resize_adjoint(gradient, self.resampler, out)

    def step(
        self,
        photo: Pixels,
        offsets: Offsets,
        gradient: Floats,
        *,
        step: int,
        bound: int,
        units: int = 1,
        extra: Floats | None = None,
        out: Floats | None = None,
    ) -> None:
        """Move ``offsets`` in place along the sign of the photo's gradient, within ``bound`` and 0..255.

        Parameters
        ----------
        photo : (H, W, 3) uint8
            The start photo.
        offsets : (H, W, 3) int8
            Changes, in units.
        gradient : (3, h, w) float32
            The gradient at the network's input; its ``adjoint`` is the photo's.
        step : int
            Units to move by; negative to descend.
        bound : int
            Largest offset, in units.
        units : int
            Units to a grey level, 1 or 2.
        extra : (H, W, 3) float32, optional
            Added to the photo's gradient.
        out : (3, h, w) float32, optional
            Receives ``exact`` of the moved photo, to the bit, while its rows are in the cache.
        """
        kernels.lattice_step(photo, offsets, gradient, self.resampler, units, step, bound, extra, out)
