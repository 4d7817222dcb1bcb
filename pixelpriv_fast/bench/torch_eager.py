"""Runs the networks as a user would with plain PyTorch: eager, fp32, no layer folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
import torch.nn.functional as functional

from ..attacks.spatial_search import Bounds, sample
from ..models import CARDS
from ..models.card import load_part
from ..types import Pixels

Call = Callable[[], object]

_STEP = 0.02  #: of the normalised input; only the time matters

#: Number of candidates a photo that a search judges in one forward.
CANDIDATES: Final = 5


def answers(name: str, photos: Sequence[Pixels]) -> Call:
    """Make a call that classifies photos in one forward.

    Parameters
    ----------
    name : str
        A card's name.
    photos : sequence of Pixels
        Photos of one size, uint8 RGB; torch resizes them to the network's input.

    Returns
    -------
    callable
        The call that is timed.
    """
    module, inputs = _module(name), _inputs(name, photos)

    def run() -> torch.Tensor:
        with torch.inference_mode():
            out: torch.Tensor = module(inputs)
        return out

    return run


def stylised(name: str, photo: Pixels) -> Call:
    """Make a call that runs a generator on a photo at its own size, and rounds to 8 bits.

    Parameters
    ----------
    name : str
        A card's name.
    photo : Pixels
        The photo, uint8 RGB.

    Returns
    -------
    callable
        The call that is timed.
    """
    module = _module(name)

    def run() -> torch.Tensor:
        with torch.inference_mode():
            planes = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
            out: torch.Tensor = module(planes)
            return ((out + 1) * 127.5).clamp(0, 255).byte()

    return run


def stepped(name: str, photos: Sequence[Pixels]) -> Call:
    """Make a call that takes one signed gradient step on a float batch, as attack libraries do.

    Parameters
    ----------
    name : str
        A card's name.
    photos : sequence of Pixels
        Photos of one size, uint8 RGB.

    Returns
    -------
    callable
        The call that is timed.
    """
    module, start = _module(name), _inputs(name, photos)
    labels = torch.zeros(len(photos), dtype=torch.long)

    def run() -> torch.Tensor:
        x = start.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(functional.cross_entropy(module(x), labels), x)
        moved: torch.Tensor = (x.detach() + _STEP * gradient.sign()).clamp(start - _STEP, start + _STEP)
        return moved

    return run


def searched(name: str, photos: Sequence[Pixels]) -> Call:
    """Make a call that classifies ``CANDIDATES`` rotations and shifts of each photo, by affine_grid and grid_sample.

    Parameters
    ----------
    name : str
        A card's name.
    photos : sequence of Pixels
        Photos of one size, uint8 RGB.

    Returns
    -------
    callable
        The call that is timed.
    """
    module, inputs = _module(name), _inputs(name, photos)
    height, width = inputs.shape[2:]
    theta = affine(sample(0, CANDIDATES - 1, height, width, Bounds()), height, width)

    def run() -> None:
        with torch.inference_mode():
            grid = functional.affine_grid(theta, [CANDIDATES, 3, height, width], align_corners=True)
            for photo in inputs:
                module(functional.grid_sample(photo.expand(CANDIDATES, -1, -1, -1), grid, align_corners=True))

    return run


def affine(motions: np.ndarray[tuple[int, ...], np.dtype[np.float64]], height: int, width: int) -> torch.Tensor:
    """Return affine_grid's matrices of rotations and shifts.

    Parameters
    ----------
    motions : ndarray
        Degrees, and shifts in x and y in pixels, float64 (n, 3).
    height, width : int
        The photo's size in pixels.

    Returns
    -------
    Tensor
        Float32 (n, 2, 3), from output to source, with the corners at -1 and 1.
    """
    cos, sin = np.cos(np.deg2rad(motions[:, 0])), np.sin(np.deg2rad(motions[:, 0]))
    x, y = 2 * motions[:, 1] / max(width - 1, 1), 2 * motions[:, 2] / max(height - 1, 1)
    tall = (height - 1) / max(width - 1, 1)
    rows = [cos, -sin * tall, -(cos * x - sin * tall * y), sin / tall, cos, -(sin / tall * x + cos * y)]
    return torch.from_numpy(np.stack(rows, 1).reshape(-1, 2, 3).astype(np.float32))


def _module(name: str) -> torch.nn.Module:
    """Return the bare network with seeded weights; the time does not depend on them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module: torch.nn.Module = load_part(CARDS[name].architecture)()
    return module.eval().requires_grad_(False)


def _inputs(name: str, photos: Sequence[Pixels]) -> torch.Tensor:
    height, width = (size if isinstance(size, int) else 224 for size in CARDS[name].shape[2:])
    planes = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return functional.interpolate(planes, (height, width), mode="bilinear", antialias=True).contiguous()
