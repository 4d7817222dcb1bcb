"""The one place that creates sessions. A session runs one network, from bytes, on one provider that was chosen once.

Bytes and never a path: the caller has checked exactly what runs (``models/stamped/file.py``), and a path would let
onnxruntime read further files beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import UsageError
from ..registry import checked_word
from ..words import Precision
from . import probe
from .providers import Choice, Provider

_LOG = logging.getLogger(__name__)

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session runs. ``precision`` is that of the arithmetic; inputs and outputs keep the model's own types.

    ``threads``: None leaves the number to the library (all cores of the process). ``lanes``: among how many runs under
    way at once these threads are divided; only where ``Provider.lanes`` says so. ``engine_cache``: a folder
    private to the user for TensorRT's compiled engines (executable code); None compiles anew each time.
    """

    threads: int | None = None
    lanes: int = 1
    precision: Precision = "fp32"
    engine_cache: Path | None = None

    def __post_init__(self) -> None:
        checked_word("precision", self.precision, Precision)
        for name, number in (("threads", self.threads), ("lanes", self.lanes)):
            if number is not None and number < 1:
                raise UsageError(f"{name} must be at least 1, not {number}")


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input's or output's name and shape; None where the shape is open."""

    name: str
    shape: tuple[int | None, ...]


class Binding(Protocol):
    """Buffers of a session's static shapes: fill ``inputs``, ``start``, ``wait``, read ``outputs``. One thread at a
    time."""

    @property
    def inputs(self) -> tuple[Array, ...]: ...
    @property
    def outputs(self) -> tuple[Array, ...]: ...

    def start(self) -> None:
        """Begins to compute ``outputs`` from ``inputs``, in place; a provider without lanes also ends it. Raises
        ``DeviceError`` as ``Session.run`` does."""
        ...

    def wait(self) -> None:
        """Until what was started is over. Raises as ``start``."""
        ...


class Session(Protocol):
    """A network ready to run. ``run`` may be called from any number of threads."""

    @property
    def provider(self) -> Provider: ...
    @property
    def precision(self) -> Precision: ...
    @property
    def inputs(self) -> tuple[TensorSpec, ...]: ...
    @property
    def outputs(self) -> tuple[TensorSpec, ...]: ...

    def run(self, inputs: Mapping[str, Array]) -> list[Array]:
        """The outputs in the model's order. Raises ``DeviceError`` when the provider fails, or after a fork."""
        ...

    def bind(self) -> Binding:
        """New buffers, for a model whose shapes are all static. Raises ``UsageError`` for another one."""
        ...

    def close(self) -> None:
        """Frees what the session holds; ``run`` is an error afterwards. In a forked child nothing is freed."""
        ...


def select(device: str = "auto", precision: str = "fp32") -> Choice:
    """The provider that ``device`` means here. Raises ``DeviceError`` with reason and fix when it cannot be had."""
    return probe.choose(device, precision)


def create_session(model: bytes, device: str | Choice = "auto", options: SessionOptions | None = None) -> Session:
    """A session for the ONNX ``model``. ``device``: a word of ``providers.WISHES`` or a choice made before.

    Raises ``DeviceError`` when the wish cannot be met, or when the provider refuses this model.
    """
    options = options or SessionOptions()
    choice = select(device, options.precision) if isinstance(device, str) else device
    session: Session
    if choice.provider.ort is None:
        from .openvino_session import OpenVINOSession

        session = OpenVINOSession(model, choice.provider, options)
    else:
        from .ort_session import OnnxRuntimeSession

        session = OnnxRuntimeSession(model, choice.provider, options)
    _LOG.info("session on %s, %s (%s)", choice.provider.title, options.precision, choice.reason)
    return session


def as_input(name: str, value: Array, shape: tuple[int | None, ...]) -> Array:
    """``value`` if it fits ``shape``, made contiguous. Raises ``UsageError`` with both shapes otherwise."""
    fits = value.ndim == len(shape) and all(w in (None, s) for s, w in zip(value.shape, shape, strict=True))
    if not fits:
        wanted = tuple("any" if w is None else w for w in shape)
        raise UsageError(f"input {name!r} has shape {value.shape}, the network takes {wanted}")
    return np.ascontiguousarray(value)


def buffers(specs: tuple[TensorSpec, ...]) -> tuple[Array, ...]:
    """Zeroed float32 arrays of the shapes of ``specs``. Raises ``UsageError`` for an open shape."""
    arrays = []
    for spec in specs:
        if None in spec.shape:
            raise UsageError(f"{spec.name!r} has the open shape {spec.shape}; only static shapes can be bound")
        arrays.append(np.zeros([size or 0 for size in spec.shape], np.float32))
    return tuple(arrays)
