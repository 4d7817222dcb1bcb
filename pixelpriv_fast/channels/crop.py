"""What a screenshot, a frame or a thumbnail leaves out at the edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..registry import Examples
from ..types import Floats, Pixels
from .contract import Applied, Channel, checked_number


@dataclass(frozen=True, slots=True)
class Crop(Channel):
    """The middle of the photo.

    Parameters
    ----------
    share : float
        How much of the height and of the width goes, 0 to 0.9. Choice: one half of it at each of two opposite edges.
    """

    share: float = 0.03

    examples: ClassVar[Examples] = {"share": (0.1, {})}

    def __post_init__(self) -> None:
        checked_number("share", self.share, 0, 0.9)

    def _at(self, photo: Pixels) -> Applied:
        shape = photo.shape
        kept = tuple(self._kept(side) for side in shape[:2])

        def back(gradient: Floats) -> Floats:
            out = np.zeros(shape, np.float32)
            out[kept] = gradient
            return out

        return Applied(np.ascontiguousarray(photo[kept]), back)

    def _kept(self, side: int) -> slice:
        gone = min(round(side * self.share), side - 1)
        first = gone // 2
        return slice(first, first + side - gone)
