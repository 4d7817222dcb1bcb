"""How long one photo may take, and whether its result is still wanted."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


class Abandoned(Exception):
    """Raised inside a step once the caller no longer wants results; never seen outside the package."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time limit that all photos of one stream share.

    Attributes
    ----------
    seconds : float or None
        Maximum seconds of a photo, counted as its share of each batch; None sets no limit.
    cancelled : threading.Event
        Set once the caller no longer wants results.
    """

    seconds: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def over(self, seconds: float) -> bool:
        """Return whether a photo that took ``seconds`` must end now."""
        return self.cancelled.is_set() or (self.seconds is not None and seconds > self.seconds)

    def __reduce__(self) -> tuple[type[Deadline], tuple[float | None]]:
        """Send the limit alone to another process: it cannot be cancelled from here."""
        return Deadline, (self.seconds,)
