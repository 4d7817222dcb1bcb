"""From the words of ``--engine`` and ``--device`` to an engine that works, or an error that says why not."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from ..errors import DeviceError, ModelError
from ..models import StampedModel, Store, read
from ..registry import ENGINES
from .protocol import GradientEngine

_LOG = logging.getLogger(__name__)

ENGINE_WORDS = ("auto", "torch", "onnx")
_PIP = 'pip install "pixelpriv-fast[full]"'


def load_engine(
    model: str | StampedModel,
    engine: str = "auto",
    device: str = "auto",
    models: str | os.PathLike[str] | None = None,
) -> GradientEngine:
    """The gradient engine of a classifier: a name, the path of a stamped ``.onnx``, or a stamped model.

    ``engine``: "auto", "torch" or "onnx". ``device``: "auto", "cpu" or "cuda". ``models``: a folder to look in first.
    Raises ``ModelError`` for a model that is missing or damaged, or where the engine's libraries are, ``DeviceError``
    for a wish that cannot be met, ``UsageError`` for unknown words.
    """
    if engine == "onnx" and "onnx" not in ENGINES:
        raise DeviceError("engine 'onnx' is not in this release yet; use --engine torch or auto")
    word = next(iter(ENGINES)) if engine == "auto" else ENGINES.canonical(engine)
    if isinstance(model, str):
        model = read(Path(model)) if model.endswith(".onnx") else Store(models).load(model)
    try:
        load: Callable[[StampedModel, str], GradientEngine] = ENGINES.load(word)
    except ImportError as error:
        raise ModelError(f"attacking {model.stamp.name} needs PyTorch: {_PIP} ({error})") from error
    loaded = load(model, device)
    _LOG.info("attacks on %s run on %s", loaded.name, loaded.device)
    return loaded
