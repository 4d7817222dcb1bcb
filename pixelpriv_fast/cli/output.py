"""What reaches the terminal: answers or JSON Lines on stdout, everything else on stderr."""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TextIO

import typer

from ..errors import PixelPrivError, one_line
from ..json_safe import json_safe

P = ParamSpec("P")


def claim_stdout() -> TextIO:
    """Return the real stdout, and send everything else that writes to descriptor 1 to stderr.

    That includes C libraries, so no library's banner can corrupt the output.
    """
    sys.stdout.flush()
    try:
        private = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # no such descriptor: a caller that captures sys.stdout itself
        return sys.stdout
    # A file name that is not valid text is escaped, as in JSON.
    return os.fdopen(private, "w", encoding="utf-8", errors="backslashreplace", newline="\n")


class Output:
    """stdout of one command: JSON Lines if ``as_json``, else lines for people."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._stream = claim_stdout()

    @property
    def is_terminal(self) -> bool:
        """Whether lines for people go to a terminal, so that a progress bar may print them."""
        return not self._json and self._stream.isatty()

    def record(self, record: dict[str, Any], line: str | None = None) -> None:
        """Write one object, or its line for people.

        Parameters
        ----------
        record : dict
            Written as one line of JSON with ``--json``.
        line : str, optional
            Written otherwise; None writes nothing.
        """
        if self._json:
            text: str | None = json.dumps(json_safe(record), ensure_ascii=False, allow_nan=False)
        else:
            text = line
        if text is not None:
            self._stream.write(text + "\n")
            self._stream.flush()


def say(message: str) -> None:
    """Print a line for people on stderr."""
    print(f"pixelpriv: {message}", file=sys.stderr, flush=True)


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """Make a command end with an exit code, and its own errors with one line on stderr instead of a traceback.

    The command returns its exit code; None is 0. An interrupt is 130, a closed pipe (``| head``) 141.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _log_to_stderr()
        try:
            code = command(*args, **kwargs) or 0
        except PixelPrivError as error:
            say(one_line(error, None))
            code = error.exit_code
        except KeyboardInterrupt:
            say("interrupted; run the same command again to go on")
            code = 130
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            code = 141
        raise typer.Exit(code)

    return run


def _log_to_stderr() -> None:
    """Send the package's log lines (choices of ``auto``, models being built) to stderr."""
    logger = logging.getLogger("pixelpriv_fast")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("pixelpriv: %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
