"""Faults of the program: a line for the user, and everything else in a log."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from ..errors import one_line

#: What the process ends with after a fault of the program.
EXIT_CODE = 70

_ADVICE = {
    MemoryError: "out of memory; give --batch, --workers or --max-pixels a smaller number",
    RecursionError: "the program went too deep",
}


def words(error: BaseException) -> str:
    """Describe a fault in one line, and write a log of it.

    Parameters
    ----------
    error : BaseException
        The fault.

    Returns
    -------
    str
        The line, with the place of the log.
    """
    advice = next((text for kind, text in _ADVICE.items() if isinstance(error, kind)), None)
    what = advice or f"a fault of the program: {one_line(f'{type(error).__name__}: {error}')}"
    log = _logged(error)
    return f"{what}; {f'details are in {log}' if log else 'no log could be written'}; finished photos are safe"


def _logged(error: BaseException) -> Path | None:
    """Write the traceback and return the file, which only the user can read: it names photos. None if no place takes it."""
    import platform  # both are slow to import, and few commands end here

    from .. import __version__

    name = f"fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    text = "".join(
        [
            f"pixelpriv_fast {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
            f"arguments: {sys.argv[1:]!r}\n",
            *traceback.format_exception(error),
        ]
    )
    for folder in _folders():
        path = folder / name
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return path
    return None


def _folders() -> Iterator[Path]:
    with contextlib.suppress(OSError, RuntimeError):
        from platformdirs import user_log_path

        yield user_log_path("pixelpriv_fast", appauthor=False)
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())
