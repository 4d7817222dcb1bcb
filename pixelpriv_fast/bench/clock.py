"""Times a case and its yardstick in turn, so that both see the same machine.

On a shared machine a second means little: another process takes the core, the clock rate falls, or the other half of a core
is busy. Time that other processes take is not counted: ratios are those of *processor* time, which stops while the process
waits. All other disturbances make a call slower, so the fastest of many readings counts. Wall time is reported beside it; it
shows lost threads and waiting, and it tells which readings were interrupted, since those may be too short.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

Call = Callable[[], object]

_INSTANT = 1e-9  #: a reading is not shorter, so that ratios exist
_WAITING = 10.0  #: maximum of wall seconds that a second of the processor is expected to take
_KEPT = 1.02  #: wall seconds for a second of the processor up to which nothing interrupted a reading


@dataclass(frozen=True, slots=True)
class Clocks:
    """Two clocks in seconds, of any origin.

    Attributes
    ----------
    wall : callable
        Wall time.
    processor : callable
        Processor time of the whole process, all threads.
    """

    wall: Callable[[], float] = time.perf_counter
    processor: Callable[[], float] = time.process_time


@dataclass(frozen=True, slots=True)
class Effort:
    """How long one process measures a pair.

    Attributes
    ----------
    block : float
        Minimum of seconds that one reading takes; shorter calls are repeated in it. Choice: half a millisecond, shorter than
        the slices in which a core is shared.
    budget : float
        Rounds go on until this many processor seconds, or ten times as many wall seconds, are spent. Choice: little, since a
        machine stays slow for seconds: another process later learns more than another second here.
    fewest : int
        Minimum of rounds.
    """

    block: float = 0.0005
    budget: float = 0.1
    fewest: int = 2


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Seconds of one call.

    Attributes
    ----------
    wall, processor : float
        By the two clocks, above 0.
    """

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """Readings of one pair.

    Attributes
    ----------
    first, yardstick_first : ClockReading
        The first call of each side, which may compile or load.
    case, yardstick : tuple of ClockReading
        One reading a round.
    """

    first: ClockReading
    yardstick_first: ClockReading
    case: tuple[ClockReading, ...]
    yardstick: tuple[ClockReading, ...]

    @property
    def fastest(self) -> tuple[float, float]:
        """Processor seconds of the fastest reading that counts, of the case and of the yardstick."""
        case, yardstick = (min(one.processor for one in _counting(side)) for side in (self.case, self.yardstick))
        return case, yardstick


def _counting(readings: Sequence[ClockReading]) -> Sequence[ClockReading]:
    """Return the readings that nothing interrupted, or all if each was interrupted.

    The host of a virtual machine takes stolen time off the processor time of the process that runs when it accounts for it:
    now and then a reading that was interrupted is too short by a third.
    """
    return [one for one in readings if one.wall <= _KEPT * one.processor] or readings


def median_and_mad(seconds: Sequence[float]) -> tuple[float, float]:
    """Return the median and the median absolute deviation from it."""
    middle = statistics.median(seconds)
    return middle, statistics.median(abs(s - middle) for s in seconds)


def measure(case: Call, yardstick: Call, effort: Effort, clocks: Clocks) -> Measurement:
    """Time two calls in turn, the order swapped each round, without garbage collection.

    Parameters
    ----------
    case, yardstick : callable
        The calls.
    effort : Effort
        How long to go on.
    clocks : Clocks
        The clocks to read.

    Returns
    -------
    Measurement
        All readings.
    """
    sides = (case, yardstick)
    with _no_collection():
        firsts = [_read(call, 1, clocks) for call in sides]
        calls = [_calls(_read(call, 1, clocks), effort.block) for call in sides]
        readings: tuple[list[ClockReading], list[ClockReading]] = ([], [])
        wall, processor = clocks.wall() + _WAITING * effort.budget, clocks.processor() + effort.budget
        while len(readings[0]) < effort.fewest or (clocks.processor() < processor and clocks.wall() < wall):
            for side in (0, 1) if len(readings[0]) % 2 == 0 else (1, 0):
                readings[side].append(_read(sides[side], calls[side], clocks))
    return Measurement(firsts[0], firsts[1], tuple(readings[0]), tuple(readings[1]))


def _calls(second: ClockReading, block: float) -> int:
    """Return the number of calls in a reading, judged by the second call, which is warm."""
    return max(1, round(block / max(second.processor, second.wall / _WAITING)))


def _read(call: Call, times: int, clocks: Clocks) -> ClockReading:
    wall, processor = clocks.wall(), clocks.processor()
    for _ in range(times):
        call()
    processor, wall = clocks.processor() - processor, clocks.wall() - wall
    return ClockReading(max(wall / times, _INSTANT), max(processor / times, _INSTANT))


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
