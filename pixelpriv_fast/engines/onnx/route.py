"""One way to run a network's backward graph: its graphs, its compiled passes and their proofs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ...errors import DeviceError, ModelError
from ...graph import build_attack_graph, build_forward, parse
from ...models import Preprocess, StampedModel
from ...runtime import PROVIDERS, Array, Provider
from ...types import Floats, Logits
from ..checks import checked_reference
from ..ranking import Ranking
from .passes import Key, Pass, Passes, at_once, compiled, in_lanes
from .proofs import Run, proven
from .ways import Way

#: The plainest way: what others are proved against.
REFERENCE = Way(PROVIDERS["onnxruntime"], "fp32", "conv_transpose", "planar")


class Route:
    """``way`` for one classifier; passes are compiled, and gradients proved, on first use. Any thread may call. ``wish``:
    what may rank, as ``Ranking`` takes it.

    Raises ``DeviceError`` where the provider fails or computes wrongly, ``ModelError`` for a network without a gradient.
    """

    def __init__(self, way: Way, model: StampedModel, preprocess: Preprocess, classes: int, wish: str) -> None:
        self.way = way
        self.ranking = Ranking(model, way.provider, way.precision, wish, self._logits)
        self._model = model
        self._size = preprocess.size
        self._classes = classes
        self._passes = Passes(self._make)

    def prepare(self, slots: int) -> None:
        """Compiles and proves what passes of ``slots`` photos need, side by side."""
        keys = [(kind, at_once(self._provider(kind), slots)) for kind in ("gradient", "logits")]
        with ThreadPoolExecutor(len(keys)) as pool:
            list(pool.map(self._passes.get, keys))

    def run(self, kind: str, slots: int, *arrays: Array) -> list[Array]:
        """``kind`` "gradient": (inputs, accepted) -> [logits, gradient]; "logits": (inputs) -> [logits] in fp32."""
        return self._passes.get((kind, at_once(self._provider(kind), slots)))(*arrays)

    def close(self) -> None:
        """Closes every session."""
        self._passes.close()
        self.ranking.close()

    def _logits(self, inputs: Floats, slots: int | None) -> Logits:
        (logits,) = self.run("logits", slots or len(inputs), inputs)
        return logits

    def _provider(self, kind: str) -> Provider:
        return self.way.exact if kind == "logits" else self.way.provider

    def _make(self, key: Key) -> Pass:
        kind, photos = key
        slots, lanes = in_lanes(self._provider(kind), photos)
        if kind == "gradient":
            return self._proved(slots, lanes)
        forward = build_forward(parse(self._model.data), self._shape(slots), logits=self._model.stamp.output)
        return compiled(forward.SerializeToString(), self._provider(kind), "fp32", lanes)

    def _proved(self, slots: int, lanes: int) -> Pass:
        graph = self._graph(self.way, slots)
        made = compiled(graph, self.way.provider, self.way.precision, lanes)
        if self.way == REFERENCE:
            return made

        def reference() -> Run:
            exact = compiled(self._graph(REFERENCE, slots), REFERENCE.provider, REFERENCE.precision)
            return lambda photos, accepted: checked_reference(name, exact(photos, accepted))

        name = self._model.stamp.name
        proof = proven(self.way, graph, made, reference, self._shape(slots), self._classes, self._model.folder)
        if not proof.ok:
            made.close()
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
