"""The networks under attack: each as a stamped model for our engines, and as a torch module for the peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from resnet50_calibrated import CARD, resnet50
from torch.utils.flop_counter import FlopCounterMode

from pixelpriv_fast.engines.torch.engine import TorchEngine, load
from pixelpriv_fast.engines.torch.folding import folded
from pixelpriv_fast.models import CARDS, Preprocess, StampedModel, Store, load_state_dict, read_stamped
from pixelpriv_fast.models.architectures import network

Photo = NDArray[np.uint8]
NETWORKS = ("squeezenet_places365", "efficientnet_lite0", "resnet50")
_CALIBRATION = 16


class FromPixels(torch.nn.Module):
    """The module that attack libraries expect: (n, 3, h, w) RGB in 0..1 -> float32 logits. ``dtype`` is that of the weights."""

    def __init__(self, module: torch.nn.Module, preprocess: Preprocess, dtype: torch.dtype) -> None:
        super().__init__()
        order, gain, bias = preprocess.channels
        self.module, self.dtype = module, dtype
        self.order = [int(channel) for channel in order]
        self.register_buffer("gain", torch.from_numpy(255 * gain)[:, None, None])
        self.register_buffer("bias", torch.from_numpy(bias.copy())[:, None, None])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        if self.order != [0, 1, 2]:
            pixels = pixels[:, self.order]
        return self.module((pixels * self.gain + self.bias).to(self.dtype)).float()


@dataclass(frozen=True)
class Subject:
    """One network, its photos at its own size (so that no contender resizes), and their labels: its own top-1."""

    name: str
    model: StampedModel
    photos: Sequence[Photo]

    @property
    def preprocess(self) -> Preprocess:
        assert self.model.stamp.preprocess is not None
        return self.model.stamp.preprocess

    @cached_property
    def judge(self) -> TorchEngine:
        """Return the fp32 judge, by which the success of all contenders is measured."""
        return load(self.model, "cpu", "fp32")

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        return self.tops(self.photos)

    def tops(self, photos: Sequence[Photo]) -> NDArray[np.int64]:
        return self.judge.logits(np.stack([self.preprocess.rounded(photo) for photo in photos])).argmax(1)

    def as_shipped(self) -> torch.nn.Module:
        """Return the module as a user has it: fp32, NCHW, batch norms, weights that could be trained."""
        return FromPixels(self._module(), self.preprocess, torch.float32).requires_grad_(True).eval()

    def as_tuned(self, dtype: torch.dtype) -> torch.nn.Module:
        """Return the module as an expert hands it over: batch norms folded, weights frozen and cast, channels last."""
        module = folded(self._module(), self.preprocess.size).to(dtype, memory_format=torch.channels_last)
        return FromPixels(module, self.preprocess, dtype).requires_grad_(False).eval()

    @cached_property
    def step_flop(self) -> float:
        """Return the useful operations of one photo's step: a forward, and as much again for the input's gradient."""
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            self._module()(torch.zeros(1, 3, *self.preprocess.size))
        return 2.0 * counter.get_total_flops()

    def _module(self) -> torch.nn.Module:
        card = CARD if self.name == "resnet50" else CARDS[self.name]
        return network(card, load_state_dict(self.model))


def subject(name: str, files: Sequence[Path], models: Path | None) -> Subject:
    """Return the network ``name`` and the photos of ``files``, squashed to its input's size."""
    if name == "resnet50":
        photos = _read(files, CARD.preprocess.size)
        return Subject(name, _calibrated(photos[:_CALIBRATION], models), photos)
    model = Store(models).load(name)
    preprocess = model.stamp.preprocess
    assert preprocess is not None
    only_normalised = replace(preprocess, resize="none", resize_to=None)
    stamp = replace(model.stamp, preprocess=only_normalised)
    return Subject(name, replace(model, stamp=stamp), _read(files, preprocess.size))


def _calibrated(photos: list[Photo], models: Path | None) -> StampedModel:
    """Make the network once; if a folder of models is given, keep it there with the proofs of its gradients."""
    if models is None:
        return resnet50(photos)
    file = models / "resnet50_calibrated.onnx"
    if not file.exists():
        file.write_bytes(resnet50(photos).data)
    return replace(read_stamped(file.read_bytes(), CARD.name), folder=models)


def _read(files: Sequence[Path], size: tuple[int, int]) -> list[Photo]:
    wanted = size[1], size[0]
    return [np.asarray(Image.open(file).convert("RGB").resize(wanted, Image.Resampling.BILINEAR)) for file in files]
