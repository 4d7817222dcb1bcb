"""stdout and stderr of the process, made so that nothing that is wrong with them stops or ends a command.

A stream may be closed from the start, its reader may go away, its disk may be full. Photos are more important than lines
about them: a stream that fails is remembered, written to no longer, and counts in the exit code when the command is over.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ..errors import StorageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

#: The error numbers of a stream that nobody reads: closed from the start, or by its reader.
_CLOSED = (errno.EBADF, errno.EPIPE)

#: Exit codes that only say how the photos are; any other one is more urgent than a stream that failed.
_OF_PHOTOS = (0, 1, 3)


class _Descriptor(io.RawIOBase):
    """Bytes to a descriptor, unbuffered. Never raises: after a failure nothing more is written."""

    def __init__(self, number: int, lost: OSError | None) -> None:
        self.number = number
        self.lost = lost  #: why nothing can be written

    def write(self, data: Buffer, /) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and self.lost is None:
                rest = rest[_written(self.number, rest) :]
        except OSError as error:
            self.lost = error
        return size

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.number

    def isatty(self) -> bool:
        return self.lost is None and os.isatty(self.number)


class Stream(io.TextIOWrapper):
    """Text to a descriptor, unbuffered. Never raises: after a failure nothing more is written, and ``lost`` says why.

    Parameters
    ----------
    number : int
        The open descriptor.
    encoding : str
        Characters that it lacks are written as escapes.
    lost : OSError or None
        Why nothing can be written from the start.
    """

    def __init__(self, number: int, encoding: str = "utf-8", lost: OSError | None = None) -> None:
        self._descriptor = _Descriptor(number, lost)
        self.required = False  #: whether a program asked for what is written here
        super().__init__(self._descriptor, encoding, "backslashreplace", "\n", write_through=True)  # type: ignore[arg-type]

    @property
    def lost(self) -> OSError | None:
        """Why nothing can be written."""
        return self._descriptor.lost

    @property
    def reader_left(self) -> bool:
        """Whether somebody read here, and has gone."""
        return self.lost is not None and self.lost.errno == errno.EPIPE

    @property
    def failure(self) -> OSError | None:
        """Why the command could not say what it was to say; None also if nobody wanted to hear it."""
        unheard = self.lost is not None and self.lost.errno in _CLOSED
        return None if unheard and not self.required else self.lost

    def move(self, number: int, encoding: str) -> None:
        """Write elsewhere from now on.

        Parameters
        ----------
        number : int
            The open descriptor.
        encoding : str
            The encoding.
        """
        self.reconfigure(encoding=encoding, errors="backslashreplace")
        self._descriptor.number = number


@dataclass(frozen=True, slots=True)
class Streams:
    """The two streams of the process.

    Attributes
    ----------
    out, err : Stream
        stdout and stderr.
    """

    out: Stream
    err: Stream

    @classmethod
    def secured(cls) -> Self:
        """Put both in place of Python's own. Descriptors that are closed are opened on nothing.

        Otherwise the next file that is opened, the journal for example, would get the number that libraries print to.
        """
        closed = {number: error for number in range(3) if (error := _opened_on_nothing(number)) is not None}
        encodings = (getattr(stream, "encoding", None) or "utf-8" for stream in (sys.stdout, sys.stderr))
        out, err = (Stream(number, name, closed.get(number)) for number, name in enumerate(encodings, 1))
        sys.stdout, sys.stderr = out, err
        return cls(out, err)

    def failure(self) -> str | None:
        """Return why something that was to be said could not be, or None."""
        error = self.out.failure or self.err.failure
        if error is None:
            return None
        return "nobody reads it" if error.errno in _CLOSED else error.strerror

    def exit_code(self, code: int) -> int:
        """Return what the process ends with, if the command itself ends with ``code``."""
        return StorageError.exit_code if code in _OF_PHOTOS and self.failure() is not None else code


def claim_stdout(encoding: str | None = None) -> Stream:
    """Return the real stdout, and send everything else that writes to descriptor 1 to stderr.

    That includes C libraries, so no library's banner can corrupt the output.

    Parameters
    ----------
    encoding : str, optional
        The encoding; None for the terminal's.

    Returns
    -------
    Stream
        stdout.
    """
    stream = sys.stdout if isinstance(sys.stdout, Stream) else Stream(1)
    try:
        private = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # no such descriptor: a caller that captures output itself
        return stream
    sys.stdout = sys.stderr
    stream.move(private, encoding or stream.encoding)
    return stream


def _opened_on_nothing(number: int) -> OSError | None:
    """Open a descriptor on the null device if it is closed, and return the error that says that it was."""
    try:
        os.fstat(number)
    except OSError as error:
        null = os.open(os.devnull, os.O_RDWR)
        if null != number:
            os.dup2(null, number)
            os.close(null)
        os.set_inheritable(number, True)
        return error
    return None


def _written(number: int, data: memoryview) -> int:
    """Write a part of ``data`` and return the number of bytes."""
    try:
        return os.write(number, data)
    except BlockingIOError:  # another program shares the pipe, and made it not wait
        select.select([], [number], [])
        return 0
