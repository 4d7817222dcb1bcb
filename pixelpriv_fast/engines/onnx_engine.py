"""Gradients by backward graph: the classifier's own ``.onnx``, differentiated as ONNX nodes, on any provider.

Needs no PyTorch. A provider is used for gradients only after its graph was proved right on it, and one that fails,
at once or in the middle of a run, is left for the next one: loudly, and said in ``device`` from then on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..errors import DeviceError, ModelError
from ..graph import build_attack_graph, build_forward, parse
from ..models import Preprocess, StampedModel, in_chunks
from ..runtime import PROVIDERS, Array, Choice, Provider, Session, SessionOptions, create_session
from ..runtime.session import Guard
from ..types import Floats, Logits
from .checks import checked_gradient, checked_logits
from .onnx_passes import Key, Pass, Passes
from .onnx_proofs import proven
from .onnx_ways import PRECISIONS, Way, ways
from .protocol import ClassSets

_LOG = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")

#: Where the number of slots is left to the engine: the power of two that holds the photos, up to this one.
MAX_SLOTS = 32

#: The plainest way: what others are proved against.
REFERENCE = Way(PROVIDERS["onnxruntime"], "fp32", "conv_transpose", "planar")


class OnnxEngine:
    """A ``GradientEngine`` on the first of ``choices`` that works. Made by ``load``."""

    def __init__(self, model: StampedModel, choices: Sequence[Way]) -> None:
        stamp = model.stamp
        if stamp.kind != "classifier" or stamp.preprocess is None or stamp.labels is None:
            raise ModelError(f"{stamp.name} is a {stamp.kind}, not a classifier")
        self.name = stamp.name
        self.preprocess: Preprocess = stamp.preprocess
        self.classes = len(stamp.labels)
        self._model = model
        self._choices = tuple(choices)
        self._left: list[str] = []  # why choices were left, in their order
        self._lock = threading.Lock()
        self._passes = Passes(self._maker(self._choices[0]))
        self._guard = Guard(f"{self.name} engine")

    @property
    def way(self) -> Way:
        """The way that runs now."""
        return self._choices[len(self._left)]

    @property
    def device(self) -> str:
        """As "onnx OpenVINO bf16", and which better ways failed."""
        failed = f" ({'; '.join(self._left)})" if self._left else ""
        return f"onnx {self.way}{failed}"

    @property
    def precision(self) -> str:
        return self.way.precision

    def prepare(self, slots: int) -> None:
        """See ``GradientEngine.prepare``."""
        for kind in ("gradient", "logits"):
            self._attempt(lambda passes, kind=kind: passes.get((kind, slots)))  # type: ignore[misc]

    def logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.logits``."""
        (logits,) = self._run("logits", slots, inputs)
        return checked_logits(self.name, logits)

    def gradient(self, inputs: Floats, accepted: ClassSets, slots: int | None = None) -> tuple[Logits, Floats]:
        """See ``GradientEngine.gradient``."""
        logits, gradient = self._run("gradient", slots, inputs, accepted)
        return checked_logits(self.name, logits), checked_gradient(self.name, gradient)

    def close(self) -> None:
        """See ``GradientEngine.close``."""
        self._guard.close()
        self._passes.close()

    def _run(self, kind: str, slots: int | None, *arrays: Array) -> list[Array]:
        size = slots or min(MAX_SLOTS, 1 << (len(arrays[0]) - 1).bit_length())
        return self._attempt(lambda passes: in_chunks(passes.get((kind, size)), size, *arrays))

    def _attempt(self, call: Callable[[Passes], _Answer]) -> _Answer:
        """``call`` on the passes of the present way, or on those of the first later one that does not fail."""
        while True:
            self._guard.check()
            passes = self._passes
            try:
                return call(passes)
            except DeviceError as error:
                self._guard.check()  # closed meanwhile: no fault of the provider
                self._leave(passes, error)

    def _leave(self, failed: Passes, error: DeviceError) -> None:
        """Goes over to the next way, unless another thread has. Raises ``DeviceError`` where there is none."""
        with self._lock:
            if self._passes is not failed:
                return
            if len(self._left) + 1 == len(self._choices):
                raise DeviceError("; ".join([*self._left, str(error)])) from error
            _LOG.warning("%s: %s fails, going on with the next way: %s", self.name, self.way, error)
            self._left.append(str(error))
            self._passes = Passes(self._maker(self.way))

    def _maker(self, way: Way) -> Callable[[Key], Pass]:
        def make(key: Key) -> Pass:
            kind, slots = key
            if kind == "logits":
                forward = build_forward(parse(self._model.data), self._shape(slots), logits=self._model.stamp.output)
                return Pass(_session(forward.SerializeToString(), way.exact, "fp32"))
            return self._proved(way, slots)

        return make

    def _proved(self, way: Way, slots: int) -> Pass:
        """The gradient pass of ``way``, proved. Raises ``DeviceError`` where it computes wrongly."""
        graph = self._graph(way, slots)
        made = Pass(_session(graph, way.provider, way.precision))
        if way == REFERENCE:
            return made

        def reference() -> Pass:
            return Pass(_session(self._graph(REFERENCE, slots), REFERENCE.provider, "fp32"))

        proof = proven(way, graph, made, reference, self._shape(slots), self.classes, self._model.folder)
        if not proof.ok:
            made.session.close()
            raise DeviceError(f"{way} computes wrong gradients for {self.name} ({way.form}): {proof.reason}")
        return made

    def _graph(self, way: Way, slots: int) -> bytes:
        built = build_attack_graph(
            parse(self._model.data), self._shape(slots), form=way.form, layout=way.layout, logits=self._model.stamp.output
        )
        classes = built.graph.output[0].type.tensor_type.shape.dim[1].dim_value
        if classes != self.classes:
            raise ModelError(f"{self.name} returns {classes} classes, its stamp names {self.classes}; import it again")
        return bytes(built.SerializeToString())

    def _shape(self, slots: int) -> tuple[int, int, int, int]:
        return slots, 3, *self.preprocess.size


def load(model: StampedModel, device: str = "auto", precision: str = "auto") -> OnnxEngine:
    """The engine of a stamped classifier. ``device``: "auto", "cpu", "cuda" or a provider's name. Raises as ``ways``,
    and ``ModelError`` for a model that is no classifier."""
    return OnnxEngine(model, ways(device, precision))


def _session(graph: bytes, provider: Provider, precision: str) -> Session:
    options = SessionOptions(precision=PRECISIONS[precision])
    return create_session(graph, Choice(provider, "chosen by the engine"), options)
