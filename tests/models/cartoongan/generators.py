"""CartoonGAN generators made up for tests: the real architecture, random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from pixelpriv_fast.models.architectures.cartoongan import CartoonGANPhoto

Tensors = dict[str, npt.NDArray[np.float32]]


def random_generator(seed: int = 0) -> tuple[CartoonGANPhoto, Tensors]:
    """A module and its tensors under the checkpoint's names. Biases are large here, so that none can be lost unnoticed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = CartoonGANPhoto().eval().requires_grad_(False)
        for name, value in module.named_parameters():
            if name.endswith((".bias", ".shift")):
                value.normal_(0.0, 0.2)
            elif name.endswith(".scale"):
                value.uniform_(0.5, 1.5)
    return module, {name: value.numpy().copy() for name, value in module.state_dict().items()}


def save_npz(path: Path, tensors: Tensors) -> Path:
    np.savez(path, **tensors)
    return path
