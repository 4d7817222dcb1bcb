"""Steps of a lattice attack taken where the network is, several at a time, without looking at them from the host."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ..types import Offsets, Pixels
from .protocol import ClassSets


class Walker(Protocol):
    """What an engine may offer besides gradients. Any thread may call; no state is left behind."""

    def walk(
        self,
        starts: Pixels,
        offsets: Offsets,
        accepted: ClassSets,
        *,
        step: int,
        bound: int,
        units: int,
        steps: int,
        slots: int | None = None,
    ) -> Offsets:
        """The offsets after ``steps`` times ``gradient`` and ``Preprocess.step``, of photos of one size.

        starts: uint8 (n, H, W, 3); offsets: int8 of that shape, in units of which ``units`` make a grey level;
        accepted: (n, classes), what ``GradientEngine.gradient`` means by it. ``step`` in units, negative to descend;
        ``bound``: the ball's radius in units. ``slots``: as in ``GradientEngine.gradient``. The result is inside the
        ball and 0..255 by construction; it differs from the host's only where a gradient is at rounding level.
        Raises as ``GradientEngine.gradient``.
        """


@runtime_checkable
class OffersWalker(Protocol):
    """An engine that has a walker, or None where the host is as fast."""

    @property
    def walker(self) -> Walker | None: ...
