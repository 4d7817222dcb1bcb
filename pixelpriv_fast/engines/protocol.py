"""What an attack needs to know of a network: its answers, and which way the input moves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..models.preprocess import Preprocess
from ..types import Floats, Logits
from ..words import Precision

#: ``GradientEngine.rough_error`` where nobody measured it. Choice: bf16 was 0.02 (SqueezeNet-Places365), 0.03 (a calibrated
#: ResNet50) and 0.08 (EfficientNet-Lite0); fp16 has three bits more.
ROUGH_ERRORS: Mapping[Precision, float] = {"fp32": 0.0, "bf16": 0.1, "fp16": 0.02}

ClassSets: TypeAlias = npt.NDArray[np.bool_]  #: (photos, classes), one set of classes a photo


#: How candidates may be ranked: in a precision, or with 8-bit integers.
RankingPrecision = Literal["int8", "fp32", "bf16", "fp16"]
RankingRequest = Literal["auto", "int8", "fp32", "bf16", "fp16"]


class GradientEngine(Protocol):
    """One network on one device. No state is shared between photos or calls; any thread may call."""

    @property
    def name(self) -> str:
        """The classifier's name."""

    @property
    def device(self) -> str:
        """What really runs, for example "torch cpu fp32"."""

    @property
    def precision(self) -> Precision:
        """Of gradients and of the logits that come with them: "fp32", "bf16" or "fp16"."""

    @property
    def rough_precision(self) -> str:
        """Of rough logits: "int8", ``precision``, or "fp32" where neither is worth it. Asking may try that out."""

    @property
    def rough_error(self) -> float:
        """About by how much rough log-odds differ from fp32 ones: the standard deviation among candidates of one photo,
        which tell more about each other than about those of another. 0 where rough logits are fp32 ones."""

    @property
    def repeatable(self) -> bool:
        """Whether a photo's answers are promised to be the same to the bit whatever shares its pass, and again in
        another process: shown by tests on a CPU, not promised by a GPU's libraries."""

    @property
    def most(self) -> int | None:
        """The photos that are best handed over at a time; None: as many as there are slots. Who takes no more than one
        pass holds finds their inputs and gradients still in the processor's cache."""

    @property
    def classes(self) -> int:
        """The number of classes."""

    @property
    def preprocess(self) -> Preprocess:
        """What makes the network's inputs from photos."""

    def prepare(self, slots: int) -> None:
        """Compiles or captures what passes of ``slots`` photos need; otherwise the first pass does."""

    def logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """(n, 3, h, w) float32 -> (n, classes) float32, always in fp32. Any n.

        ``slots``: the static number of photos in a network pass. Fewer are padded up to it, more run in chunks of it,
        so a photo's answer depends neither on its neighbours, nor on its place, nor on how full the pass is. None
        leaves the number to the engine, without that promise.
        """

    def rough_logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """The same in ``rough_precision``: what ranks photos, and decides nothing for good."""

    def gradient(self, inputs: Floats, accepted: ClassSets, slots: int | None = None) -> tuple[Logits, Floats]:
        """Logits, and for each photo the gradient of the log-odds of leaving its set S = ``accepted``,

        ``L = logsumexp(z outside S) - logsumexp(z in S)``,

        with respect to its input, (n, 3, h, w) float32. L grows with the cross entropy -log(sum of p in S) and has its
        gradient's direction, but never vanishes where the network is sure: its derivative by the logits,
        softmax(z outside S) - softmax(z in S), has sums +1 and -1 by construction. Every set holds at least one class
        and leaves at least one out.

        The logits are of the gradient's precision: what is decided for good is decided by ``logits``. ``slots``: as
        there. Raises ``ModelError`` for values that are not finite, ``PhotoError`` for a gradient that is zero all over.
        """

    def close(self) -> None:
        """Frees what the engine holds; calls are an error afterwards. In a forked child nothing is freed."""
