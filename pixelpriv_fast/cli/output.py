"""What reaches the terminal: JSON Lines on stdout and nothing else there, words for people on stderr."""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TextIO

import typer

from ..errors import PixelPrivError
from ..json_safe import finite

P = ParamSpec("P")


def claim_stdout() -> TextIO:
    """The real stdout, for our own use; from here on everything else that writes to descriptor 1, C libraries
    included, lands on stderr. So no library's banner can ever corrupt the output."""
    sys.stdout.flush()
    try:
        private = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # no such descriptor: a caller that captures sys.stdout itself
        return sys.stdout
    # A file name that is no valid text is escaped, as JSON does it too.
    return os.fdopen(private, "w", encoding="utf-8", errors="backslashreplace", newline="\n")


class Output:
    """stdout of one command: JSON Lines when asked for, plain lines otherwise."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._stream = claim_stdout()

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads this, so that lines need not come by the stream itself."""
        return not self._json and self._stream.isatty()

    def record(self, record: dict[str, Any], line: str | None = None) -> None:
        """One object (with ``--json``) or one line for people; ``line`` None prints nothing for people."""
        if self._json:
            text: str | None = json.dumps(finite(record), ensure_ascii=False, allow_nan=False)
        else:
            text = line
        if text is not None:
            self._stream.write(text + "\n")
            self._stream.flush()


def say(message: str) -> None:
    """A line for the person at the terminal, on stderr."""
    print(f"pixelpriv: {message}", file=sys.stderr, flush=True)


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """A command whose own errors end in one line on stderr and their exit code, never in a traceback. The command
    returns its exit code (None is 0). An interrupt is 130; a reader that went away (``| head``) is 141."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _log_to_stderr()
        try:
            code = command(*args, **kwargs) or 0
        except PixelPrivError as error:
            say(" ".join(str(error).split()))
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
    """The package's own log lines (choices of ``auto``, models being built) for the person at the terminal."""
    logger = logging.getLogger("pixelpriv_fast")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("pixelpriv: %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
