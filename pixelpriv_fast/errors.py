"""The package's errors.

Each message names the value that was seen and the fix. Each class carries the exit code that the command line ends with, see
the README's table.
"""

from __future__ import annotations


class PixelPrivError(Exception):
    """Base of every error that this package raises on purpose."""

    exit_code = 1


class UsageError(PixelPrivError, ValueError):
    """An argument, option or name that does not fit. The message lists what would."""

    exit_code = 2


class PhotoError(PixelPrivError):
    """One photo that cannot be read, processed or encoded. It never stops the others."""

    exit_code = 1


class ModelError(PixelPrivError):
    """A model that is missing, damaged, of another network, or that cannot run here."""

    exit_code = 4


class DeviceError(ModelError):
    """A device, provider or engine that was requested and does not work on this machine."""


class StorageError(PixelPrivError, OSError):
    """The output folder cannot take any more: no space, read-only, gone. The job stops and can be resumed."""

    exit_code = 5


class JournalError(PixelPrivError):
    """An output folder's journal that is damaged or of a newer release. The photos beside it are not concerned."""

    exit_code = 4


def one_line(error: object, longest: int | None = 300) -> str:
    """Return an error's words as one line, for a message of ours that quotes them.

    Parameters
    ----------
    error : Exception or str
        What is quoted; blanks and line breaks become single blanks.
    longest : int or None
        Number of characters after which it is cut; None keeps all.

    Returns
    -------
    str
        The line.
    """
    return " ".join(str(error).split())[:longest]
