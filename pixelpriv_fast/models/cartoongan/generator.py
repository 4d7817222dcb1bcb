"""Generators ready to use: photo in, photo out, whole if memory allows, else strip by strip."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import closing
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from ...errors import ModelError, PhotoError, UsageError, checked_word
from ...runtime import Choice, Session, SessionOptions, create_session, precisions, select
from ...types import Pixels
from ...words import OLD_PRECISIONS, Precision, PrecisionRequest
from ..stamped.file import StampedModel, load_state_dict, read
from ..store.store import Store
from .graph import folded_graph
from .parts import MIN_ROWS, StripPrecision
from .planes import planar, rounded_photo
from .strips import StripRunner, trunk_bytes

_LOG = logging.getLogger(__name__)

#: Bytes per pixel of the photo at the peak of a run: the maximum measured with OpenVINO, and a little.
_WHOLE_BYTES: Final = {"fp32": 750, "bf16": 400, "fp16": 400}
#: Bytes per pixel of a strip: more, because gains are inputs and statistics are outputs.
_STRIP_BYTES: Final = {"fp32": 2200, "bf16": 1800, "fp16": 1800}
#: Rows of the photo that a strip shares with its neighbours: computed twice, and held.
_SHARED_ROWS: Final = 24
#: A session keeps the memory of its largest run. A photo that needs more than this gets a session of its own (0.2 s),
#: which is closed afterwards.
_POOLED_BYTES: Final = 512 << 20
_CACHED: Final = 4  #: generators that stay loaded: the four styles, 45 MB of weights each
_MIN_SIDE: Final = 8
_loading = threading.Lock()  # two threads that want the same generator shall not both make it


class Generator:
    """A CartoonGAN generator in one precision on one provider. May be shared by threads.

    Parameters
    ----------
    model : StampedModel
        A checked model of kind "generator".
    choice : Choice
        The provider.
    precision : {"fp32", "bf16", "fp16"}
        Precision of the convolutions.

    Raises
    ------
    ModelError
        If the model is of another kind, or not in fp32.
    """

    def __init__(self, model: StampedModel, choice: Choice, precision: Precision) -> None:
        if model.stamp.kind != "generator":
            raise ModelError(f"{model.stamp.name} is a {model.stamp.kind}, not a generator")
        if model.stamp.precision != "fp32":
            raise ModelError(f"{model.stamp.name} is in {model.stamp.precision}; import the checkpoint itself instead")
        self.name = model.stamp.name
        self.precision: Precision = precision
        self._folded = load_state_dict(model)
        self._create = partial(create_session, device=choice, options=SessionOptions(precision=precision))
        self._graph = model.data if precision != "fp16" else folded_graph(self._folded, "fp16")
        self._session: Session = self._create(self._graph)
        self._input = model.stamp.input

    @property
    def device(self) -> str:
        """What really runs, as "cpu (OpenVINO)"."""
        return str(self._session.provider)

    def __call__(self, photo: Pixels, memory: int) -> Pixels:
        """Draw a photo.

        Parameters
        ----------
        photo : ndarray of uint8, shape (h, w, 3)
            Both sides are multiples of 4 and at least 8.
        memory : int
            Maximum number of bytes.

        Returns
        -------
        ndarray of uint8, shape (h, w, 3)
            The drawing.

        Raises
        ------
        PhotoError
            If even strips need more memory.
        UsageError
            If the sides do not fit.
        """
        height, width = photo.shape[:2]
        if height % 4 or width % 4 or min(height, width) < _MIN_SIDE:
            raise UsageError(f"a generator takes sides that are multiples of 4 from {_MIN_SIDE}, not {width}x{height}")
        needed = height * width * _WHOLE_BYTES[self.precision]
        if needed > memory:
            return self._in_strips(photo, memory)
        if needed <= _POOLED_BYTES:
            return self._whole(self._session, photo)
        with closing(self._create(self._graph)) as session:
            return self._whole(session, photo)

    def _whole(self, session: Session, photo: Pixels) -> Pixels:
        return rounded_photo(session.run({self._input: planar(photo)})[0])

    def _in_strips(self, photo: Pixels, memory: int) -> Pixels:
        height, width = photo.shape[:2]
        # fp16 has eight times the resolution of the bf16 that made the values.
        precision = StripPrecision(
            convolutions="fp16" if self.precision == "fp16" else "fp32",
            trunk="fp32" if self.precision == "fp32" else "fp16",
        )
        row = _STRIP_BYTES[self.precision] * width
        trunk = trunk_bytes(height, width, precision)
        needed = trunk + row * (4 * MIN_ROWS + _SHARED_ROWS)
        if needed > memory:
            raise PhotoError(
                f"{self.name} needs {needed / 2**20:.0f} MiB for a photo of {width}x{height} in {self.precision}, and "
                f"memory is {memory / 2**20:.0f} MiB; raise it, or set working_size (the longest side to work at)"
            )
        rows = ((memory - trunk) // row - _SHARED_ROWS) // 4
        _LOG.info("%s: %dx%d in strips of %d rows", self.name, width, height, 4 * rows)
        return StripRunner(self._folded, self._create, precision, rows)(photo)


def load_generator(
    name: str, models: str | os.PathLike[str] | None = None, device: str = "auto", precision: str = "auto"
) -> Generator:
    """Load a generator from the store; the same object for the same file, device and precision.

    Parameters
    ----------
    name : str
        Name of its card.
    models : path, optional
        A folder to look in first.
    device : str
        "auto", "cpu", "cuda", or a provider's name.
    precision : {"auto", "fp32", "bf16", "fp16"}
        "auto" takes bf16 on a CPU with hardware for it, fp16 on a GPU, else fp32.

    Returns
    -------
    Generator
        Ready to call.

    Raises
    ------
    ModelError
        If it is missing or damaged.
    DeviceError
        If the device cannot be used.
    UsageError
        For an unknown word.
    """
    requested = checked_word("precision", OLD_PRECISIONS.get(precision, precision), PrecisionRequest)
    store = Store(models)
    path = store.find(name)
    if path is None:
        store.load(name)  # raises with the way to get it
        raise ModelError(f"{name} is not in the store")
    found = path.stat()
    # Threads of a session do not survive a fork, so a child process makes its own.
    with _loading:
        return _loaded(name, path, found.st_mtime_ns, found.st_size, device, requested, os.getpid())


@lru_cache(maxsize=_CACHED)
def _loaded(
    name: str, path: Path, modified: int, size: int, device: str, precision: PrecisionRequest, process: int
) -> Generator:
    """Load a generator once.

    The cache is bounded, and keyed by everything that decides the result: sharing one session saves 0.3 s and 45 MB a use.
    """
    model = read(path)
    if model.stamp.name != name:
        raise ModelError(f"{path}: this is {model.stamp.name}, not {name}; delete it and import {name} again")
    choice = select(device, "fp32" if precision == "fp32" else "bf16")
    return Generator(model, choice, precision_for(choice) if precision == "auto" else precision)


def precision_for(choice: Choice) -> Precision:
    """Return the fastest precision that ``choice`` has hardware for."""
    if choice.provider.device == "cuda":
        return "fp16"
    return precisions(choice.provider.name)[0]
