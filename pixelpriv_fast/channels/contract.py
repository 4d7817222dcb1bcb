"""What every channel promises, checked once, outside the channels.

A pullback is the transpose of the channel's derivative at one photo. Rounding to 8 bits and a codec's quantisation count as if
they were not there (the straight-through rule); all else is exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..errors import UsageError
from ..photo_check import checked_photo
from ..registry import Examples
from ..types import Floats, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """A channel at one photo: what came out, and the way back for gradients.

    Attributes
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The treated photo, in C order.
    back : callable
        The pullback for a float32 gradient of the treated photo's shape, in C order; it writes to no argument.
    """

    photo: Pixels
    back: Callable[[Floats], Floats]

    def pullback(self, gradient: Floats) -> Floats:
        """Turn a gradient by the treated photo's pixels into one by the pixels of the photo that was treated.

        Parameters
        ----------
        gradient : float32 array of ``photo``'s shape
            By the treated photo's pixels; not written to.

        Returns
        -------
        float32 array of the shape of the photo that was treated
            By that photo's pixels.

        Raises
        ------
        UsageError
            If the gradient has another shape.
        """
        if gradient.shape != self.photo.shape:
            raise UsageError(f"the gradient has shape {gradient.shape}; the treated photo has {self.photo.shape}")
        return self.back(np.ascontiguousarray(gradient, np.float32))


class Channel(ABC):
    """A treatment of photos as a frozen dataclass: its fields are its numbers; ``at`` checks and leaves the rest to ``_at``."""

    __slots__ = ()

    #: What the contract tests change in the fields that a class adds.
    examples: ClassVar[Examples] = {}

    @abstractmethod
    def _at(self, photo: Pixels) -> Applied:
        """Treat a checked photo."""

    def at(self, photo: Pixels) -> Applied:
        """Treat a photo, and keep what the way back needs of it.

        Parameters
        ----------
        photo : uint8 array of shape (height, width, 3), RGB
            The photo, of any size; it is not written to.

        Returns
        -------
        Applied
            The treated photo, which may have another size, and the pullback at ``photo``.

        Raises
        ------
        UsageError
            If ``photo`` is not such an array.
        PhotoError
            If this channel cannot hold the photo, for example one that is too large for the format.
        """
        return self._at(checked_photo(photo))

    def forward(self, photo: Pixels) -> Pixels:
        """Treat a photo. Returns ``at(photo).photo``; raises as ``at`` does."""
        return self.at(photo).photo


def checked_number(name: str, value: float, low: float, high: float) -> None:
    """Check a channel's field.

    Parameters
    ----------
    name : str
        What the message calls it.
    value : float
        The field's value.
    low, high : float
        The smallest and the largest value that is allowed.

    Raises
    ------
    UsageError
        If it is not between them, or not a number.
    """
    if not low <= value <= high:
        raise UsageError(f"{name} is {value}, expected {low:g} to {high:g}")
