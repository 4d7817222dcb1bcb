"""EfficientNet-Lite0 (Tan & Le 2019, the "lite" variant of 2020): the embedded default, trained on ImageNet.

Parameter names are those of the checkpoint file ``efficientnet-lite0-57934424.pth``. Lite means: no
squeeze-and-excitation, ReLU6 throughout, and a stem and head that are not scaled.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

_BN_EPS = 1e-3  # TensorFlow's default, which the weights were trained with


@dataclass(frozen=True, slots=True)
class _Stage:
    repeats: int
    kernel: int
    stride: int
    expand: int
    channels: int


_STEM, _HEAD, _CLASSES = 32, 1280, 1000
_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


class SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow's "SAME" pads an even height and width: the odd pixel goes to the end.

    Every map that a 224x224 input passes a stride-2 convolution with is even. With stride 1 it is plain padding.

    Parameters
    ----------
    inputs, outputs : int
        Numbers of channels.
    kernel : int
        Size of the kernel.
    stride : int
        The stride.
    groups : int
        Number of groups.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        before, self.surplus = divmod(kernel - stride, 2)
        self.pads = (before, before + self.surplus) * 2
        super().__init__(inputs, outputs, kernel, stride, before, groups=groups, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve (n, inputs, h, w)."""
        if not self.surplus:
            return super().forward(x)
        padded = functional.pad(x, self.pads)
        return functional.conv2d(padded, self.weight, self.bias, self.stride, 0, 1, self.groups)


class _Block(nn.Module):
    """Inverted residual: 1x1 expansion, depthwise, linear 1x1 projection; a shortcut where the shape stays."""

    def __init__(self, inputs: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        wide = inputs * stage.expand
        self.expands = stage.expand != 1
        self.shortcut = stride == 1 and inputs == stage.channels
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=_BN_EPS)
        self._depthwise_conv = SameConv2d(wide, wide, stage.kernel, stride, groups=wide)
        self._bn1 = nn.BatchNorm2d(wide, eps=_BN_EPS)
        self._project_conv = nn.Conv2d(wide, stage.channels, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(stage.channels, eps=_BN_EPS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        result: torch.Tensor = x + y if self.shortcut else y
        return result


class EfficientNetLite0(nn.Module):
    """(n, 3, 224, 224) float32 -> (n, 1000) logits. 4.65 M parameters, 0.39 GMAC."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, _STEM, 3, 2)
        self._bn0 = nn.BatchNorm2d(_STEM, eps=_BN_EPS)
        blocks, channels = [], _STEM
        for stage in _STAGES:
            for repeat in range(stage.repeats):
                blocks.append(_Block(channels, stage, stage.stride if repeat == 0 else 1))
                channels = stage.channels
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = nn.Conv2d(channels, _HEAD, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(_HEAD, eps=_BN_EPS)
        self._fc = nn.Linear(_HEAD, _CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the logits."""
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        x = functional.relu6(self._bn1(self._conv_head(self._blocks(x))))
        logits: torch.Tensor = self._fc(x.mean((2, 3)))
        return logits
