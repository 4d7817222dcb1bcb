"""Times a case and its yardstick in turn, so that both see the same machine, and says how much of the result is noise.

On a shared machine a second means little: another process takes the core, the clock rate falls. Two things are kept out
of the result. What others take is not counted: ratios are of *processor* time, which stands still while the process
waits. Within one process, on a machine with four times more work than cores, ratios of wall time varied by 4 to 40 %
from run to run, those of processor time by 0.4 to 2 % (6 % where BLAS took several threads). And what slows both sides
cancels: a ratio is taken of each pair of neighbouring readings, and the median of these counts. Wall time is reported
beside it; it is where lost threads and waiting would show.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Call = Callable[[], object]

#: Random half splits of a run behind its A/A band.
_SPLITS = 40
#: Rounds between two looks at the band.
_LOOK_EVERY = 10
_INSTANT = 1e-9  #: no reading is shorter: ratios must exist


@dataclass(frozen=True, slots=True)
class Clocks:
    """``wall`` and ``processor`` seconds, of any origin; the latter of the whole process, all threads."""

    wall: Callable[[], float] = time.perf_counter
    processor: Callable[[], float] = time.process_time


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a pair is measured. ``block``: seconds that one reading takes at least; shorter calls are repeated in it.
    Choice: half a millisecond, so that the two readings of a pair are close together. Rounds go on until
    ``budget`` seconds are spent (``fewest`` at least), ``most`` are done, or the band of some is below ``goal``.
    Choice: no more than makes the noise within a process small beside that between processes, of 1 to 3 %."""

    block: float = 0.0005
    goal: float = 0.004
    budget: float = 1.0
    fewest: int = 3
    most: int = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds of one call."""

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """Readings of one pair, round by round, and the first call of each side, which may compile or load."""

    first: Reading
    yardstick_first: Reading
    case: tuple[Reading, ...]
    yardstick: tuple[Reading, ...]

    @property
    def ratio(self) -> float:
        """The case's processor time over its yardstick's: the median over the rounds."""
        return float(np.median(self._ratios()))

    @property
    def band(self) -> float:
        """The ratio's noise, relative: what A/A halves of this very run differ by.

        A half has twice the variance of the whole, the difference of two halves four times: so half of the root mean
        square difference estimates the whole's own deviation.
        """
        ratios = np.log(self._ratios())
        rng = np.random.default_rng(0)  # the same splits for the same readings
        squares = []
        for _ in range(_SPLITS):
            shuffled = rng.permutation(ratios)
            middle = len(shuffled) // 2
            squares.append(float(np.median(shuffled[:middle]) - np.median(shuffled[middle:])) ** 2)
        return math.sqrt(statistics.fmean(squares)) / 2

    def _ratios(self) -> npt.NDArray[np.float64]:
        pairs = zip(self.case, self.yardstick, strict=True)
        return np.array([case.processor / yardstick.processor for case, yardstick in pairs])


def median_and_mad(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the median absolute deviation from it."""
    middle = statistics.median(seconds)
    return middle, statistics.median(abs(s - middle) for s in seconds)


def measure(case: Call, yardstick: Call, effort: Effort, clocks: Clocks) -> Measurement:
    """Readings of ``case`` and ``yardstick`` in turn, the order swapped each round. Garbage is not collected while the
    clocks run."""
    sides = (case, yardstick)
    with _no_collection():
        firsts = [_read(call, 1, clocks) for call in sides]
        calls = [_calls(call, effort.block, clocks) for call in sides]
        readings: tuple[list[Reading], list[Reading]] = ([], [])
        start = clocks.wall()
        while len(readings[0]) < effort.most:
            for side in (0, 1) if len(readings[0]) % 2 == 0 else (1, 0):
                readings[side].append(_read(sides[side], calls[side], clocks))
            found = Measurement(firsts[0], firsts[1], tuple(readings[0]), tuple(readings[1]))
            if _enough(found, effort, clocks.wall() - start):
                break
    return found


def _enough(found: Measurement, effort: Effort, spent: float) -> bool:
    rounds = len(found.case)
    if spent >= effort.budget:
        return rounds >= effort.fewest
    return rounds % _LOOK_EVERY == 0 and found.band < effort.goal


def _calls(call: Call, block: float, clocks: Clocks) -> int:
    """How many calls a reading holds; the second and third call, warm by now, tell."""
    single = min(_read(call, 1, clocks).processor for _ in range(2))
    return max(1, round(block / single))


def _read(call: Call, times: int, clocks: Clocks) -> Reading:
    wall, processor = clocks.wall(), clocks.processor()
    for _ in range(times):
        call()
    processor, wall = clocks.processor() - processor, clocks.wall() - wall
    return Reading(max(wall / times, _INSTANT), max(processor / times, _INSTANT))


@contextmanager
def _no_collection() -> Iterator[None]:
    collected = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()
