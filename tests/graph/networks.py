"""Torch networks whose gradients are sane: damped residual branches and batch-norm statistics of the proof's input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import torch
import torchvision
from torch import nn

from pixelpriv_fast.graph.proof import Step, proof_input

CLASSES = 37


def calibrated(build: Callable[[], nn.Module], size: int) -> nn.Module:
    """Random weights from a fixed seed; the last batch norm of a residual branch is scaled by 0.2, without which a deep
    random network is chaotic: rounding decides its gradient's signs."""
    torch.manual_seed(0)
    network = build()
    for module in network.modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            module.bn3.weight.data.mul_(0.2)
        if isinstance(module, torchvision.models.resnet.BasicBlock):
            module.bn2.weight.data.mul_(0.2)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    x, _ = proof_input((8, 3, size, size), CLASSES, seed=1)
    with torch.no_grad():
        network.train()(torch.from_numpy(x))
    return network.eval()


def exported(network: nn.Module, size: int) -> onnx.ModelProto:
    program = torch.onnx.export(
        network,
        (torch.zeros(2, 3, size, size),),
        dynamo=True,
        optimize=False,
        verbose=False,
        input_names=["input"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("n")},),
        opset_version=20,
    )
    assert program is not None
    return program.model_proto


def torch_step(network: nn.Module) -> Step:
    """Logits and the gradient of the log-odds of leaving the accepted classes, by autograd."""

    def step(x: np.ndarray, accepted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        photos = torch.from_numpy(x).requires_grad_(True)
        inside = torch.from_numpy(accepted) > 0.5
        logits = network(photos)
        odds = logits.masked_fill(inside, -torch.inf).logsumexp(1) - logits.masked_fill(~inside, -torch.inf).logsumexp(
            1
        )
        (gradient,) = torch.autograd.grad(odds.sum(), photos)
        return logits.detach().numpy(), gradient.numpy()

    return step


def small_vit() -> nn.Module:
    return torchvision.models.VisionTransformer(
        image_size=64, patch_size=16, num_layers=3, num_heads=4, hidden_dim=96, mlp_dim=192, num_classes=CLASSES
    )


def small_densenet() -> nn.Module:
    """DenseNet121's blocks, 16 layers instead of 58."""
    return torchvision.models.DenseNet(growth_rate=32, block_config=(3, 4, 6, 3), num_classes=CLASSES)


class LeakyFire(nn.Module):
    """Squeeze-and-expand blocks with leaky rectifiers and concatenation, as the Places365 SqueezeNet has them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 3, 2), nn.LeakyReLU(0.1), nn.MaxPool2d(3, 2, ceil_mode=True))
        self.squeeze, self.one, self.three = nn.Conv2d(32, 16, 1), nn.Conv2d(16, 32, 1), nn.Conv2d(16, 32, 3, padding=1)
        self.act, self.pool = nn.LeakyReLU(0.1), nn.MaxPool2d(3, 2, ceil_mode=True)
        self.head = nn.Conv2d(64, CLASSES, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.squeeze(self.stem(x)))
        x = self.pool(torch.cat([self.act(self.one(x)), self.act(self.three(x))], 1))
        return self.head(x).mean((2, 3))


class LiteBlocks(nn.Module):
    """Depthwise inverted residuals with ReLU6, strides 1 and 2, kernels 3 and 5, as EfficientNet-Lite0 has them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = self.unit(3, 16, 3, 2)
        self.first = nn.Sequential(self.unit(16, 16, 3, 1, 16), self.unit(16, 24, 1, 1, act=False))
        self.second = nn.Sequential(
            self.unit(24, 96, 1, 1), self.unit(96, 96, 5, 2, 96), self.unit(96, 40, 1, 1, act=False)
        )
        self.third = nn.Sequential(
            self.unit(40, 120, 1, 1), self.unit(120, 120, 5, 1, 120), self.unit(120, 40, 1, 1, act=False)
        )
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(40, CLASSES))

    @staticmethod
    def unit(channels: int, out: int, kernel: int, stride: int, groups: int = 1, act: bool = True) -> nn.Sequential:
        layers: list[nn.Module] = [
            nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(out, eps=1e-3),
        ]
        return nn.Sequential(*layers, *([nn.ReLU6()] if act else []))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.second(self.first(self.stem(x)))
        return self.head(x + self.third(x))


def of_torchvision(name: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        return getattr(torchvision.models, name)(num_classes=CLASSES)

    return build


QUICK: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "leaky_fire": (LeakyFire, 64),
    "lite_blocks": (LiteBlocks, 64),
    "small_vit": (small_vit, 64),
    "resnet18": (of_torchvision("resnet18"), 64),
}
SLOW: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "small_densenet": (small_densenet, 64),
    "resnet50": (of_torchvision("resnet50"), 96),
    "squeezenet1_1": (of_torchvision("squeezenet1_1"), 96),
    "mobilenet_v2": (of_torchvision("mobilenet_v2"), 96),
    "mobilenet_v3_small": (of_torchvision("mobilenet_v3_small"), 96),
    "efficientnet_b0": (of_torchvision("efficientnet_b0"), 96),
}
