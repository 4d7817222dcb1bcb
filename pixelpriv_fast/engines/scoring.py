"""Loads the engine that gives an attack the direction in which a photo would be liked more."""

from __future__ import annotations

import os

from ..models import load_model
from .protocol import ScoreEngine

#: The scorer whose rating attacks raise.
APPEAL = "nima_mobilenet"


def load_score_engine(
    name: str = APPEAL,
    models: str | os.PathLike[str] | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> ScoreEngine:
    """Load the score engine of a scorer: by its backward graph, whatever engine attacks the classifiers.

    Parameters
    ----------
    name : str
        A name, or the path of a stamped ``.onnx``.
    models : path, optional
        A folder to look in first.
    device : str
        "auto", "cpu" or "cuda", or a provider's name.
    precision : str
        Precision of gradients: "auto", "fp32", "bf16" or "fp16".

    Returns
    -------
    ScoreEngine
        The engine.

    Raises
    ------
    ModelError
        If the network is missing (the message says how to get it), damaged, or not a scorer.
    DeviceError
        If the request cannot be met.
    UsageError
        For unknown words.
    """
    from .onnx.scorer import load  # not above: importing this package loads no framework

    return load(load_model(name, models), device, precision)
