"""Checkpoints made up for tests: real architectures, random weights, old file formats."""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from torch import nn


def calibrated_resnet50(photos: torch.Tensor) -> nn.Module:
    """ResNet50-Places365 with random weights whose batch norms know the statistics of ``photos`` (n, 3, h, w).

    Without that a random network's logits overflow or collapse; the damped residual branches (0.2) keep it from being
    chaotic, as trained networks are not.
    """
    from pixelpriv_fast.models.architectures.resnet50_places365 import ResNet50Places365

    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = ResNet50Places365()
    for name, part in module.named_modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None  # a plain average over what is shown
            if name.endswith("bn3"):
                nn.init.constant_(part.weight, 0.2)
    module.train()
    with torch.no_grad():
        module(photos)
    return module.eval()


def save_legacy(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """As the Places365 release: no zip archive, a dict around the ``state_dict``, names as DataParallel gives them."""
    state = OrderedDict((f"module.{name}", value) for name, value in tensors.items() if "num_batches" not in name)
    checkpoint = {"epoch": 90, "arch": "resnet50", "state_dict": state, "best_prec1": 54.7}
    torch.save(checkpoint, path, _use_new_zipfile_serialization=False)


class _Stored(NamedTuple):
    """Stands for a tensor's values, which such a file holds after the pickle."""

    key: str
    size: int


class _Python2Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    """Writes text as Python 2 wrote its byte strings (latin-1), and protocol 2 throughout."""

    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_text(self, text: str) -> None:
        raw = text.encode("latin-1")
        self.write(pickle.SHORT_BINSTRING + struct.pack("<B", len(raw)) + raw)
        self.memoize(text)

    dispatch[str] = save_text

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, _Stored):
            return ("storage", torch.FloatStorage, value.key, "cuda:0", value.size, None)
        return None

    def reducer_override(self, value: Any) -> Any:  # what torch 0.2 wrote for a tensor
        if isinstance(value, torch.Tensor):
            stored = _Stored(str(value.data_ptr()), value.numel())
            return torch._utils._rebuild_tensor, (stored, 0, tuple(value.shape), value.stride())
        return NotImplemented


def save_python2(path: Path, checkpoint: dict[str, Any], tensors: list[torch.Tensor]) -> None:
    """Writes ``checkpoint`` as Python 2.7 and torch 0.2 did. ``tensors``: every tensor in it, each contiguous."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    by_key = {str(tensor.data_ptr()): tensor for tensor in tensors}
    with open(path, "wb") as file:
        for value in (0x1950A86A20F9469CFC6C, 1001, system, checkpoint, sorted(by_key)):
            _Python2Pickler(file, 2).dump(value)
        for key in sorted(by_key):
            values = by_key[key].numpy().astype("<f4")
            file.write(struct.pack("<q", values.size) + values.tobytes())


class Malicious:
    """Unpickled without care, it creates a file."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> Any:
        return open, (str(self.victim), "w")
