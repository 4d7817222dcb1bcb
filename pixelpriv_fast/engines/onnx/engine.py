"""Gradients by backward graph: the classifier's own ``.onnx``, differentiated as ONNX nodes, on any provider.

Needs no PyTorch; ``network`` says what happens when a provider fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import ModelError
from ...graph import build_attack_graph
from ...models import StampedModel
from ...types import Floats, Logits
from ..checks import checked_gradient, checked_logits
from ..protocol import ClassSets, GradientEngine
from .backends import Backend, backends
from .network import OnnxNetwork, batch_of


class OnnxEngine(OnnxNetwork, GradientEngine):
    """A classifier's gradient engine on the first backend that works. Made by ``load``.

    Parameters
    ----------
    model : StampedModel
        A classifier.
    candidates : iterator of Backend
        Backends to try, best first.

    Raises
    ------
    ModelError
        If the model is not a classifier.
    """

    def __init__(self, model: StampedModel, candidates: Iterator[Backend]) -> None:
        super().__init__(model, candidates, "classifier", build_attack_graph)
        if model.stamp.labels is None:
            raise ModelError(f"{self.name} names no classes; import it again")
        self._classes = len(model.stamp.labels)

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self._classes

    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        """Compute logits in fp32."""
        size = batch or batch_of(len(inputs))
        (logits,) = self._attempt(lambda compiled: compiled.run("logits", size, inputs))
        return checked_logits(self.name, logits)

    def gradient(self, inputs: Floats, accepted: ClassSets, batch: int | None = None) -> tuple[Logits, Floats]:
        """Compute logits and gradients."""
        size = batch or batch_of(len(inputs))
        logits, gradient = self._attempt(lambda compiled: compiled.run("gradient", size, inputs, accepted))
        return checked_logits(self.name, logits), checked_gradient(self.name, gradient)


def load(model: StampedModel, device: str = "auto", precision: str = "auto") -> OnnxEngine:
    """Make the engine of a stamped classifier.

    Parameters
    ----------
    model : StampedModel
        The classifier.
    device : str
        "auto", "cpu", "cuda" or a provider's name.
    precision : str
        Precision of gradients: "auto", "fp32", "bf16" or "fp16".

    Returns
    -------
    OnnxEngine
        On the first backend; its graphs are compiled on first use.

    Raises
    ------
    UsageError, DeviceError
        As ``backends``.
    ModelError
        If the model is not a classifier.
    """
    return OnnxEngine(model, backends(device, precision))
