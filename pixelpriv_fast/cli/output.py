"""What reaches the terminal: answers or JSON Lines on stdout, lines for people on stderr."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import sys
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec

import typer

from ..errors import NOTICE, UsageError
from ..json_safe import json_safe
from .printable import printable
from .signals import raise_received
from .streams import claim_stdout

P = ParamSpec("P")

#: All lines for people go through this logger, beside those of the library's rooms: one place decides what is shown.
_PEOPLE = logging.getLogger("pixelpriv_fast.cli")

#: Statuses of a photo that are bad news, shown with -q too: the exit code says them.
_BAD = ("failed", "unprotected")


class Output:
    """What one command says: answers or JSON Lines on stdout, and lines about photos on stderr.

    Parameters
    ----------
    as_json : bool
        Whether stdout gets JSON Lines, and nothing else.
    """

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._stream = claim_stdout("utf-8" if as_json else None)
        self._stream.required = as_json

    @property
    def on_terminal(self) -> bool:
        """Whether records go to a terminal, so that a progress bar would get between them."""
        return self._json and self._stream.isatty()

    @property
    def reader_left(self) -> bool:
        """Whether nobody takes further answers (``| head``)."""
        return self._stream.reader_left

    def record(self, record: dict[str, Any], *lines: str) -> None:
        """Write an object to stdout: a line of JSON with ``--json``, else its lines for people.

        Parameters
        ----------
        record : dict
            The object.
        *lines : str
            What people read of it; none is written where there is none.
        """
        shown = [json.dumps(json_safe(record), ensure_ascii=False, allow_nan=False)] if self._json else lines
        for line in shown:
            # JSON has its own escapes, and names in it are whole.
            self._stream.write((line if self._json else printable(line)) + "\n")

    def photo(self, record: dict[str, Any], line: str) -> None:
        """Write what became of a photo: JSON to stdout, or a line for people to stderr.

        Parameters
        ----------
        record : dict
            The photo's record.
        line : str
            The same for people. With ``--json`` they only read the reason of a failure.
        """
        raise_received()
        self.record(record)
        level = logging.ERROR if record.get("status") in _BAD else NOTICE
        if not self._json:
            _PEOPLE.log(level, "%s", line, extra={"prefix": ""})
        elif record.get("status") == "failed":
            say(record["reason"], level)


class People(logging.Handler):
    """Writes log records to stderr as lines for people, never with a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        prefix = getattr(record, "prefix", "pixelpriv: ")
        sys.stderr.write(f"{prefix}{printable(record.getMessage())}\n")


def say(message: str, level: int = NOTICE) -> None:
    """Print a line for people on stderr.

    Parameters
    ----------
    message : str
        The line.
    level : int
        ``logging.ERROR`` is shown with -q too, ``logging.INFO`` only with -v.
    """
    _PEOPLE.log(level, "%s", message)


def is_quiet() -> bool:
    """Return whether only errors are shown."""
    return not _PEOPLE.isEnabledFor(NOTICE)


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """Make a command end with the exit code that it returns (None is 0), and give it the options -v and -q.

    typer reads a command's options off its signature, so the joined signature is set here.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _listen(*(bool(kwargs.pop(name, False)) for name in shared))
        raise typer.Exit(command(*args, **kwargs) or 0)

    shared = inspect.signature(_listen, eval_str=True).parameters
    own = inspect.signature(command, eval_str=True)
    joined = [*own.parameters.values(), *shared.values()]
    by_name = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in joined]
    run.__signature__ = own.replace(parameters=by_name)  # type: ignore[attr-defined]
    return run


def _listen(
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Also say which providers, sessions and engines run.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """Choose what is shown on stderr."""
    if verbose and quiet:
        raise UsageError("-v asks for more lines and -q for fewer; give one of them")
    level = logging.INFO if verbose else logging.ERROR if quiet else NOTICE
    logging.getLogger("pixelpriv_fast").setLevel(level)
