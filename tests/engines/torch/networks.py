"""A small random network and photos for the torch engine's tests."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from pixelpriv_fast.models import Preprocess

SIZE = (20, 20)
CLASSES = 6
#: Every kind of resize, both colour orders, reduction and enlargement, a crop.
PREPROCESSES = {
    "none": Preprocess(SIZE, mean=(127.5,) * 3, std=(40.0,) * 3),
    "squash": Preprocess(SIZE, "squash", (24, 22), "bicubic", "BGR", (120.0, 110.0, 100.0), (20.0, 25.0, 30.0)),
    "short_side": Preprocess(SIZE, "short_side", (26, 26), "bilinear", mean=(127.5,) * 3, std=(40.0,) * 3),
    "box": Preprocess(SIZE, "squash", SIZE, "box", mean=(127.5,) * 3, std=(40.0,) * 3),
}


def network(seed: int = 0) -> nn.Module:
    """Plain, depthwise, strided and dilated convolutions, a pool, a branch and a dense head."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 16, 3, stride=2, padding=1),
            nn.ReLU6(),
            nn.Conv2d(16, 16, 3, padding=2, dilation=2, groups=16),
            nn.SiLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 8, 4, stride=3, bias=False),
            nn.Flatten(),
            nn.Linear(8, CLASSES),
        ).eval()


def photos(count: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise, with black and white corners where the lattice ends."""
    drawn = np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)
    drawn[:, :3, :3], drawn[:, -3:, -3:] = 0, 255
    return drawn


def one_hot(count: int) -> np.ndarray:
    return np.eye(CLASSES, dtype=bool)[np.arange(count) % CLASSES]
