"""What sharing does to a photo: a service's recompression, a viewer's resize, a screenshot, with the way back for gradients.

A channel is a frozen dataclass. ``forward`` treats a photo with the real codec or resampler; ``at`` does the same and also hands
out the pullback at that photo. Every row of ``registry.CHANNELS`` is an attribute of this package by its class name, loaded when
first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..registry import CHANNELS
from .contract import Applied, Channel

if TYPE_CHECKING:  # so that editors find them; nothing needs a line here
    from .blur import Blur as Blur
    from .chain import Chain as Chain
    from .crop import Crop as Crop
    from .gamma import Gamma as Gamma
    from .recompress import Recompress as Recompress
    from .resize import Resize as Resize

__all__ = [*CHANNELS.by_attribute(), "Applied", "Channel"]


def __getattr__(name: str) -> Any:
    return CHANNELS.load_attribute(name, __name__)


def __dir__() -> list[str]:
    return sorted(__all__)
