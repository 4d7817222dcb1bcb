"""Options that several commands share, each spelled once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CLASSIFIER = "efficientnet_lite0"


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Engine(StrEnum):
    auto = "auto"
    torch = "torch"
    onnx = "onnx"


class Format(StrEnum):
    keep = "keep"
    png = "png"
    jpeg = "jpeg"
    webp = "webp"


class Precision(StrEnum):
    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


class MetadataPolicy(StrEnum):
    private = "private"
    keep = "keep"
    none = "none"


class Stop(StrEnum):
    never = "never"
    fooled = "fooled"


ClassifierOption = Annotated[
    list[str] | None,
    typer.Option(
        "--classifier",
        help="The classifier to fool; several may be given, then all of them must be fooled. "
        f"Default: {DEFAULT_CLASSIFIER}, the embedded one (ImageNet objects, not Places365 scenes).",
    ),
]
ModelsOption = Annotated[
    Path | None,
    typer.Option("--models", help="Folder of models, before $PIXELPRIV_MODELS and the user's data folder."),
]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where networks run.")]
EngineOption = Annotated[Engine, typer.Option("--engine", help="Who computes gradients.")]
PrecisionOption = Annotated[
    Precision, typer.Option("--precision", help="Of gradients; what is decided is always decided in fp32.")
]
PresetOption = Annotated[
    str | None,
    typer.Option("--nima-preset", help="How NIMA sees photos: square224 (default), idealo, titu1994, mediaeval2019."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout, nothing else there.")]


def words(given: str) -> tuple[str, ...]:
    """The words of a list with commas, each once. Raises ``UsageError`` for an empty list."""
    from ..errors import UsageError

    found = tuple(dict.fromkeys(word.strip() for word in given.split(",") if word.strip()))
    if not found:
        raise UsageError(f"{given!r} names nothing; give words with commas between them")
    return found


def classifiers_or_default(given: list[str] | None) -> tuple[str, ...]:
    """The classifiers asked for, each word once; the embedded default, said on stderr, when none was."""
    from .output import say

    if given:
        return tuple(dict.fromkeys(name for word in given for name in word.split(",") if name))
    say(
        f"classifier {DEFAULT_CLASSIFIER} (the embedded default: ImageNet objects; "
        "fooling it says nothing about a Places365 classifier)"
    )
    return (DEFAULT_CLASSIFIER,)
