"""A classifier's own session as a victim of attacks that only ask for logits: no gradient, no framework."""

from __future__ import annotations

from typing import cast

from ..errors import DeviceError, checked_word
from ..models import Classifier, Preprocess
from ..runtime import precisions
from ..types import Floats, Logits
from ..words import Precision
from .protocol import LogitEngine
from .ranking.protocol import RankingRequest
from .ranking.ranker import Ranker


class ForwardEngine(LogitEngine):
    """An engine without gradients: fp32 logits by the very session that verdicts come from, and a ranker.

    Parameters
    ----------
    classifier : Classifier
        What answers; it stays the caller's.
    precision : str
        Precision of the ranker: "int8", "fp32", "bf16", "fp16", or "auto" for what ranks fastest on this machine.

    Raises
    ------
    UsageError
        For an unknown precision.
    DeviceError
        For a precision that the provider cannot compute in.
    """

    def __init__(self, classifier: Classifier, precision: str = "auto") -> None:
        provider = classifier.session.provider
        words = precisions(provider.name)
        requested = cast(RankingRequest, checked_word("precision", precision, RankingRequest))
        if requested not in ("auto", "int8", *words):
            raise DeviceError(f"{provider.title} computes in {' and '.join(words)} on this machine")
        self.classifier = classifier
        self._precision: Precision = words[0] if requested in ("auto", "int8") else cast(Precision, requested)
        self._ranker = Ranker(classifier.model, provider, self._precision, requested, classifier.logits)

    @property
    def name(self) -> str:
        """The classifier's name."""
        return self.classifier.name

    @property
    def device(self) -> str:
        """What really runs."""
        return self.classifier.device

    @property
    def precision(self) -> Precision:
        """The ranker's precision, if it does not rank in 8 bits."""
        return self._precision

    @property
    def ranker(self) -> Ranker:
        """What ranks candidates."""
        return self._ranker

    @property
    def repeatable(self) -> bool:
        """Whether answers are bit-identical in any batch: on a CPU."""
        return self.classifier.session.provider.device == "cpu"

    @property
    def max_batch(self) -> int | None:
        """Preferred maximum number of photos per call."""
        return self.classifier.session.provider.max_batch

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self.classifier.classes

    @property
    def preprocess(self) -> Preprocess:
        """What makes the network's inputs from photos."""
        return self.classifier.preprocess

    def prepare(self, batch: int) -> None:
        """Do nothing: the session is ready as it is."""

    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        """Compute logits in fp32."""
        return self.classifier.logits(inputs, batch)

    def close(self) -> None:
        """Close the ranker; the fp32 session is the classifier's own."""
        self._ranker.close()


def rough_beside(classifier: Classifier, precision: Precision) -> Ranker | None:
    """Make what answers roughly beside a classifier in 16 bits, without a trial.

    Parameters
    ----------
    classifier : Classifier
        What decides; it stays the caller's.
    precision : Precision
        The precision that is used beside it for gradients.

    Returns
    -------
    Ranker or None
        Compiled on first use; None where 16 bits are not faster, or answers would depend on what else is in a batch.
    """
    provider = classifier.session.provider
    if precision == "fp32" or provider.device != "cpu" or precision not in precisions(provider.name):
        return None
    return Ranker(classifier.model, provider, precision, precision, classifier.logits)
