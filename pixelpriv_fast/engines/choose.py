"""From the words of ``--engine``, ``--device`` and ``--precision`` to an engine that works, or an error that says why
not."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..errors import DeviceError, ModelError, UsageError
from ..models import StampedModel, Store, read
from ..registry import ENGINES
from ..runtime import status
from ..runtime.device import nvidia_driver
from .protocol import GradientEngine

_LOG = logging.getLogger(__name__)

ENGINE_WORDS = ("auto", "torch", "onnx")
PRECISION_WORDS = ("auto", "fp32", "bf16", "fp16")
_PIP = 'pip install "pixelpriv-fast[full]"'

Loader = Callable[[StampedModel, str, str], GradientEngine]


@dataclass(frozen=True, slots=True)
class Rank:
    """A row of the table below: an engine, and the provider or package without which it does not run (so) fast."""

    engine: str
    provider: str | None = None
    package: str | None = None
    why: str = ""

    def fits(self) -> bool:
        """Whether it can be had here."""
        if self.package is not None and find_spec(self.package) is None:
            return False
        return self.provider is None or status(self.provider).works


#: What ``auto`` takes on each device, best first. Measured by ``benchmarks/engine_steps.py``.
AUTO: Mapping[str, tuple[Rank, ...]] = {
    "cpu": (
        Rank("onnx", provider="openvino", why="MEASURED"),
        Rank("torch", package="torch", why="MEASURED"),
        Rank("onnx", why="the base package's own"),
    ),
    "cuda": (
        Rank("torch", package="torch", why="CUDA graphs; not measured on a GPU"),
        Rank("onnx", why="not measured on a GPU"),
    ),
}


def load_engine(
    model: str | StampedModel,
    engine: str = "auto",
    device: str = "auto",
    models: str | os.PathLike[str] | None = None,
    precision: str = "auto",
) -> GradientEngine:
    """The gradient engine of a classifier: a name, the path of a stamped ``.onnx``, or a stamped model.

    ``engine``: "auto", "torch" or "onnx". ``device``: "auto", "cpu" or "cuda" (for "onnx" also a provider's name).
    ``models``: a folder to look in first. ``precision`` of gradients: "auto", "fp32", "bf16" or "fp16".
    Raises ``ModelError`` for a model that is missing or damaged, or where the engine's libraries are, ``DeviceError``
    for a wish that cannot be met, ``UsageError`` for unknown words.
    """
    if precision not in PRECISION_WORDS:
        raise UsageError(f"unknown precision {precision!r}. Known: {', '.join(PRECISION_WORDS)}")
    if isinstance(model, str):
        model = read(Path(model)) if model.endswith(".onnx") else Store(models).load(model)
    if engine != "auto":
        return _loaded(ENGINES.canonical(engine), model, device, precision)
    failed: list[str] = []
    for target, rank in ranks(device):
        try:
            return _loaded(rank.engine, model, target, precision)
        except ModelError as error:
            _LOG.info("engine %s passed over: %s", rank.engine, error)
            failed.append(f"{rank.engine}: {error}")
    raise DeviceError(f"no engine for {model.stamp.name} on {device!r}: {'; '.join(failed) or 'none is installed'}")


def ranks(device: str) -> Iterator[tuple[str, Rank]]:
    """What ``auto`` may take here for ``device``, best first, each with the word of the device that it is asked for."""
    for target in ("cuda", "cpu") if device == "auto" else (device,):
        if target == "cuda" and device == "auto" and not nvidia_driver():
            continue
        rows = AUTO.get(target, (Rank("onnx", why="a provider's name"),))
        yield from ((target, rank) for rank in rows if rank.fits())


def _loaded(word: str, model: StampedModel, device: str, precision: str) -> GradientEngine:
    try:
        load: Loader = ENGINES.load(word)
    except ImportError as error:
        raise ModelError(f"engine {word!r} cannot attack {model.stamp.name}: {_PIP} ({error})") from error
    loaded = load(model, device, precision)
    _LOG.info("attacks on %s run on %s", loaded.name, loaded.device)
    return loaded
