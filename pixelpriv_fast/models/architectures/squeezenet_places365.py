"""SqueezeNet 1.1 with batch norm, trained on Places365.

Modules are named as in the checkpoint (``conv1``, ``f.0`` .. ``f.7`` with ``s``, ``e1``, ``e3``, ``conv10``). Its
batch norms come as beta, gamma, mean and 1/sqrt(var + eps); ``convert`` brings them to ``nn.BatchNorm2d``'s names
with eps = 0, so that every tool that folds batch norms finds them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

_SLOPE = 0.55  # of the leaky ReLU, everywhere, the last layer too
_FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
_POOL_AFTER = (1, 3)  # fires (from 0) that a max-pool follows; one more follows conv1
_CLASSES, _SIZE, _MEAN_SIZE = 365, 224, 256


def _leaky(x: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(x, _SLOPE)


class _Unit(nn.Module):
    """Convolution, batch norm, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.c = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
        self.bn = nn.BatchNorm2d(outputs, eps=0.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _leaky(self.bn(self.c(x)))


class _Fire(nn.Module):
    """Squeeze to few channels, expand by 1x1 and 3x3 side by side."""

    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.s = _Unit(inputs, squeeze, 1)
        self.e1 = _Unit(squeeze, expand, 1)
        self.e3 = _Unit(squeeze, expand, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.s(x)
        return torch.cat((self.e1(x), self.e3(x)), 1)


class SqueezeNetPlaces365(nn.Module):
    """(n, 3, 224, 224) float32, BGR in 0..1 -> (n, 365) logits. Subtracts its own per-pixel mean image."""

    mean_image: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean_image", torch.zeros(3, _SIZE, _SIZE))
        self.conv1 = _Unit(3, 64, 3, 2)
        fires, channels = [], 64
        for squeeze, expand in _FIRES:
            fires.append(_Fire(channels, squeeze, expand))
            channels = 2 * expand
        self.f = nn.ModuleList(fires)
        self.conv10 = nn.Conv2d(channels, _CLASSES, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the logits."""
        x = functional.max_pool2d(self.conv1(x - self.mean_image), 3, 2)
        for index, fire in enumerate(self.f):
            x = fire(x)
            if index in _POOL_AFTER:
                x = functional.max_pool2d(x, 3, 2)
        return _leaky(self.conv10(x)).mean((2, 3))


def convert(tensors: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, npt.NDArray[np.float32]]:
    """Rename the checkpoint's tensors to this module's names.

    ``mean_image``: (3, 256, 256), BGR, 0..255 -> its centre, in 0..1, as the network crops the photo. Names that are not the
    checkpoint's stay as they are, for the check against the module to report.
    """
    made: dict[str, npt.NDArray[np.float32]] = {}
    words = {"gamma": "bn.weight", "beta": "bn.bias", "mean": "bn.running_mean"}
    for name, value in tensors.items():
        stem, _, last = name.rpartition(".")
        if name == "mean_image" and value.shape[1:] == (_MEAN_SIZE, _MEAN_SIZE):
            cut = slice((_MEAN_SIZE - _SIZE) // 2, (_MEAN_SIZE + _SIZE) // 2)
            made[name] = np.ascontiguousarray(value[:, cut, cut] / np.float32(255))
        elif last == "inv_std":
            made[f"{stem}.bn.running_var"] = (1.0 / np.square(value.astype(np.float64))).astype(np.float32)
        elif last in words:
            made[f"{stem}.{words[last]}"] = value
        else:
            made[name] = value
    return made
