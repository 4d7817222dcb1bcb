"""ResNet50 (He et al. 2015) with 365 outputs: torchvision's layers under the names of the Places365 checkpoint."""

from __future__ import annotations

from typing import Any

import torch
from torchvision.models.resnet import Bottleneck, ResNet

_LAYERS = (3, 4, 6, 3)
_CLASSES = 365


class ResNet50Places365(ResNet):  # type: ignore[misc]  # torchvision carries no types
    """(n, 3, height, width) float32 -> (n, 365) logits. 24.26 M parameters, 5.34 GMAC at 256x256.

    Any size from 32: the average runs over the whole last map (torchvision of 2017 averaged a fixed 7x7, which
    fails at the task's 256x256).
    """

    def __init__(self) -> None:
        super().__init__(Bottleneck, list(_LAYERS), num_classes=_CLASSES)

    def _forward_impl(self, x: torch.Tensor) -> Any:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(x.mean((2, 3)))  # a plain mean keeps shape arithmetic out of the exported graph
