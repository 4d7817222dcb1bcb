"""The networks as plain torch modules, and the one function that builds them.

Importing this package loads no torch.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...runtime.forks import let_torch_compute
from ..card import load_part

if TYPE_CHECKING:
    import torch

    from ..card import Card

_NEEDS_TORCH = 'needs PyTorch: pip install "pixelpriv-fast[full]"'
#: PyTorch's own counters; older checkpoints have none, and no result depends on them.
_COUNTER = "num_batches_tracked"


def require_torch(purpose: str) -> None:
    """Raise ``ModelError`` with the pip line if torch cannot be imported; ``purpose`` begins the message."""
    try:
        importlib.import_module("torch")
    except ImportError as error:
        raise ModelError(f"{purpose} {_NEEDS_TORCH} ({error})") from error


def imagenet_labels() -> tuple[str, ...]:
    """Return the 1000 class names of ILSVRC 2012 in index order, as torchvision spells them."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModelError(f"stamping ImageNet's class names {_NEEDS_TORCH} (no torchvision)")
    # A file of plain lists, run alone: importing all of torchvision for it would take 3 s.
    names: list[str] = run_path(str(Path(spec.origin).parent / "models" / "_meta.py"))["_IMAGENET_CATEGORIES"]
    return tuple(names)


def network(card: Card, tensors: Mapping[str, npt.NDArray[np.generic]]) -> torch.nn.Module:
    """Build a network's module with its weights, in eval mode and frozen.

    Parameters
    ----------
    card : Card
        The network.
    tensors : mapping of str to ndarray
        Its tensors by the module's names, see :func:`convert`.

    Returns
    -------
    torch.nn.Module
        The module.

    Raises
    ------
    ModelError
        If a tensor is missing, superfluous or misshapen (the message names the first).
    DeviceError
        If a fork keeps torch from computing.
    """
    make = _class_of(card)
    let_torch_compute()
    import torch

    with torch.random.fork_rng(devices=[]):  # its first weights are drawn, from the host program's generator
        module: torch.nn.Module = make()
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items() if not name.endswith(_COUNTER)}
    kept = {name: value for name, value in tensors.items() if not name.endswith(_COUNTER)}
    _compare(card.name, expected, {name: value.shape for name, value in kept.items()})
    state = {name: torch.from_numpy(np.array(value, np.float32)) for name, value in kept.items()}
    module.load_state_dict(state, strict=False)
    return module.eval().requires_grad_(False)


def convert(card: Card, tensors: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, npt.NDArray[np.float32]]:
    """Rename a checkpoint's tensors to the module's names, by the architecture's own ``convert`` if it has one.

    Parameters
    ----------
    card : Card
        The network.
    tensors : mapping of str to ndarray
        The checkpoint's tensors.

    Returns
    -------
    dict of str to ndarray
        The same tensors for the module.
    """
    converter = getattr(sys.modules[_class_of(card).__module__], "convert", None)
    return dict(tensors) if converter is None else converter(tensors)


def _class_of(card: Card) -> type[torch.nn.Module]:
    require_torch(f"building {card.name}")
    try:
        found: type[torch.nn.Module] = load_part(card.architecture)
    except ImportError as error:  # torchvision
        raise ModelError(f"building {card.name} {_NEEDS_TORCH} ({error})") from error
    return found


def _compare(name: str, expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> None:
    wrong = f"these are not the weights of {name} but of another network"
    for tensor, shape in expected.items():
        if tensor not in found:
            raise ModelError(f"{wrong}: tensor {tensor} {shape} is missing")
        if tuple(found[tensor]) != shape:
            raise ModelError(f"{wrong}: tensor {tensor} has shape {tuple(found[tensor])}, not {shape}")
    if superfluous := next((tensor for tensor in found if tensor not in expected), None):
        raise ModelError(f"{wrong}: it has a tensor {superfluous} that {name} has not")
