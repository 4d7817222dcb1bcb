"""A classifier's own session as a victim of attacks that only ask for logits: no gradient, no framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from ..errors import UsageError
from ..models import Classifier, Preprocess
from ..types import Floats, Logits
from .protocol import ClassSets


@dataclass(frozen=True, slots=True, eq=False)
class ForwardEngine:
    """A ``GradientEngine`` without gradients: logits by the very session that verdicts come from, in fp32."""

    classifier: Classifier

    @property
    def name(self) -> str:
        return self.classifier.name

    @property
    def device(self) -> str:
        return self.classifier.device

    @property
    def precision(self) -> str:
        return "fp32"

    @property
    def repeatable(self) -> bool:
        return self.classifier.session.provider.device == "cpu"

    @property
    def classes(self) -> int:
        return self.classifier.classes

    @property
    def preprocess(self) -> Preprocess:
        return self.classifier.preprocess

    def prepare(self, slots: int) -> None:
        """See ``GradientEngine.prepare``: the session is ready as it is."""

    def logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.logits``."""
        return self.classifier.logits(inputs, slots)

    def gradient(self, inputs: Floats, accepted: ClassSets, slots: int | None = None) -> NoReturn:
        """Raises ``UsageError``: an attack that needs gradients must be given an engine that computes them."""
        raise UsageError(f"{self.name}: this engine computes no gradients; use load_engine({self.name!r})")

    def close(self) -> None:
        """See ``GradientEngine.close``: the session is the classifier's own."""
