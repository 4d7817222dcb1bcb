"""Several channels in order: what happens to a photo that is resized, then recompressed, then shared once more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

from ..registry import Examples
from ..types import Floats, Pixels
from .contract import Applied, Channel
from .gamma import Gamma


@dataclass(frozen=True, slots=True)
class Chain(Channel):
    """Channels, each at what the one before it made; none of them leaves the photo as it is.

    Parameters
    ----------
    channels : tuple of Channel
        The channels, first to last.
    """

    channels: tuple[Channel, ...] = ()

    examples: ClassVar[Examples] = {"channels": ((Gamma(),), {})}

    def _at(self, photo: Pixels) -> Applied:
        passed: list[Applied] = []
        for channel in self.channels:
            passed.append(channel.at(passed[-1].photo if passed else photo))

        def back(gradient: Floats) -> Floats:
            return reduce(lambda slope, applied: applied.pullback(slope), reversed(passed), gradient)

        return Applied(passed[-1].photo if passed else photo, back)
