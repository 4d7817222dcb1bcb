"""A classifier's own session as a victim of attacks that only ask for logits: no gradient, no framework."""

from __future__ import annotations

import threading
from typing import NoReturn

from ..errors import DeviceError, UsageError
from ..models import Classifier, Preprocess
from ..runtime import Choice, SessionOptions, create_session, precisions
from ..types import Floats, Logits
from .onnx_ways import PRECISIONS, WORDS
from .protocol import ROUGH_ERRORS, ClassSets


class ForwardEngine:
    """A ``GradientEngine`` without gradients: logits by the very session that verdicts come from, in fp32, and rough
    ones by a second session in ``precision`` ("auto": the provider's fastest on this machine), made on first use.

    Raises ``UsageError`` for an unknown precision, ``DeviceError`` for one that the provider cannot compute in.
    """

    def __init__(self, classifier: Classifier, precision: str = "auto") -> None:
        words = [WORDS[spelled] for spelled in precisions(classifier.session.provider.name)]
        if precision not in ("auto", *PRECISIONS):
            raise UsageError(f"unknown precision {precision!r}. Known: auto, {', '.join(PRECISIONS)}")
        if precision not in ("auto", *words):
            raise DeviceError(f"{classifier.session.provider.title} computes in {' and '.join(words)} on this machine")
        self.classifier = classifier
        self.precision = words[0] if precision == "auto" else precision
        self._rough: Classifier | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self.classifier.name

    @property
    def device(self) -> str:
        return self.classifier.device

    @property
    def rough_error(self) -> float:
        return ROUGH_ERRORS[self.precision]

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
        return self._ranking().logits(inputs, slots)

    def gradient(self, inputs: Floats, accepted: ClassSets, slots: int | None = None) -> NoReturn:
        """Raises ``UsageError``: an attack that needs gradients must be given an engine that computes them."""
        raise UsageError(f"{self.name}: this engine computes no gradients; use load_engine({self.name!r})")

    def close(self) -> None:
        """See ``GradientEngine.close``: the fp32 session is the classifier's own."""
        if self._rough is not None:  # no lock: in a forked child nobody might ever release it
            self._rough.close()

    def _ranking(self) -> Classifier:
        """What gives rough logits: the classifier itself where there is nothing faster."""
        if self.precision == "fp32":
            return self.classifier
        with self._lock:
            if self._rough is None:
                choice = Choice(self.classifier.session.provider, "the verdict's")
                options = SessionOptions(precision=PRECISIONS[self.precision])
                self._rough = Classifier(
                    self.classifier.model, create_session(self.classifier.model.data, choice, options)
                )
            return self._rough
