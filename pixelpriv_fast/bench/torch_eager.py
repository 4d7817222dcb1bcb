"""The same networks as a user would run them with plain PyTorch: eager, fp32, trained layers as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as functional

from ..attacks.spatial_search import Bounds, sample
from ..models import Store
from ..models.architectures import network
from ..models.cards import CARDS
from ..models.onnx_file import load_state_dict
from ..types import Pixels

Call = Callable[[], object]

_STEP = 0.02  #: of the normalised input; only the time matters
_BATCH = 32


def answers(name: str, photos: Sequence[Pixels]) -> Call:
    """One forward pass of all ``photos``, resized by torch to what network ``name`` reads."""
    module, inputs = _module(name), _inputs(name, photos)

    def run() -> torch.Tensor:
        with torch.inference_mode():
            out: torch.Tensor = module(inputs)
        return out

    return run


def stylised(name: str, photo: Pixels) -> Call:
    """Generator ``name`` on a photo of its own size, and back to 8 bits."""
    module = _module(name)

    def run() -> torch.Tensor:
        with torch.inference_mode():
            planes = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
            out: torch.Tensor = module(planes)
            return ((out + 1) * 127.5).clamp(0, 255).byte()

    return run


def stepped(name: str, photos: Sequence[Pixels], steps: int) -> Call:
    """``steps`` signed gradient steps on a float batch, as attack libraries take them."""
    module, start = _module(name), _inputs(name, photos)
    labels = torch.zeros(len(photos), dtype=torch.long)

    def run() -> torch.Tensor:
        x = start.clone()
        for _ in range(steps):
            x.requires_grad_()
            (gradient,) = torch.autograd.grad(functional.cross_entropy(module(x), labels), x)
            x = (x.detach() + _STEP * gradient.sign()).clamp(start - 8 * _STEP, start + 8 * _STEP)
        return x

    return run


def searched(name: str, photos: Sequence[Pixels], candidates: int) -> Call:
    """``candidates`` rotations and shifts of each photo by affine_grid and grid_sample, and their answers."""
    module, inputs = _module(name), _inputs(name, photos)
    height, width = inputs.shape[2:]
    motions = sample(0, candidates, height, width, Bounds())

    def run() -> None:
        with torch.inference_mode():
            for photo in inputs:
                for start in range(0, len(motions), _BATCH):
                    theta = affine(motions[start : start + _BATCH], height, width)
                    grid = functional.affine_grid(theta, [len(theta), 3, height, width], align_corners=True)
                    module(functional.grid_sample(photo.expand(len(theta), -1, -1, -1), grid, align_corners=True))

    return run


def affine(motions: np.ndarray[tuple[int, ...], np.dtype[np.float64]], height: int, width: int) -> torch.Tensor:
    """Rows of degrees, tx and ty in pixels as affine_grid's matrices (n, 2, 3): output to source, corners at +-1."""
    cos, sin = np.cos(np.deg2rad(motions[:, 0])), np.sin(np.deg2rad(motions[:, 0]))
    x, y = 2 * motions[:, 1] / max(width - 1, 1), 2 * motions[:, 2] / max(height - 1, 1)
    tall = (height - 1) / max(width - 1, 1)
    rows = [cos, -sin * tall, -(cos * x - sin * tall * y), sin / tall, cos, -(sin / tall * x + cos * y)]
    return torch.from_numpy(np.stack(rows, 1).reshape(-1, 2, 3).astype(np.float32))


def _module(name: str) -> torch.nn.Module:
    module: torch.nn.Module = network(CARDS[name], load_state_dict(Store().load(name))).eval()
    return module.requires_grad_(False)


def _inputs(name: str, photos: Sequence[Pixels]) -> torch.Tensor:
    height, width = (size if isinstance(size, int) else 224 for size in CARDS[name].shape[2:])
    planes = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return functional.interpolate(planes, (height, width), mode="bilinear", antialias=True).contiguous()
