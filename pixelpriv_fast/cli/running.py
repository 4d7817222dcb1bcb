"""One run of the command line: whatever happens in it ends in an exit code and at most a line for people."""

from __future__ import annotations

import errno
import logging
import sys
import threading
import warnings
from typing import Any

from ..errors import NOTICE, PixelPrivError, StorageError
from . import crash, signals
from .output import People, say
from .printable import printable
from .streams import Streams

_LOG = logging.getLogger(__name__)

#: What a file system or a limit of the system says, and no mistake of the program: nobody can go on.
_STOPS = {
    getattr(errno, name)
    for name in ("EACCES", "EDQUOT", "EFBIG", "EIO", "EMFILE", "ENFILE", "ENOSPC", "EPERM", "EROFS", "ESTALE")
    if hasattr(errno, name)
}


def run() -> int:
    """Run the command that ``sys.argv`` names and return the exit code."""
    streams = Streams.secured()
    _hear_everything()
    try:
        with signals.caught():
            from .app import app

            code = int(app(prog_name="pixelpriv", standalone_mode=False) or 0)
    except BaseException as error:  # noqa: BLE001 - the outermost place: whatever it is becomes a line and a code
        code = _code_of(error)
    if (number := signals.received()) is not None:
        say(f"interrupted by {number.name}; run the same command again to go on")
        code = 128 + number
    if (failure := streams.failure()) is not None:
        say(f"output could not be written: {failure}", logging.ERROR)
    return streams.exit_code(code)


def _code_of(error: BaseException) -> int:
    """Say what went wrong, in one line, and return its exit code."""
    from typer import Abort

    if signals.received() is not None:
        return 0  # whatever arrived here, it began as an interrupt
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, PixelPrivError):
        say(str(error), logging.ERROR)
        return error.exit_code
    if hasattr(error, "format_message"):  # typer's own: an option that does not exist, a value that does not fit
        return _shown(error)
    if isinstance(error, OSError) and error.errno in _STOPS:
        place = f"{error.filename}: " if error.filename else ""
        say(f"cannot go on: {place}{error.strerror}; mend that, then run the same command again", logging.ERROR)
        return StorageError.exit_code
    cause = error.__cause__ if isinstance(error, Abort) else None  # how typer passes on an end of file
    say(crash.words(cause or error), logging.ERROR)
    return crash.EXIT_CODE


def _shown(error: Any) -> int:
    """Let typer print its usage error, with what the user typed made printable."""
    if type(error).__name__ != "NoArgsIsHelpError":  # its message is the help; typer does not export it
        error.message = printable(error.message)
    error.show(file=sys.stderr)
    return int(error.exit_code)


def _hear_everything() -> None:
    """Send what the package logs, what libraries warn of and what fails in threads to stderr, as lines for people."""
    logger = logging.getLogger("pixelpriv_fast")
    logger.addHandler(People())
    logger.setLevel(NOTICE)
    logger.propagate = False
    warnings.showwarning = lambda message, category, *_, **__: _LOG.info("%s: %s", category.__name__, message)
    threading.excepthook = lambda args: say(crash.words(args.exc_value or args.exc_type()), logging.ERROR)
    sys.unraisablehook = lambda found: _LOG.info("%r, ignored in %r", found.exc_value, found.object)
