"""A viewer's or a service's resize: antialiased, along one axis after the other, each rounded to 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..errors import checked_word
from ..kernels.filters import FilterName
from ..kernels.resizing import whole
from ..registry import Examples
from ..types import Pixels
from .contract import Applied, Channel, checked_number
from .separable import resampled


@dataclass(frozen=True, slots=True)
class Resize(Channel):
    """The photo at another size, as Pillow computes it.

    Parameters
    ----------
    factor : float
        Factor of both sides, 0.01 to 16; with ``long_side``, of photos that are not longer than that.
    long_side : int or None
        The long side that longer photos are reduced to, 1 to 65535; None for ``factor`` at every size.
    filter : {"bilinear", "bicubic", "box", "lanczos"}
        The filter, with antialiasing.
    """

    factor: float = 0.5
    long_side: int | None = None
    filter: FilterName = "bicubic"

    examples: ClassVar[Examples] = {
        "factor": (0.75, {}),
        "long_side": (32, {}),
        "filter": ("lanczos", {}),
    }

    def __post_init__(self) -> None:
        checked_number("factor", self.factor, 0.01, 16)
        if self.long_side is not None:
            checked_number("long_side", self.long_side, 1, 65535)
        checked_word("filter", self.filter, FilterName)

    def size_of(self, height: int, width: int) -> tuple[int, int]:
        """Compute the size of a treated photo.

        Parameters
        ----------
        height, width : int
            The photo's size.

        Returns
        -------
        tuple of two ints
            The treated photo's height and width, at least 1.
        """
        long_side = max(height, width)
        factor = self.factor
        if self.long_side is not None and long_side > self.long_side:
            factor = self.long_side / long_side
        return max(1, round(height * factor)), max(1, round(width * factor))

    def _at(self, photo: Pixels) -> Applied:
        height, width, _ = photo.shape
        size = self.size_of(height, width)
        if size == (height, width):
            return Applied(photo, lambda gradient: gradient)
        return resampled(photo, whole((height, width), size, self.filter))
