"""Options that several commands share, each spelled once. Words come from the tables and from ``words.py``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from .. import defaults
from ..errors import UsageError, checked_word
from ..registry import CODECS, ENGINES
from ..words import Device, NimaPreset, PrecisionRequest
from . import completion

if TYPE_CHECKING:  # sets that follow from tables; a type checker takes only what is written out
    Engine: TypeAlias = str
    Format: TypeAlias = str
else:
    Engine = Literal[("auto", *ENGINES)]
    Format = Literal[("keep", *CODECS)]


def one_of(kind: str, words: Any) -> Callable[[str], str]:
    """Make a parser of option values that refuses other words in the form that the whole package uses.

    Parameters
    ----------
    kind : str
        What the words name, for the message.
    words : Literal type or iterable of str
        The words that exist.

    Returns
    -------
    callable
        For ``typer.Option(parser=...)``: returns a known word and raises ``typer.BadParameter`` for another.
    """

    def parse(word: str) -> str:
        try:
            return checked_word(kind, word, words)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from None

    return parse


def word_of(kind: str, words: Any) -> dict[str, Any]:
    """Return what ``typer.Option`` needs for a closed set of words: the parser, and what the shell completes.

    Parameters
    ----------
    kind : str
        What the words name, for messages.
    words : Literal type or iterable of str
        The words that exist.

    Returns
    -------
    dict
        Keyword arguments.
    """
    return {"parser": one_of(kind, words), "autocompletion": completion.words(words)}


ClassifierOption = Annotated[
    list[str] | None,
    typer.Option(
        "--classifier",
        autocompletion=completion.classifiers,
        help="The classifier to fool; several may be given, then all of them must be fooled. "
        f"Default: {defaults.CLASSIFIER}, the embedded one (ImageNet objects, not Places365 scenes).",
    ),
]
ModelsOption = Annotated[
    Path | None,
    typer.Option("--models", help="Folder of models, searched before $PIXELPRIV_MODELS and the user's data folder."),
]
DeviceOption = Annotated[
    Device, typer.Option("--device", **word_of("device", Device), help="Device that networks run on.")
]
EngineOption = Annotated[Engine, typer.Option("--engine", **word_of("engine", Engine), help="Gradient engine.")]
PrecisionOption = Annotated[
    PrecisionRequest,
    typer.Option(
        "--precision",
        **word_of("precision", PrecisionRequest),
        help="Precision of gradients; verdicts are always computed in fp32.",
    ),
]
QualityOption = Annotated[
    int | None,
    typer.Option("--quality", help="Quality of lossy formats, 1..100. Default: 95, or the source's if higher."),
]
SeedOption = Annotated[
    int, typer.Option("--seed", help="Seed; each photo's own seed is made from it and the photo's content.")
]
PresetOption = Annotated[
    NimaPreset | None,
    typer.Option(
        "--nima-preset",
        **word_of("NIMA preset", NimaPreset),
        help="How NIMA resizes photos. Default: square224.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON Lines, and nothing else, to stdout.")]


def format_option(help: str) -> Any:
    """Return the option ``--format`` with this help text."""
    return typer.Option("--format", **word_of("photo format", Format), help=help)


def format_or_none(word: Format) -> str | None:
    """Return the format that ``--format`` names; None for "keep", each photo's own."""
    return None if word == "keep" else word


def words_of(given: str) -> tuple[str, ...]:
    """Return the words of a comma-separated list, each once. Raises ``UsageError`` for an empty list."""
    found = tuple(dict.fromkeys(word.strip() for word in given.split(",") if word.strip()))
    if not found:
        raise UsageError(f"{given!r} is an empty list; give comma-separated names")
    return found


def classifiers_or_default(given: list[str] | None) -> tuple[str, ...]:
    """Return the requested classifiers, each once; if none is requested, the embedded default: see ``say_embedded``."""
    if given:
        return tuple(dict.fromkeys(name for word in given for name in word.split(",") if name))
    return (defaults.CLASSIFIER,)


def say_embedded(given: list[str] | None) -> None:
    """Say what the default classifier is, if none was requested. To be called once the command line is known to be right."""
    from .output import say

    if not given:
        say(
            f"classifier {defaults.CLASSIFIER} (the embedded default: ImageNet objects; "
            "fooling it says nothing about a Places365 classifier)",
            logging.WARNING,
        )
