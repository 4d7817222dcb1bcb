"""A scorer's rating and its gradient by backward graph, built as classifiers' are; needs no PyTorch.

Choice: the precision that classifiers' gradients have on this machine, bf16 included. It turns NIMA's gradient (a cosine of 0.6
to 0.8 to that in fp32), since the first depthwise layer's weights of up to 33 nearly cancel; but steps along it raise ratings,
told in fp32, by more than nine tenths of what they do in fp32, and take half the time or less
(``benchmarks/decisions/appeal.py``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...graph import build_score_graph
from ...logits import mean_ratings
from ...models import StampedModel
from ...types import Floats, Logits
from ..checks import checked_logits, finite_gradient
from ..protocol import ScoreEngine
from .backends import Backend, backends
from .network import OnnxNetwork, batch_of


class OnnxScoreEngine(OnnxNetwork, ScoreEngine):
    """A score engine on the first backend that works. Made by ``load``.

    Parameters
    ----------
    model : StampedModel
        A scorer.
    candidates : iterator of Backend
        Backends to try, best first.

    Raises
    ------
    ModelError
        If the model is not a scorer.
    """

    def __init__(self, model: StampedModel, candidates: Iterator[Backend]) -> None:
        super().__init__(model, candidates, "scorer", build_score_graph)

    @property
    def sha256(self) -> str:
        """Hash of the network's file."""
        return self._model.sha256

    def prepare(self, batch: int) -> None:
        """Compile what gradients of ``batch`` photos need; what ``score`` needs is compiled when it is first asked for."""
        self._attempt(lambda compiled: compiled.prepare(batch, ("gradient",)))

    def score(self, inputs: Floats, batch: int | None = None) -> Floats:
        """Compute mean ratings in fp32."""
        size = batch or batch_of(len(inputs))
        (logits,) = self._attempt(lambda compiled: compiled.run("logits", size, inputs))
        return self._scores(logits)

    def gradient(self, inputs: Floats, batch: int | None = None) -> tuple[Floats, Floats]:
        """Compute mean ratings and gradients."""
        size = batch or batch_of(len(inputs))
        logits, gradient = self._attempt(lambda compiled: compiled.run("gradient", size, inputs))
        return self._scores(logits), finite_gradient(self.name, gradient)

    def _scores(self, logits: Logits) -> Floats:
        return mean_ratings(checked_logits(self.name, logits)).astype(np.float32)


def load(model: StampedModel, device: str = "auto", precision: str = "auto") -> OnnxScoreEngine:
    """Make the engine of a stamped scorer.

    Parameters
    ----------
    model : StampedModel
        The scorer.
    device : str
        "auto", "cpu", "cuda" or a provider's name.
    precision : str
        Precision of gradients: "auto", "fp32", "bf16" or "fp16".

    Returns
    -------
    OnnxScoreEngine
        On the first backend; its graphs are compiled on first use.

    Raises
    ------
    UsageError, DeviceError
        As ``backends``.
    ModelError
        If the model is not a scorer.
    """
    return OnnxScoreEngine(model, backends(device, precision))
