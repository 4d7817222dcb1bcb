"""A case of the bench, and the pair of calls that it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimedPair:
    """A case that is ready to be timed.

    Attributes
    ----------
    run : callable
        The case's call.
    yardstick : callable
        The yardstick's call.
    ran : str
        What runs in the case; empty for the fastest kernels, which the header lists.
    work : callable
        Returns how many times the yardstick's work the case did, so that ratios are those of equal work. It is called after
        the case has run.
    close : callable
        Removes what the pair holds. It is called at the end.
    """

    run: Callable[[], object]
    yardstick: Callable[[], object]
    ran: str = ""
    work: Callable[[], float] = lambda: 1.0
    close: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class BenchCase:
    """Something that is timed against a yardstick.

    Attributes
    ----------
    name : str
        The kind and the row, for example "kernel/lift".
    yardstick : str
        What the case is timed against, in words.
    make : callable
        Does everything that must not be timed, and returns the pair. It raises ``PixelPrivError`` or ``ImportError`` if the
        case cannot run here; the case is then skipped with that reason.
    """

    name: str
    yardstick: str
    make: Callable[[], TimedPair]
