"""Small random networks to attack, and photos of several sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from pixelpriv_fast.engines.torch.engine import TorchEngine
from pixelpriv_fast.models import Preprocess

SIZE = (24, 24)
CLASSES = 10
IDENTITY = Preprocess(SIZE, "squash", SIZE, mean=(127.5,) * 3, std=(20.0,) * 3)
SQUASHED = Preprocess(
    SIZE, "squash", (28, 28), filter="bicubic", order="BGR", mean=(120.0, 110.0, 100.0), std=(20.0,) * 3
)
SHORT_SIDE = Preprocess(SIZE, "short_side", (26, 26), mean=(127.5,) * 3, std=(20.0,) * 3)


def network(seed: int, classes: int = CLASSES) -> nn.Module:
    """Convolutions, batch norms and a dense layer: small changes of noise photos flip it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(12),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(12 * 36, classes),
        )
        for layer in module:
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.2)
                layer.running_var.uniform_(0.5, 2.0)
        with torch.no_grad():
            module[-1].weight.mul_(4.0)
    return module.eval()


def engine(preprocess: Preprocess = IDENTITY, seed: int = 0, classes: int = CLASSES, gain: float = 1) -> TorchEngine:
    """An engine of a tiny network; ``gain`` makes it surer of what it says."""
    module = network(seed, classes)
    for weights in module[-1].parameters():
        weights.data.mul_(gain)
    return TorchEngine.of(f"tiny{seed}", module, preprocess, "cpu")


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth dull colours with noise, black and white corners included."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(100, 156, (4, 4, 3)).astype(np.float64)
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    values = coarse[rows][:, columns] + rng.normal(0, 12, (height, width, 3))
    values[:2, :2], values[-2:, -2:] = 0, 255
    return np.clip(values, 0, 255).astype(np.uint8)


@dataclass
class LinearEngine:
    """Two classes, logit difference w.x: the gradient is w whatever the photo. Counts its calls."""

    weights: np.ndarray
    preprocess: Preprocess
    name: str = "linear"
    device: str = "test"
    precision: str = "fp32"
    classes: int = 2
    max_batch: int | None = None
    repeatable: bool = True
    gradients: int = 0
    forwards: int = 0

    def logits(self, inputs, batch=None):
        self.forwards += 1
        return self._logits(inputs)

    def gradient(self, inputs, accepted, batch=None):
        self.gradients += 1
        sign = np.where(accepted[:, 0], 1.0, -1.0)[:, None, None, None]
        return self._logits(inputs), (sign * self.weights).astype(np.float32)

    def _logits(self, inputs):
        z = (inputs * self.weights).sum(axis=(1, 2, 3), dtype=np.float64)
        return np.stack([np.zeros_like(z), z], axis=1).astype(np.float32)


@dataclass
class LinearScorer:
    """A rating w.x: the gradient is w whatever the photo. Counts its calls."""

    weights: np.ndarray
    preprocess: Preprocess
    name: str = "scorer"
    repeatable: bool = True
    calls: int = 0

    @classmethod
    def of(cls, seed: int = 0) -> LinearScorer:
        return cls(
            np.random.default_rng(seed).normal(size=(3, *SIZE)).astype(np.float32), Preprocess(SIZE, "squash", SIZE)
        )

    def gradient(self, inputs, batch=None):
        self.calls += 1
        ratings = (inputs * self.weights).sum(axis=(1, 2, 3), dtype=np.float64).astype(np.float32)
        return ratings, np.repeat(self.weights[None], len(inputs), axis=0)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Networks this small only lose by more threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny() -> TorchEngine:
    return engine()
