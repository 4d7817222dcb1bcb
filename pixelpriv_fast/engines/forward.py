"""A classifier's own session as a victim of attacks that only ask for logits: no gradient, no framework."""

from __future__ import annotations

from typing import NoReturn, cast

from ..errors import DeviceError, UsageError
from ..models import Classifier, Preprocess
from ..registry import checked_word
from ..runtime import precisions
from ..types import Floats, Logits
from ..words import Precision
from .checks import checked_logits
from .protocol import ClassSets, RankingRequest
from .ranking import Ranking


class ForwardEngine:
    """A ``GradientEngine`` without gradients: logits by the very session that verdicts come from, in fp32, and rough
    ones in ``precision``: "int8", "fp32", "bf16", "fp16", or "auto" for what ranks fastest on this machine.

    Raises ``UsageError`` for an unknown precision, ``DeviceError`` for one that the provider cannot compute in.
    """

    def __init__(self, classifier: Classifier, precision: str = "auto") -> None:
        provider = classifier.session.provider
        words = precisions(provider.name)
        checked_word("precision", precision, RankingRequest)
        if precision not in ("auto", "int8", *words):
            raise DeviceError(f"{provider.title} computes in {' and '.join(words)} on this machine")
        self.classifier = classifier
        self.precision: Precision = words[0] if precision in ("auto", "int8") else cast(Precision, precision)
        self._ranking = Ranking(classifier.model, provider, self.precision, precision, classifier.logits)

    @property
    def name(self) -> str:
        return self.classifier.name

    @property
    def device(self) -> str:
        return self.classifier.device

    @property
    def rough_precision(self) -> str:
        return self._ranking.rank.precision

    @property
    def rough_error(self) -> float:
        return self._ranking.rank.error

    @property
    def repeatable(self) -> bool:
        return self.classifier.session.provider.device == "cpu"

    @property
    def most(self) -> int | None:
        return self.classifier.session.provider.most

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

    def rough_logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.rough_logits``."""
        return checked_logits(self.name, self._ranking.logits(inputs, slots))

    def gradient(self, inputs: Floats, accepted: ClassSets, slots: int | None = None) -> NoReturn:
        """Raises ``UsageError``: an attack that needs gradients must be given an engine that computes them."""
        raise UsageError(f"{self.name}: this engine computes no gradients; use load_engine({self.name!r})")

    def close(self) -> None:
        """See ``GradientEngine.close``: the fp32 session is the classifier's own."""
        self._ranking.close()
