"""``python -m pixelpriv_fast.bench``."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import NoReturn

from .command import main
from .subprocesses import PROGRAM


def run(arguments: Sequence[str] | None = None, program: Sequence[str] = PROGRAM) -> int:
    """Run ``main`` so that SIGTERM also ends the measuring process.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; those of this process by default.
    program : sequence of str
        The command of a measuring process.

    Returns
    -------
    int
        The exit code of ``main``. SIGTERM exits with 143.
    """
    signal.signal(signal.SIGTERM, _ended)
    return main(arguments, program)


def _ended(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    raise SystemExit(run())
