"""Times a case and its yardstick in turn, so that both see the same machine.

On a shared machine a second means little: another process takes the core, the clock rate falls, the other half of a core
is busy. What others take is not counted: ratios are of *processor* time, which stands still while the process waits. The
rest only ever makes a call slower, so what counts of many readings is the fastest. Wall time is reported beside it; it is
where lost threads and waiting would show. It also tells which readings were interrupted: those may be too short.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

Call = Callable[[], object]

_INSTANT = 1e-9  #: no reading is shorter: ratios must exist
_WAITING = 10.0  #: wall seconds that a second of the processor is expected to last at most
_KEPT = 1.02  #: wall seconds for a second of the processor up to which nothing interrupted a reading


@dataclass(frozen=True, slots=True)
class Clocks:
    """``wall`` and ``processor`` seconds, of any origin; the latter of the whole process, all threads."""

    wall: Callable[[], float] = time.perf_counter
    processor: Callable[[], float] = time.process_time


@dataclass(frozen=True, slots=True)
class Effort:
    """How long one process measures a pair. ``block``: seconds that one reading takes at least; shorter calls are
    repeated in it. Choice: half a millisecond, shorter than the slices in which a core is shared out. Rounds go on until
    ``budget`` seconds of the processor (or ten times as many of the wall clock) are spent, ``fewest`` at least.
    Choice: little, for a machine stays slow for seconds: another process later sees more than another second here."""

    block: float = 0.0005
    budget: float = 0.1
    fewest: int = 2


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
    def fastest(self) -> tuple[float, float]:
        """Processor seconds of the case's and the yardstick's fastest readings that count."""
        case, yardstick = (min(one.processor for one in _counting(side)) for side in (self.case, self.yardstick))
        return case, yardstick


def _counting(readings: Sequence[Reading]) -> Sequence[Reading]:
    """Those that nothing interrupted; all, where each was. What the host takes from a virtual machine is taken off the
    processor time of whoever runs when it tells: now and then a reading that was interrupted is too short by a third."""
    return [one for one in readings if one.wall <= _KEPT * one.processor] or readings


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
        calls = [_calls(_read(call, 1, clocks), effort.block) for call in sides]
        readings: tuple[list[Reading], list[Reading]] = ([], [])
        wall, processor = clocks.wall() + _WAITING * effort.budget, clocks.processor() + effort.budget
        while len(readings[0]) < effort.fewest or (clocks.processor() < processor and clocks.wall() < wall):
            for side in (0, 1) if len(readings[0]) % 2 == 0 else (1, 0):
                readings[side].append(_read(sides[side], calls[side], clocks))
    return Measurement(firsts[0], firsts[1], tuple(readings[0]), tuple(readings[1]))


def _calls(second: Reading, block: float) -> int:
    """How many calls a reading holds; the second one, warm by now, tells."""
    return max(1, round(block / max(second.processor, second.wall / _WAITING)))


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
