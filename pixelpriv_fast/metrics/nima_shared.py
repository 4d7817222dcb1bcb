"""NIMA of a photo as a service leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from ..channels.recompress import Recompress
from ..types import Pixels
from .nima import NIMA

#: Choice: the quality within 70 to 85, which services are said to use, that the survival panel has too; its 4:2:0 chroma.
_SERVICE: Final = Recompress("jpeg", 75)


@dataclass(frozen=True, slots=True)
class NIMAShared(NIMA):
    """``NIMA`` after JPEG 75 with 4:2:0 chroma: what stays of a rating that an attack has raised.

    Parameters
    ----------
    preset, models, device, threads
        As for ``NIMA``.
    """

    title: ClassVar[str] = "NIMA shared"
    for_appeal: ClassVar[bool] = True

    def _seen(self, photo: Pixels) -> Pixels:
        """Recompress the photo."""
        return _SERVICE.forward(photo)
