"""``python -m pixelpriv_fast.bench``."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import NoReturn

from .apart import PROGRAM
from .command import main


def run(arguments: Sequence[str] | None = None, program: Sequence[str] = PROGRAM) -> int:
    """``main`` as a program of its own: what ends a job (SIGTERM) ends its measuring process too, and exits with 143."""
    signal.signal(signal.SIGTERM, _ended)
    return main(arguments, program)


def _ended(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    raise SystemExit(run())
