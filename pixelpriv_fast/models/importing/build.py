"""From a checkpoint file to the bytes of a checked, stamped ``.onnx``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ModelError
from ...runtime import create_session
from ...types import Floats
from ..architectures import convert, network
from ..card import Card, load_part
from ..stamped.file import add_stamp, read_stamped
from ..stamped.stamp import stamp_of
from .checkpoint import Tensors, read_checkpoint

if TYPE_CHECKING:
    import torch

#: Largest difference of outputs against torch, relative to the largest output. fp32 reorders sums, no more.
TOLERANCE = 1e-4
_ROWS = 2


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two sets of outputs lie apart, relative to the largest value of the first.

    Attributes
    ----------
    maximum : float
        Largest difference.
    mean : float
        Mean difference.
    agreement : float
        Share of rows with the same largest entry, 0..1.
    """

    maximum: float
    mean: float
    agreement: float


def parity(reference: Floats, other: Floats) -> Parity:
    """Compare outputs row by row.

    Parameters
    ----------
    reference : ndarray, shape (n, ...)
        What is right.
    other : ndarray, shape (n, ...)
        What is compared with it.

    Returns
    -------
    Parity
        The differences.
    """
    difference = np.abs(reference.astype(np.float64) - other) / max(float(np.abs(reference).max()), 1e-12)
    rows = len(reference)
    same = reference.reshape(rows, -1).argmax(1) == other.reshape(rows, -1).argmax(1)
    return Parity(float(difference.max()), float(difference.mean()), float(same.mean()))


def build(card: Card, checkpoint: Path, *, allow_unknown_hash: bool = False) -> bytes:
    """Build a network's stamped ``.onnx`` and compare it with torch. Needs torch.

    Parameters
    ----------
    card : Card
        The network.
    checkpoint : Path
        Its weights.
    allow_unknown_hash : bool
        Whether weights of another hash than the pinned one are accepted.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ModelError
        If the checkpoint does not fit, or if the ``.onnx`` computes something else.
    """
    tensors, source = read_checkpoint(checkpoint, card, allow_unknown_hash=allow_unknown_hash)
    try:
        module = network(card, convert(card, tensors))
    except ModelError as error:
        raise ModelError(f"{checkpoint}: {error}") from error
    data = add_stamp(_graph(card, module, tensors), stamp_of(card, source))
    read_stamped(data, card.name)
    inputs = sample(card, _ROWS)
    found = parity(torch_outputs(module, inputs), create_session(data, "onnxruntime").run({card.input: inputs})[0])
    if not found.maximum <= TOLERANCE:
        raise ModelError(
            f"{card.name}: torch and ONNX Runtime differ by {found.maximum:.2e} of the largest output; "
            f"at most {TOLERANCE} is allowed"
        )
    return data


def _graph(card: Card, module: torch.nn.Module, tensors: Tensors) -> bytes:
    """Return the network's ONNX bytes: by the function that the card names, else by torch's exporter."""
    if card.graph is None:
        from .torch_export import export

        return export(card, module)
    written: bytes = load_part(card.graph)(tensors)
    return written


def sample(card: Card, rows: int) -> Floats:
    """Draw seeded inputs in the card's ``sample_range``.

    Parameters
    ----------
    card : Card
        The network; open sizes of its input become 64.
    rows : int
        Number of inputs.

    Returns
    -------
    ndarray of float32, shape (rows, ...)
        The inputs.
    """
    shape = (rows, *(size if isinstance(size, int) else 64 for size in card.shape[1:]))
    return np.random.default_rng(0).uniform(*card.sample_range, shape).astype(np.float32)


def torch_outputs(module: torch.nn.Module, inputs: Floats) -> Floats:
    """Compute outputs with torch, on the CPU.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    inputs : ndarray of float32
        Its inputs.

    Returns
    -------
    ndarray of float32
        Its outputs.
    """
    import torch

    with torch.inference_mode():
        outputs: Floats = module(torch.from_numpy(inputs)).numpy()
    return outputs
