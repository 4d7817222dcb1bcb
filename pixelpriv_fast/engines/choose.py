"""Chooses the engine for the words of ``--engine``, ``--device`` and ``--precision``, or says why there is none."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from ..errors import DeviceError, ModelError, checked_word
from ..models import StampedModel, load_model
from ..registry import ENGINES, AutoPlace
from ..runtime.device import nvidia_driver
from ..words import PrecisionRequest
from .protocol import GradientEngine

_LOG = logging.getLogger(__name__)

_PIP = 'pip install "pixelpriv-fast[full]"'
#: The device word is a provider's name: only the engine that knows providers is asked.
_BY_PROVIDER = ("onnx", "onnxruntime")

Loader = Callable[[StampedModel, str, str], GradientEngine]


def load_engine(
    model: str | StampedModel,
    engine: str = "auto",
    device: str = "auto",
    models: str | os.PathLike[str] | None = None,
    precision: str = "auto",
) -> GradientEngine:
    """Load the gradient engine of a classifier.

    Parameters
    ----------
    model : str or StampedModel
        A name, the path of a stamped ``.onnx``, or a stamped model.
    engine : str
        "auto" or a row of ``ENGINES``.
    device : str
        "auto", "cpu" or "cuda"; for "onnx" also a provider's name.
    models : path, optional
        A folder to look in first.
    precision : str
        Precision of gradients: "auto", "fp32", "bf16" or "fp16".

    Returns
    -------
    GradientEngine
        The engine.

    Raises
    ------
    ModelError
        If the model, or the engine's libraries, are missing or damaged.
    DeviceError
        If the request cannot be met.
    UsageError
        For unknown words.
    """
    checked_word("precision", precision, PrecisionRequest)
    if isinstance(model, str):
        model = load_model(model, models)
    if engine != "auto":
        return _loaded(ENGINES.canonical(engine), model, device, precision)
    failed: list[str] = []
    for target, name, _ in auto_engines(device):
        try:
            return _loaded(name, model, target, precision)
        except ModelError as error:
            _LOG.info("engine %s passed over: %s", name, error)
            failed.append(f"{name}: {error}")
    raise DeviceError(f"no engine for {model.stamp.name} on {device!r}: {'; '.join(failed) or 'none is installed'}")


def auto_engines(device: str = "auto") -> Iterator[tuple[str, str, str]]:
    """Yield what ``auto`` may take on this machine, best first.

    Parameters
    ----------
    device : str
        As for ``load_engine``.

    Yields
    ------
    tuple of three str
        The device word that the engine is asked for, the engine, and why it stands there.
    """
    devices: tuple[str, ...] = (device,)
    if device == "auto":
        devices = ("cuda", "cpu") if nvidia_driver() else ("cpu",)
    for target in devices:
        for name, place in _places(target):
            if find_spec(place.package) is not None:
                yield target, name, place.why


def _places(device: str) -> list[tuple[str, AutoPlace]]:
    found = [(name, place) for name in ENGINES for place in ENGINES[name].auto if place.device == device]
    if not found:
        name, package = _BY_PROVIDER
        return [(name, AutoPlace(device, 1, package, "a provider's name"))]
    return sorted(found, key=lambda item: item[1].place)


def _loaded(word: str, model: StampedModel, device: str, precision: str) -> GradientEngine:
    try:
        load: Loader = ENGINES.load(word)
    except ImportError as error:
        raise ModelError(f"engine {word!r} cannot attack {model.stamp.name}: {_PIP} ({error})") from error
    loaded = load(model, device, precision)
    _LOG.info("attacks on %s run on %s", loaded.name, loaded.device)
    return loaded
