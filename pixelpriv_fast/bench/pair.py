"""A case, and the pair of calls that it becomes once made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """A case ready to be timed: two calls without arguments, what really runs in the first (empty: the fastest kernels,
    which the header lists), and how many times the yardstick's work the case does, asked once the case has run: ratios
    are of equal work."""

    run: Callable[[], object]
    yardstick: Callable[[], object]
    ran: str = ""
    work: Callable[[], float] = lambda: 1.0


@dataclass(frozen=True, slots=True)
class Case:
    """``make`` does everything that shall not be timed, and leaves to the stack what has to be tidied up. It raises
    ``PixelPrivError`` or ``ImportError`` where the case cannot run here: it is then skipped with that reason."""

    name: str
    yardstick: str
    make: Callable[[ExitStack], Pair]
