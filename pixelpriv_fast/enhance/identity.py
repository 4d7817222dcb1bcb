"""The enhancement that changes nothing: for recipes that attack the photo as it is."""

from __future__ import annotations

from dataclasses import dataclass

from ..photo_check import checked_photo
from ..types import Pixels


@dataclass(frozen=True, slots=True)
class Identity:
    """Returns the photo itself: uint8 (height, width, 3) RGB. Raises ``UsageError`` for anything else."""

    def __call__(self, image: Pixels) -> Pixels:
        return checked_photo(image)
