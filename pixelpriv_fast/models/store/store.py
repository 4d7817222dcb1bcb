"""Folders of ready ``.onnx`` files, one file a network, and how files get into them."""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ...errors import NOTICE, ModelError, StorageError, UsageError, unknown_word
from ...files import write_atomic
from ..card import Card
from ..catalogue import CARDS, card_of
from ..importing.build import build
from ..stamped.file import StampedModel, read
from .download import download
from .folders import locked, search_path
from .status import ModelStatus

_LOG = logging.getLogger(__name__)

#: What a user's own network may be called: its file is called so, too.
OWN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

Notice = Callable[[str], None]


class Store:
    """Finds, builds, imports and checks models.

    Parameters
    ----------
    models : path, optional
        The folder that comes before all others.
    environment : mapping of str to str
        The environment's variables.
    notice : callable, optional
        Called with one line when something slow begins (the command line prints it on stderr); the default logs it.
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
        self._notice = notice or functools.partial(_LOG.log, NOTICE)

    def find(self, name: str) -> Path | None:
        """Return the file of model ``name``, the first along the folders, or None. Builds and checks nothing."""
        if name not in CARDS and not OWN_NAME.fullmatch(name):
            return None
        paths = (folder / f"{name}.onnx" for folder in self.folders)
        return next((path for path in paths if path.is_file()), None)

    def find_known(self, name: str) -> Path | None:
        """Return what ``find`` returns. Raises ``UsageError`` for a name that stands for no network."""
        path = self.find(name)
        if path is None and name not in CARDS:
            raise unknown_word("model", name, [*CARDS, *self.own()], advice="models import takes your own .onnx")
        return path

    def path_for_new(self, name: str) -> Path:
        """Return where a new model ``name`` is written: the first folder."""
        return self.folders[0] / f"{name}.onnx"

    def own(self) -> list[str]:
        """List the names of users' own networks."""
        found = {path.stem for folder in self.folders if folder.is_dir() for path in folder.glob("*.onnx")}
        return sorted(name for name in found if name not in CARDS and OWN_NAME.fullmatch(name))

    def check_own_name(self, name: str) -> None:
        """Check a name for a network of the user's. Raises ``UsageError`` if it cannot have it."""
        if name in CARDS:
            raise UsageError(f"{name} is a network that the store knows; choose another name for your own")
        if not OWN_NAME.fullmatch(name):
            raise UsageError(f"network name {name!r}: use letters, digits, - and _, 64 of them at most")

    def put(self, name: str, data: bytes) -> Path:
        """Write a stamped model.

        Parameters
        ----------
        name : str
            The model's name.
        data : bytes
            The stamped ``.onnx``.

        Returns
        -------
        Path
            Its file, which replaces one that stood there.

        Raises
        ------
        StorageError
            If the folder cannot be written.
        """
        target = self.path_for_new(name)
        with locked(target.parent):
            write_atomic(target, data)
        return target

    def load(self, name: str) -> StampedModel:
        """Return the checked model ``name``; the embedded default is built if it is not there yet.

        Raises ``ModelError`` if it is missing (the message says how to get it), damaged, or another network's file.
        """
        path = self.find_known(name)
        if path is None and embedded_source(CARDS[name]) is not None:
            path = self._build_embedded(CARDS[name])
        if path is None:
            card = CARDS[name]
            looked = ", ".join(map(str, self.folders))
            raise ModelError(
                f"model {card.name} is not in the store (looked in {looked}); get it so: {card.how_to_get}"
            )
        model = read(path)
        if model.stamp.name != name:
            raise ModelError(f"{path}: this is {model.stamp.name}, not {name}; delete it and import {name} again")
        return model

    def import_model(self, name: str, file: str | os.PathLike[str], *, allow_unknown_hash: bool = False) -> Path:
        """Build a model from a checkpoint (official file or ``.npz``), or take a ready stamped ``.onnx`` over.

        Parameters
        ----------
        name : str
            Name of its card.
        file : path
            The checkpoint or ``.onnx``.
        allow_unknown_hash : bool
            Whether a checkpoint of another hash than the pinned one is accepted.

        Returns
        -------
        Path
            The new file, which replaces one that stood there.

        Raises
        ------
        ModelError
            If the file is missing, or if it does not fit the network.
        StorageError
            If the folder cannot be written.
        """
        path = Path(file)
        if not path.is_file():
            raise ModelError(f"{path}: no such file")
        if path.suffix == ".onnx":
            data = _ready(name, path)
        else:
            card = card_of(name)
            self._notice(f"building {card.name} from {path.name} ...")
            data = build(card, path, allow_unknown_hash=allow_unknown_hash)
        return self.put(name, data)

    def fetch(self, name: str) -> Path:
        """Download model ``name``'s official file (its hash is pinned), import it, and return the new file's path."""
        card = card_of(name)
        if embedded_source(card) is not None:
            return self.find(name) or self._build_embedded(card)
        with tempfile.TemporaryDirectory(prefix="pixelpriv-") as folder:
            self._notice(f"downloading {card.source.url} ...")
            return self.import_model(name, download(card, Path(folder), self._environment))

    def listing(self) -> list[ModelStatus]:
        """Return every known network and the user's own: where it is, or how to get it. Reads and checks the files."""
        return [self._entry(card) for card in CARDS.values()] + [self._own_entry(name) for name in self.own()]

    def verify(self) -> list[ModelStatus]:
        """Return the networks that are there, each file read and its hash checked again; "ready" or "damaged"."""
        return [entry for entry in self.listing() if entry.path is not None]

    def _entry(self, card: Card) -> ModelStatus:
        known = card.name, card.kind, card.title, card.licence
        path = self.find(card.name)
        if path is None:
            return ModelStatus(
                *known, "missing" if embedded_source(card) is None else "embedded", remark=card.how_to_get
            )
        return self._entry_of(known, path)

    def _own_entry(self, name: str) -> ModelStatus:
        path = self.find(name)
        if path is None:
            raise ModelError(f"{name} has gone from the store while it was listed; list it again")
        return self._entry_of((name, "classifier", name, "not stated: user-supplied only"), path)

    def _entry_of(self, known: tuple[str, str, str, str], path: Path) -> ModelStatus:
        try:
            model = self.load(known[0])
        except ModelError as error:
            return ModelStatus(*known, "damaged", path, path.stat().st_size, remark=str(error))
        origin = model.stamp.source
        remark = "" if origin.verified else "the hash of its source is not a pinned one"
        return ModelStatus(*known, "ready", path, len(model.data), model.sha256, origin.file, origin.verified, remark)

    def _build_embedded(self, card: Card) -> Path:
        source = embedded_source(card)
        if source is None:
            raise ModelError(f"{card.name} has no installed data package; {card.how_to_get}")
        *others, last = self.folders
        for folder in others:  # the first one may be a store that is only read
            try:
                return self._built_in(folder, card, source)
            except StorageError as error:
                self._notice(f"{error}; trying the next folder")
        return self._built_in(last, card, source)

    def _built_in(self, folder: Path, card: Card, source: Path) -> Path:
        target = folder / f"{card.name}.onnx"
        with locked(folder):
            if not target.is_file():  # another process may have built it while this one waited
                self._notice(f"building {card.name} for the first use, once (about 10 s) ...")
                write_atomic(target, build(card, source))
        return target


def load_model(
    name: str, models: str | os.PathLike[str] | None = None, *, notice: Notice | None = None
) -> StampedModel:
    """Return a checked model.

    Parameters
    ----------
    name : str
        Name of a card, or the path of a stamped ``.onnx``.
    models : path, optional
        A folder to look in first.
    notice : callable, optional
        Called with one line when something slow begins.

    Returns
    -------
    StampedModel
        The model.

    Raises
    ------
    ModelError
        If it is missing or damaged.
    UsageError
        For an unknown name.
    """
    return read(Path(name)) if name.endswith(".onnx") else Store(models, notice=notice).load(name)


def embedded_source(card: Card) -> Path | None:
    """Return the checkpoint inside ``card``'s installed data package, None without one. Imports no code of that package."""
    if card.source.package is None or card.source.member is None:
        return None
    spec = importlib.util.find_spec(card.source.package)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder) / card.source.member).is_file():
            return path
    return None


def _ready(name: str, path: Path) -> bytes:
    model = read(path)
    if model.stamp.name != name:
        raise ModelError(f"{path}: this is {model.stamp.name}, not {name}")
    return model.data
