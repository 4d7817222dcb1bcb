"""What a session is: options, shapes and the two protocols that every library's sessions keep."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import UsageError, checked_word
from ..words import Precision
from .providers import Provider

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session runs.

    Attributes
    ----------
    threads : int or None
        Number of threads; None leaves it to the library (all cores of the process).
    parallel_requests : int
        Number of requests in flight at once that share these threads; more than 1 only where ``Provider.parallel``.
    precision : Precision
        Precision of the arithmetic; inputs and outputs keep the model's own types.
    engine_cache : Path or None
        A folder private to the user for TensorRT's compiled engines (executable code); None compiles every time.
    """

    threads: int | None = None
    parallel_requests: int = 1
    precision: Precision = "fp32"
    engine_cache: Path | None = None

    def __post_init__(self) -> None:
        """Check the words and numbers."""
        checked_word("precision", self.precision, Precision)
        for name, number in (("threads", self.threads), ("parallel_requests", self.parallel_requests)):
            if number is not None and number < 1:
                raise UsageError(f"{name} must be at least 1, not {number}")


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output of a network.

    Attributes
    ----------
    name : str
        Its name.
    shape : tuple of (int or None)
        Its shape; None where an axis is open.
    """

    name: str
    shape: tuple[int | None, ...]


class Binding(Protocol):
    """Buffers of static shapes: fill ``inputs``, ``start``, ``wait``, read ``outputs``. One thread at a time."""

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]

    @abstractmethod
    def start(self) -> None:
        """Begin to compute ``outputs`` from ``inputs``, in place.

        A provider without parallel requests also ends it. Raises ``DeviceError`` as ``Session.run``.
        """

    @abstractmethod
    def wait(self) -> None:
        """Block until the started run is finished. Raises ``DeviceError`` as ``start``."""


class Session(Protocol):
    """A network ready to run. ``run`` may be called from any number of threads."""

    provider: Provider
    precision: Precision
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @abstractmethod
    def run(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Return the outputs in the model's order. Raises ``DeviceError`` if the provider fails, or after a fork."""

    @abstractmethod
    def bind(self) -> Binding:
        """Make new buffers for a model whose shapes are all static. Raises ``UsageError`` for another model."""

    @abstractmethod
    def close(self) -> None:
        """Free what the session holds; ``run`` is an error afterwards. A forked child frees nothing."""


def as_input(name: str, value: Array, shape: tuple[int | None, ...]) -> Array:
    """Return an input as a contiguous array.

    Parameters
    ----------
    name : str
        The input's name.
    value : ndarray
        Its value.
    shape : tuple of (int or None)
        The shape that the network takes.

    Returns
    -------
    ndarray
        The value.

    Raises
    ------
    UsageError
        With both shapes, if the value does not fit.
    """
    fits = value.ndim == len(shape) and all(w in (None, s) for s, w in zip(value.shape, shape, strict=True))
    if not fits:
        wanted = tuple("any" if w is None else w for w in shape)
        raise UsageError(f"input {name!r} has shape {value.shape}, the network takes {wanted}")
    return np.ascontiguousarray(value)


def buffers(specs: tuple[TensorSpec, ...]) -> tuple[Array, ...]:
    """Make zeroed float32 arrays of the shapes of ``specs``. Raises ``UsageError`` for an open shape."""
    arrays = []
    for spec in specs:
        if None in spec.shape:
            raise UsageError(f"{spec.name!r} has the open shape {spec.shape}; only static shapes can be bound")
        arrays.append(np.zeros([size or 0 for size in spec.shape], np.float32))
    return tuple(arrays)
