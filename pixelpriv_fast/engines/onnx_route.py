"""One way to run a network's backward graph: its graphs, its compiled passes and their proofs."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

from ..errors import DeviceError, ModelError
from ..graph import build_attack_graph, build_forward, parse
from ..models import Preprocess, StampedModel, pass_size
from ..models.folders import engine_cache
from ..runtime import PROVIDERS, Array, Choice, Provider, Session, SessionOptions, create_session, version
from ..runtime.device import threads
from .checks import checked_reference
from .onnx_passes import Key, Pass, Passes
from .onnx_proofs import Run, proven
from .onnx_ways import PRECISIONS, Way

#: The plainest way: what others are proved against.
REFERENCE = Way(PROVIDERS["onnxruntime"], "fp32", "conv_transpose", "planar")


class Route:
    """``way`` for one classifier; passes are compiled, and gradients proved, on first use. Any thread may call.

    Raises ``DeviceError`` where the provider fails or computes wrongly, ``ModelError`` for a network without a gradient.
    """

    def __init__(self, way: Way, model: StampedModel, preprocess: Preprocess, classes: int) -> None:
        self.way = way
        self._model = model
        self._size = preprocess.size
        self._classes = classes
        self._passes = Passes(self._make)

    def prepare(self, slots: int) -> None:
        """Compiles and proves what passes of ``slots`` photos need, side by side."""
        keys = [(kind, self._at_once(kind, slots)) for kind in ("gradient", "logits")]
        with ThreadPoolExecutor(len(keys)) as pool:
            list(pool.map(self._passes.get, keys))

    def run(self, kind: str, slots: int, *arrays: Array) -> list[Array]:
        """``kind`` "gradient": (inputs, accepted) -> [logits, gradient]; "logits": (inputs) -> [logits] in
        fp32; "rough": the same in the way's precision."""
        return self._passes.get((kind, self._at_once(kind, slots)))(*arrays)

    def close(self) -> None:
        """Closes every session."""
        self._passes.close()

    def _provider(self, kind: str) -> Provider:
        return self.way.exact if kind == "logits" else self.way.provider

    def _at_once(self, kind: str, slots: int) -> int:
        provider = self._provider(kind)
        return min(slots, threads()) if provider.lanes else pass_size(slots, provider.most)

    def _make(self, key: Key) -> Pass:
        kind, at_once = key
        slots, lanes = (1, at_once) if self._provider(kind).lanes else (at_once, 1)
        if kind == "gradient":
            return self._proved(slots, lanes)
        forward = build_forward(parse(self._model.data), self._shape(slots), logits=self._model.stamp.output)
        precision = "fp32" if kind == "logits" else self.way.precision
        return Pass(_session(forward.SerializeToString(), self._provider(kind), precision, lanes), lanes)

    def _proved(self, slots: int, lanes: int) -> Pass:
        graph = self._graph(self.way, slots)
        made = Pass(_session(graph, self.way.provider, self.way.precision, lanes), lanes)
        if self.way == REFERENCE:
            return made

        def reference() -> Run:
            exact = Pass(_session(self._graph(REFERENCE, slots), REFERENCE.provider, REFERENCE.precision))
            return lambda photos, accepted: checked_reference(name, exact(photos, accepted))

        name = self._model.stamp.name
        proof = proven(self.way, graph, made, reference, self._shape(slots), self._classes, self._model.folder)
        if not proof.ok:
            made.session.close()
            raise DeviceError(f"{self.way} computes wrong gradients for {name} ({self.way.form}): {proof.reason}")
        return made

    def _graph(self, way: Way, slots: int) -> bytes:
        model, stamp = parse(self._model.data), self._model.stamp
        built = build_attack_graph(model, self._shape(slots), form=way.form, layout=way.layout, logits=stamp.output)
        classes = built.graph.output[0].type.tensor_type.shape.dim[1].dim_value
        if classes != self._classes:
            raise ModelError(
                f"{stamp.name} returns {classes} classes, its stamp names {self._classes}; import it again"
            )
        return bytes(built.SerializeToString())

    def _shape(self, slots: int) -> tuple[int, int, int, int]:
        return slots, 3, *self._size


def _session(graph: bytes, provider: Provider, precision: str, lanes: int = 1) -> Session:
    cache = None
    if provider.compiles:
        cache = engine_cache() / hashlib.sha256(f"{version(provider.name)} {precision} ".encode() + graph).hexdigest()
    options = SessionOptions(precision=PRECISIONS[precision], lanes=lanes, engine_cache=cache)
    return create_session(graph, Choice(provider, "chosen by the engine"), options)
