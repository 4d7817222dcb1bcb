"""Where one photo's attack stands: the start and a change, inside the ball and 0..255 by construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import kernels
from ..models.preprocess import Preprocess
from ..models.reading import Reading
from ..types import Floats, Offsets, Pixels
from .copies import Copy
from .linf import Ball


def random_offsets(photo: Pixels, ball: Ball, rng: np.random.Generator) -> Offsets:
    """Draw offsets uniformly from the ball's lattice points, then clip the photo that they make to 0..255.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3)
        The start.
    ball : Ball
        How far offsets go, and their unit.
    rng : numpy Generator
        The photo's own random numbers.

    Returns
    -------
    int8 array of the same shape
        The offsets, in the ball's units.
    """
    drawn = rng.integers(-ball.bound, ball.bound, photo.shape, np.int8, endpoint=True)
    wide = photo.astype(np.int16) * ball.units
    offsets: Offsets = np.clip(drawn, -wide, 255 * ball.units - wide).astype(np.int8)
    return offsets


@dataclass(slots=True, eq=False)
class Iterate:
    """A photo that becomes 8-bit pixels: ``start + offsets / units``.

    Attributes
    ----------
    start : uint8 array of shape (height, width, 3)
        The photo that is attacked; it is not written to.
    ball : Ball
        All photos that the attack may reach, and the unit of offsets.
    offsets : int8 array of the same shape
        The change, in the ball's units; ``step`` writes to it.
    """

    start: Pixels
    ball: Ball
    offsets: Offsets

    def change(self) -> Floats:
        """Return what the photo is moved by, in grey levels: float32 (height, width, 3)."""
        moved: Floats = np.float32(1.0) * self.offsets / np.float32(self.ball.units)
        return moved

    def reading(self, preprocess: Preprocess) -> Reading:
        """Return how a network reads the photo."""
        return preprocess.for_size(*self.start.shape[:2])

    def seen(self, preprocess: Preprocess, copy: Copy | None = None) -> Floats:
        """Make the network's input for the photo as it stands; nothing is rounded.

        Choice: a copy is made of the 8-bit photo, as a reader of the file would make it; only its resize is not rounded.

        Parameters
        ----------
        preprocess : Preprocess
            The network's.
        copy : Copy, optional
            What the network reads; None for the photo's own pixels.

        Returns
        -------
        float32 array of shape (3, h, w)
            The input.
        """
        if copy is None:
            return self.reading(preprocess).exact(self.start, self.offsets, self.ball.units)
        return self.reading(preprocess).exact(copy.forward(self.pixels()), np.zeros_like(self.offsets))

    def judged(self, preprocess: Preprocess, copy: Copy | None = None) -> Floats:
        """Make the network's input by which the photo is judged, that of its 8-bit pixels.

        Parameters
        ----------
        preprocess, copy
            See ``seen``.

        Returns
        -------
        float32 array of shape (3, h, w)
            The input.
        """
        pixels = self.pixels()
        return self.reading(preprocess).rounded(pixels if copy is None else copy.forward(pixels))

    def judged_as_seen(self, preprocess: Preprocess, copy: Copy | None = None) -> bool:
        """Decide whether ``seen`` and ``judged`` are the same: no offset is half a level, and nothing is resampled.

        Parameters
        ----------
        preprocess, copy
            See ``seen``.

        Returns
        -------
        bool
            True if they are.
        """
        whole = copy is not None or self.ball.units == 1 or not bool(np.any(self.offsets & 1))
        return whole and self.reading(preprocess).identity

    def add_gradient(self, preprocess: Preprocess, gradient: Floats, copy: Copy | None, out: Floats) -> None:
        """Add what a network's gradient is by the photo's pixels.

        Parameters
        ----------
        preprocess : Preprocess
            What made the input that ``gradient`` belongs to.
        gradient : float32 array of shape (3, h, w)
            The gradient by that input.
        copy : Copy, optional
            What the network reads; None for the photo's own pixels.
        out : float32 array of shape (height, width, 3)
            Receives the sum.
        """
        if copy is None:
            self.reading(preprocess).adjoint(gradient, out)
            return
        by_copy = np.zeros_like(out)
        self.reading(preprocess).adjoint(gradient, by_copy)
        out += copy.pullback(by_copy)

    def step(
        self, preprocess: Preprocess, gradient: Floats, step: int, extra: Floats | None, *, reads: bool
    ) -> Floats | None:
        """Move the photo along the sign of its gradient.

        Parameters
        ----------
        preprocess : Preprocess
            What made the input that ``gradient`` belongs to.
        gradient : float32 array of shape (3, h, w)
            The gradient by that input.
        step : int
            Length of the step in the ball's units; negative to descend.
        extra : float32 array of shape (height, width, 3), optional
            Gradient by the photo's pixels to add, of other networks.
        reads : bool
            Whether the caller goes on to ask for ``seen``.

        Returns
        -------
        float32 array of shape (3, h, w), or None
            ``seen`` of the moved photo, if ``reads`` and the step can write it at no cost of its own.
        """
        out = np.empty((3, *preprocess.size), np.float32) if reads else None
        self._move(preprocess, gradient, step, extra, out)
        return out

    def _move(
        self, preprocess: Preprocess, gradient: Floats, step: int, extra: Floats | None, out: Floats | None
    ) -> None:
        within = {"bound": self.ball.bound, "units": self.ball.units}
        self.reading(preprocess).step(self.start, self.offsets, gradient, step=step, extra=extra, out=out, **within)

    def pixels(self) -> Pixels:
        """Return the 8-bit photo; half levels are rounded towards the start."""
        return kernels.lattice_photo(self.start, self.offsets, self.ball.units)


@dataclass(slots=True, eq=False)
class WeightedIterate(Iterate):
    """A reduced photo whose change will be lifted: ``start + weights * offsets / units`` in real numbers.

    It has no 8-bit pixels. What is judged is what stands. The network must read it without resampling.

    Attributes
    ----------
    start, ball, offsets
        See ``Iterate``.
    weights : float32 array of shape (height, width, 1)
        Each pixel's share of the ball, above 0 and at most 1.
    """

    weights: Floats

    def change(self) -> Floats:
        """Return what the photo is moved by, in grey levels: float32 (height, width, 3)."""
        moved: Floats = self.weights * self.offsets / np.float32(self.ball.units)
        return moved

    def seen(self, preprocess: Preprocess, copy: Copy | None = None) -> Floats:
        """Return the network's input for the photo as it stands: float32 (3, h, w)."""
        values = self.start + self.change()
        return self.reading(preprocess).unscaled(values if copy is None else copy.exact(values))

    def judged(self, preprocess: Preprocess, copy: Copy | None = None) -> Floats:
        """Return the same as ``seen``."""
        return self.seen(preprocess, copy)

    def judged_as_seen(self, preprocess: Preprocess, copy: Copy | None = None) -> bool:
        """Return whether the network reads the photo without resampling."""
        return self.reading(preprocess).identity

    def step(
        self, preprocess: Preprocess, gradient: Floats, step: int, extra: Floats | None, *, reads: bool
    ) -> Floats | None:
        """Move the photo; ``seen`` depends on the weights, so it is not written on the way."""
        self._move(preprocess, gradient, step, extra, None)
        return None

    def pixels(self) -> Pixels:
        """Raise ``TypeError``: the change has to be lifted first."""
        raise TypeError("a weighted change has no 8-bit photo before it is lifted")
