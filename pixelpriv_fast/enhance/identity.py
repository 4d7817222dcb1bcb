"""The enhancement that changes nothing: for recipes that attack the photo as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..photo_check import checked_photo
from ..registry import Examples
from ..types import Pixels
from .contract import Enhancement


@dataclass(frozen=True, slots=True)
class Identity(Enhancement):
    """Returns the photo itself."""

    examples: ClassVar[Examples] = {}

    def __call__(self, image: Pixels) -> Pixels:
        """Return the photo."""
        return checked_photo(image)
