"""How long one photo may take, and whether anyone still waits for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


class Abandoned(Exception):
    """Raised inside the stages once nobody waits for their results; never seen outside."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long photos may take, each in seconds of its own share; ``gone`` is set once nobody waits for them."""

    seconds: float | None = None
    gone: threading.Event = field(default_factory=threading.Event)

    def over(self, seconds: float) -> bool:
        return self.gone.is_set() or (self.seconds is not None and seconds > self.seconds)
