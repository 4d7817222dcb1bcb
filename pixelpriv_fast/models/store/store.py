"""The store: folders of ready ``.onnx`` files, one a network, and the ways that files get into it."""

from __future__ import annotations

import importlib.util
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import ModelError
from ...files import write_atomic
from ..card import Card
from ..catalogue import CARDS, card_of
from ..importing.build import build
from ..stamped.file import StampedModel, read
from .download import download
from .folders import locked, search_path

_LOG = logging.getLogger(__name__)

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One network in a listing. ``status``: "ready", "embedded" (built on first use), "missing" or "damaged"."""

    name: str
    kind: str
    title: str
    licence: str
    status: str
    path: Path | None = None
    size: int | None = None
    sha256: str | None = None
    source: str | None = None  #: the file that the weights came from
    verified: bool | None = None  #: whether that file's hash was the pinned one
    remark: str = ""  #: how to get it, or what is wrong with it


class Store:
    """Finds, builds, imports and checks models. ``models``: the folder that comes before all others.

    ``notice`` is told in one line when something slow begins (the command line prints it on stderr); the default
    logs it.
    """

    def __init__(
        self,
        models: str | os.PathLike[str] | None = None,
        *,
        environment: Mapping[str, str] = os.environ,
        notice: Notice | None = None,
    ) -> None:
        self.folders = search_path(None if models is None else Path(models), environment)
        self._environment = environment
        self._notice = notice or _LOG.info

    def find(self, name: str) -> Path | None:
        """The file of model ``name``: the first there is along the folders, or None. Builds and checks nothing."""
        card = card_of(name)
        paths = (folder / f"{card.name}.onnx" for folder in self.folders)
        return next((path for path in paths if path.is_file()), None)

    def path_for_new(self, name: str) -> Path:
        """Where a new model ``name`` is written: the first folder."""
        return self.folders[0] / f"{card_of(name).name}.onnx"

    def load(self, name: str) -> StampedModel:
        """The checked model ``name``; the embedded default is built if it is not there yet.

        Raises ``ModelError`` when it is missing (with the way to get it), damaged, or another network's file.
        """
        card = card_of(name)
        path = self.find(name)
        if path is None and embedded_source(card) is not None:
            path = self._build_embedded(card)
        if path is None:
            looked = ", ".join(map(str, self.folders))
            raise ModelError(
                f"model {card.name} is not in the store (looked in {looked}); get it so: {card.how_to_get}"
            )
        model = read(path)
        if model.stamp.name != card.name:
            raise ModelError(
                f"{path}: this is {model.stamp.name}, not {card.name}; delete it and import {card.name} again"
            )
        return model

    def import_model(self, name: str, file: str | os.PathLike[str], *, allow_unknown_hash: bool = False) -> Path:
        """Builds model ``name`` from a checkpoint (official file or ``.npz``), or takes a ready stamped ``.onnx`` over.

        Returns the path of the new file, which replaces one that stood there. Raises ``ModelError``, ``StorageError``.
        """
        card, path = card_of(name), Path(file)
        if not path.is_file():
            raise ModelError(f"{path}: no such file")
        if path.suffix == ".onnx":
            data = _ready(card, path)
        else:
            self._notice(f"building {card.name} from {path.name} ...")
            data = build(card, path, allow_unknown_hash=allow_unknown_hash)
        target = self.path_for_new(name)
        with locked(target.parent):
            write_atomic(target, data)
        return target

    def fetch(self, name: str) -> Path:
        """Downloads model ``name``'s official file (hash pinned), imports it, and returns the new file's path."""
        card = card_of(name)
        if embedded_source(card) is not None:
            return self.find(name) or self._build_embedded(card)
        with tempfile.TemporaryDirectory(prefix="pixelpriv-") as folder:
            self._notice(f"downloading {card.source.url} ...")
            return self.import_model(name, download(card, Path(folder), self._environment))

    def listing(self) -> list[ModelStatus]:
        """Every known network: where it is, or how to get it. Reads and checks the files that are there."""
        return [self._entry(card) for card in CARDS.values()]

    def verify(self) -> list[ModelStatus]:
        """The networks that are there, each file read and its hash checked anew; "ready" or "damaged"."""
        return [entry for entry in self.listing() if entry.path is not None]

    def _entry(self, card: Card) -> ModelStatus:
        known = card.name, card.kind, card.title, card.licence
        path = self.find(card.name)
        if path is None:
            return ModelStatus(
                *known, "missing" if embedded_source(card) is None else "embedded", remark=card.how_to_get
            )
        try:
            model = self.load(card.name)
        except ModelError as error:
            return ModelStatus(*known, "damaged", path, path.stat().st_size, remark=str(error))
        origin = model.stamp.source
        remark = "" if origin.verified else "the hash of its source is not a pinned one"
        return ModelStatus(*known, "ready", path, len(model.data), model.sha256, origin.file, origin.verified, remark)

    def _build_embedded(self, card: Card) -> Path:
        source = embedded_source(card)
        if source is None:
            raise ModelError(f"{card.name} has no installed data package; {card.how_to_get}")
        target = self.path_for_new(card.name)
        with locked(target.parent):
            if not target.is_file():  # another process may have built it while this one waited
                self._notice(f"building {card.name} for the first use, once (about 10 s) ...")
                write_atomic(target, build(card, source))
        return target


def load_model(
    name: str, models: str | os.PathLike[str] | None = None, *, notice: Notice | None = None
) -> StampedModel:
    """The checked model ``name`` of the store (``models``: a folder to look in first), or the stamped file where
    ``name`` is the path of an ``.onnx``. Raises ``ModelError``; ``UsageError`` for an unknown name."""
    return read(Path(name)) if name.endswith(".onnx") else Store(models, notice=notice).load(name)


def embedded_source(card: Card) -> Path | None:
    """The checkpoint inside ``card``'s installed data package; None without one. Imports no code of that package."""
    if card.source.package is None or card.source.member is None:
        return None
    spec = importlib.util.find_spec(card.source.package)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder) / card.source.member).is_file():
            return path
    return None


def _ready(card: Card, path: Path) -> bytes:
    model = read(path)
    if model.stamp.name != card.name:
        raise ModelError(f"{path}: this is {model.stamp.name}, not {card.name}")
    return model.data
