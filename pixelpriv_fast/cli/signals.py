"""Requests to end: Ctrl-C, a service manager's SIGTERM, a terminal that closes. The library installs no handlers; this does.

The first one ends the command as an error would: what is in progress is finished or undone, the report is drawn. A second
one ends the process at once.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Seconds in which a second signal is the same request: a shell repeats a terminal's SIGHUP, wrappers repeat Ctrl-C.
_SAME_REQUEST = 0.3

#: Functions in which an exception would leave a lock taken that nobody gives back, or would be swallowed.
_NOT_INSIDE = ("__enter__", "__exit__", "__del__")

#: Seconds until the next try, if the program was inside one of them.
_AGAIN = 0.005

#: The first signal that came, and when, in seconds of the monotonic clock.
_received: list[tuple[int, float]] = []


class Interrupted(KeyboardInterrupt):
    """A signal asked the command to end."""


@contextmanager
def caught() -> Iterator[None]:
    """Raise ``Interrupted`` in the block when a signal comes. A signal that is ignored, as by nohup, stays ignored."""
    ours = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    for number in ours:
        signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, _try_again)
    try:
        yield
    finally:
        for number in ours:  # Python's own handler of Ctrl-C would end in a traceback
            signal.signal(number, _leave)


def received() -> signal.Signals | None:
    """Return the signal that came first, or None.

    It counts whatever exception arrives: libraries in C and C++ turn an interrupt into errors of their own.
    """
    return signal.Signals(_received[0][0]) if _received else None


def raise_received() -> None:
    """Raise ``Interrupted`` again if a signal came: a library may have swallowed it."""
    if _received:
        raise Interrupted


def _interrupt(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if not _received:
        _received.append((number, now))
        _try_again(number, frame)
    elif now - _received[0][1] > _SAME_REQUEST:
        _leave(number, frame)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


def _try_again(number: int, frame: FrameType | None) -> None:
    """Raise ``Interrupted`` where that does no harm: here, or at the next ring of the alarm clock."""
    if frame is None or frame.f_code.co_name not in _NOT_INSIDE:
        raise Interrupted
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)
