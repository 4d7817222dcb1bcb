"""Time that only passes when a test says so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pixelpriv_fast.bench.clock import Clocks


class FakeTime:
    """A processor clock, and a wall clock that also runs while "another process" has the core."""

    def __init__(self, seed: int = 0) -> None:
        self.wall = self.processor = 100.0
        self._rng = np.random.default_rng(seed)

    @property
    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.processor)

    def work(self, seconds: float, noise: float = 0.0, stolen: float = 0.0) -> Callable[[], None]:
        """A call that takes ``seconds`` of the processor, more or less, and leaves it to others now and then."""

        def call() -> None:
            spent = seconds * float(np.exp(noise * self._rng.standard_normal()))
            self.processor += spent
            self.wall += spent + stolen * float(self._rng.exponential())

        return call

    def disturbed(self, seconds: float, luck: float = 1.0) -> Callable[[], None]:
        """A call that takes ``luck`` times ``seconds`` at best, and up to twice as much: slow spells come and go."""
        state = [1.0]

        def call() -> None:
            if self._rng.random() < 0.2:
                state[0] = 1.0 + float(self._rng.choice([0.0, self._rng.random()]))
            self.work(seconds * luck * state[0] * (1.0 + 0.01 * float(self._rng.exponential())))()

        return call
