"""NIMA (Talebi & Milanfar 2018) on MobileNet v1 (Howard et al. 2017), width 1: ten rating bins of a photo's looks.

Modules carry the layer names of Keras (``conv1``, ``conv1_bn``, ``conv_dw_1`` .. ``conv_pw_13_bn``), so that a
checkpoint can be read layer by layer; only the last one, which Keras numbers again in every session, is ``dense``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

_BINS = 10
_EPS = 1e-3  # of Keras' batch norms; PyTorch's own is 1e-5
_FIRST = 32
#: Outputs and stride of the 13 blocks of a depthwise 3x3 and a pointwise 1x1 convolution.
_BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1),
    (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip


class NimaMobileNet(nn.Module):
    """(n, 3, height, width) float32, RGB in -1..1 -> (n, 10) logits of the ratings 1 .. 10. Any size from 32.

    3.24 M parameters, 0.57 GMAC at 224x224.
    """

    def __init__(self) -> None:
        super().__init__()
        self._add("conv1", nn.Conv2d(3, _FIRST, 3, 2, bias=False))
        channels = _FIRST
        for number, (outputs, stride) in enumerate(_BLOCKS, start=1):
            self._add(f"conv_dw_{number}", nn.Conv2d(channels, channels, 3, stride, groups=channels, bias=False))
            self._add(f"conv_pw_{number}", nn.Conv2d(channels, outputs, 1, bias=False))
            channels = outputs
        self.dense = nn.Linear(channels, _BINS)

    def _add(self, name: str, convolution: nn.Conv2d) -> None:
        self.add_module(name, convolution)
        self.add_module(f"{name}_bn", nn.BatchNorm2d(convolution.out_channels, eps=_EPS))

    def _unit(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """Convolution, batch norm, ReLU6."""
        convolution = self.get_submodule(name)
        if convolution.kernel_size == (3, 3):
            # Keras pads a stride of 2 at the right and bottom only; for even sizes that is TensorFlow's "same".
            x = functional.pad(x, (0, 1, 0, 1) if convolution.stride == (2, 2) else (1, 1, 1, 1))
        return functional.relu6(self.get_submodule(f"{name}_bn")(convolution(x)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the logits."""
        x = self._unit("conv1", x)
        for number in range(1, len(_BLOCKS) + 1):
            x = self._unit(f"conv_dw_{number}", x)
            x = self._unit(f"conv_pw_{number}", x)
        logits: torch.Tensor = self.dense(x.mean((2, 3)))
        return logits


#: What Keras calls a tensor -> what PyTorch calls it, and the order of PyTorch's axes among Keras'.
_WORDS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "depthwise_kernel": ("weight", (2, 3, 0, 1)),  # (height, width, channels, 1)
    "gamma": ("weight", (0,)),
    "beta": ("bias", (0,)),
    "moving_mean": ("running_mean", (0,)),
    "moving_variance": ("running_var", (0,)),
    "bias": ("bias", (0,)),
}
_KERNELS = {4: (3, 2, 0, 1), 2: (1, 0)}  # (height, width, in, out); (in, out)


def convert(tensors: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, npt.NDArray[np.float32]]:
    """Rename Keras' tensors to this module's names, in PyTorch's layouts.

    Names are ``layer/layer/word:0`` as in Keras' HDF5 files, or the same with ``|`` for ``/``; the layer is the first part. Names
    that are not Keras' stay as they are, for the check against the module to report.
    """
    made: dict[str, npt.NDArray[np.float32]] = {}
    for name, value in tensors.items():
        parts = re.split(r"[|/]", name)
        layer, word = re.sub(r"^dense(_\d+)?$", "dense", parts[0]), parts[-1].removesuffix(":0")
        known, axes = ("weight", _KERNELS.get(value.ndim, ())) if word == "kernel" else _WORDS.get(word, ("", ()))
        if len(parts) > 1 and known and len(axes) == value.ndim:
            made[f"{layer}.{known}"] = np.ascontiguousarray(value.transpose(axes))
        else:
            made[name] = value
    return made
