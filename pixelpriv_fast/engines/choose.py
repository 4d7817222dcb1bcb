"""From the words of ``--engine``, ``--device`` and ``--precision`` to an engine that works, or an error that says why
not."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from ..errors import DeviceError, ModelError
from ..models import StampedModel, load_model
from ..registry import ENGINES, checked_word
from ..runtime.device import nvidia_driver
from ..words import PrecisionRequest
from .protocol import GradientEngine

_LOG = logging.getLogger(__name__)

ENGINE_WORDS = ("auto", "torch", "onnx")
_PIP = 'pip install "pixelpriv-fast[full]"'

Loader = Callable[[StampedModel, str, str], GradientEngine]


@dataclass(frozen=True, slots=True)
class Rank:
    """A row of the table below: an engine, the package without which it is not tried, and why it stands there."""

    engine: str
    package: str
    why: str


#: What ``auto`` takes on each device, best first. Photos a second of whole steps at batches of 1, 8 and 32, medians of five
#: interleaved rounds of ``benchmarks/engine_steps.py`` on two cores of an Intel Xeon without AMX, whose bf16 is the slower:
#:                       SqueezeNet-Places365    EfficientNet-Lite0
#:   OpenVINO fp32        79, 113, 118            57,  79,  85
#:   torch fp32           48,  74,  94            29,  38,  35
#:   ONNX Runtime fp32    47,  51,  53            43,  45,  50
#: On an AMD EPYC, where bf16 is the faster, OpenVINO's did 159 to 197 and 116 to 144, torch's 80 to 124 and 33 to 54, ONNX
#: Runtime's fp32 57 to 61 and 44 to 56. So the ONNX engine comes first where it has OpenVINO. Torch is ahead of ONNX Runtime on
#: networks of dense convolutions, the larger the more, and behind it or level on EfficientNet: it comes second.
#: Which precision an engine takes of itself is that engine's own rule.
AUTO: Mapping[str, tuple[Rank, ...]] = {
    "cpu": (
        Rank("onnx", "openvino", "backward graph on OpenVINO: the fastest steps measured"),
        Rank("torch", "torch", "ahead of ONNX Runtime on networks of dense convolutions"),
        Rank("onnx", "onnxruntime", "backward graph on ONNX Runtime: needs the base package only"),
    ),
    "cuda": (
        Rank("torch", "torch", "whole steps as CUDA graphs; chosen by design, not measured on a GPU"),
        Rank("onnx", "onnxruntime", "needs no PyTorch; not run on a GPU"),
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
    checked_word("precision", precision, PrecisionRequest)
    if isinstance(model, str):
        model = load_model(model, models)
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


def ranks(device: str = "auto") -> Iterator[tuple[str, Rank]]:
    """What ``auto`` may take here for ``device``, best first, each with the word of the device that it is asked for."""
    devices: tuple[str, ...] = (device,)
    if device == "auto":
        devices = ("cuda", "cpu") if nvidia_driver() else ("cpu",)
    for target in devices:
        for rank in AUTO.get(target, (Rank("onnx", "onnxruntime", "a provider's name"),)):
            if find_spec(rank.package) is not None:
                yield target, rank


def _loaded(word: str, model: StampedModel, device: str, precision: str) -> GradientEngine:
    try:
        load: Loader = ENGINES.load(word)
    except ImportError as error:
        raise ModelError(f"engine {word!r} cannot attack {model.stamp.name}: {_PIP} ({error})") from error
    loaded = load(model, device, precision)
    _LOG.info("attacks on %s run on %s", loaded.name, loaded.device)
    return loaded
