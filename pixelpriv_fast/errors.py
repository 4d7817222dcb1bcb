"""The package's errors, and the forms of message that its rooms share.

Each message names the value that was seen and the fix. Each class carries the exit code that the command line ends with, see
the README's table.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Final, get_args

#: The level of log lines that a person should read without asking, about work that takes long for example. It is above
#: ``logging.INFO`` (details), and below the level that Python prints where a program configures no logging.
NOTICE: Final = 25


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


def known_words(words: Any) -> tuple[str, ...]:
    """Return the words of a ``Literal`` type, in the order in which it was written."""
    return tuple(get_args(words))


def unknown_word(
    kind: str, word: object, known: Iterable[str], aliases: Iterable[str] = (), advice: str = ""
) -> UsageError:
    """Make the error for a word that does not exist, with the nearest known word and all of them.

    Parameters
    ----------
    kind : str
        What the word names, for example "attack" or "keep rule".
    word : object
        The word that was given.
    known : iterable of str
        The words that exist; the message lists them in this order.
    aliases : iterable of str
        Further words that are accepted; they are suggested and not listed.
    advice : str
        A sentence that ends the message, if the words alone do not say what to write.

    Returns
    -------
    UsageError
        To be raised by the caller.
    """
    listed = tuple(known)
    spelled = {known_word.lower(): known_word for known_word in (*aliases, *listed)}  # capitals are no distance
    near = difflib.get_close_matches(str(word).lower(), spelled, n=1)
    hint = f"; did you mean {spelled[near[0]]!r}?" if near else "."
    ending = f". {advice}" if advice else ""
    return UsageError(f"unknown {kind} {word!r}{hint} Known: {', '.join(listed)}{ending}")


def checked_word(kind: str, word: str, words: Any) -> str:
    """Return ``word`` if it is one of ``words``.

    Parameters
    ----------
    kind : str
        What the word names, for the message.
    word : str
        The word that was given.
    words : Literal type or iterable of str
        The words that exist.

    Returns
    -------
    str
        The word itself.

    Raises
    ------
    UsageError
        If the word is not known; the message lists those that are.
    """
    known = known_words(words) or tuple(words)
    if word not in known:
        raise unknown_word(kind, word, known)
    return word
