"""A backend made ready for one network: its graphs, its compiled batches and their self-tests."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from ...errors import DeviceError, ModelError
from ...graph import BuildsBackward, build_forward, parse
from ...models import Preprocess, StampedModel
from ...runtime import PROVIDERS, Array, Provider
from ..checks import checked_reference
from .backends import Backend
from .batches import CompiledBatch, CompiledBatches, Key, batch_and_requests, compiled, in_flight
from .self_test import Run, self_tested

#: What a compiled backend computes.
Kind = Literal["gradient", "logits"]
KINDS: tuple[Kind, ...] = ("gradient", "logits")

#: The plainest backend: what others are tested against.
REFERENCE = Backend(PROVIDERS["onnxruntime"], "fp32", "conv_transpose", "planar")


class CompiledBackend:
    """A backend for one network. Batches are compiled, and gradients tested, on first use. Any thread may call.

    Parameters
    ----------
    backend : Backend
        What runs the network.
    model : StampedModel
        The network.
    preprocess : Preprocess
        Its preprocessing.
    build : callable
        Builds its backward graph.
    """

    def __init__(self, backend: Backend, model: StampedModel, preprocess: Preprocess, build: BuildsBackward) -> None:
        self.backend = backend
        self._model = model
        self._size = preprocess.size
        self._build = build
        self._batches = CompiledBatches(self._make)

    def prepare(self, batch: int, kinds: Sequence[Kind] = KINDS) -> None:
        """Compile and test what network calls need, side by side.

        Parameters
        ----------
        batch : int
            Number of photos in a network call that the caller asks for.
        kinds : sequence of {"gradient", "logits"}
            What is going to be computed.
        """
        keys = [(kind, in_flight(self._provider(kind), batch)) for kind in kinds]
        with ThreadPoolExecutor(len(keys)) as pool:
            list(pool.map(self._batches.get, keys))

    def run(self, kind: Kind, batch: int, *arrays: Array) -> list[Array]:
        """Compute gradients or logits.

        Parameters
        ----------
        kind : {"gradient", "logits"}
            "gradient" takes the backward graph's inputs and gives [logits, gradient]; "logits" takes (inputs) and gives
            [logits] in fp32.
        batch : int
            Number of photos in a network call that the caller asks for.
        *arrays : ndarray
            The inputs.

        Returns
        -------
        list of ndarray
            The answers.

        Raises
        ------
        DeviceError
            If the provider fails or computes wrongly.
        ModelError
            If the network has no gradient.
        """
        return self._batches.get((kind, in_flight(self._provider(kind), batch)))(*arrays)

    def close(self) -> None:
        """Close every session."""
        self._batches.close()

    def _provider(self, kind: str) -> Provider:
        return self.backend.exact if kind == "logits" else self.backend.provider

    def _make(self, key: Key) -> CompiledBatch:
        kind, photos = key
        batch, requests = batch_and_requests(self._provider(kind), photos)
        if kind == "gradient":
            return self._tested(batch, requests)
        forward = build_forward(parse(self._model.data), self._shape(batch), logits=self._model.stamp.output)
        return compiled(forward.SerializeToString(), self._provider(kind), "fp32", requests)

    def _tested(self, batch: int, requests: int) -> CompiledBatch:
        graph = self._graph(self.backend, batch)
        made = compiled(graph, self.backend.provider, self.backend.precision, requests)
        if self.backend == REFERENCE:
            return made

        def reference() -> Run:
            exact = _step(compiled(self._graph(REFERENCE, batch), REFERENCE.provider, REFERENCE.precision))
            return lambda photos, accepted: checked_reference(name, exact(photos, accepted))

        name, classes = self._model.stamp.name, made.session.outputs[0].shape[1] or 0
        proof = self_tested(
            self.backend, graph, _step(made), reference, self._shape(batch), classes, self._model.folder
        )
        if not proof.ok:
            made.close()
            raise DeviceError(
                f"{self.backend} computes wrong gradients for {name} ({self.backend.form}): {proof.reason}"
            )
        return made

    def _graph(self, backend: Backend, batch: int) -> bytes:
        model, stamp = parse(self._model.data), self._model.stamp
        built = self._build(model, self._shape(batch), form=backend.form, layout=backend.layout, logits=stamp.output)
        classes = built.graph.output[0].type.tensor_type.shape.dim[1].dim_value
        if stamp.labels is not None and classes != len(stamp.labels):
            raise ModelError(
                f"{stamp.name} returns {classes} classes, its stamp names {len(stamp.labels)}; import it again"
            )
        return bytes(built.SerializeToString())

    def _shape(self, batch: int) -> tuple[int, int, int, int]:
        return batch, 3, *self._size


def _step(batch: CompiledBatch) -> Run:
    """Return what the self-test calls: it gives a mask of classes, which a scorer's graph has no input for."""
    taken = len(batch.session.inputs)
    return lambda *arrays: batch(*arrays[:taken])
