"""Sessions by OpenVINO on the CPU."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import Empty, LifoQueue
from typing import Any

from ..errors import DeviceError, one_line
from ..words import Precision
from .device import threads
from .forks import Guard, Native
from .libraries import openvino
from .providers import Provider
from .session import Array, Binding, Session, SessionOptions, TensorSpec, as_input, buffers

#: OpenVINO's words for precisions.
_HINTS: Mapping[Precision, str] = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}


class OpenVINOSession(Session):
    """A session by OpenVINO.

    An infer request serves one call at a time, so calls draw requests from a pool that grows to the
    number of calls under way at once.

    Parameters
    ----------
    model : bytes
        The ONNX model.
    provider : Provider
        OpenVINO's row.
    options : SessionOptions
        How it runs.
    """

    def __init__(self, model: bytes, provider: Provider, options: SessionOptions) -> None:
        self.provider = provider
        self.precision = options.precision
        self._guard = Guard(provider.title)
        self._idle: LifoQueue[Native[Any]] = LifoQueue()
        self._create = threading.Lock()
        core = openvino().Core()
        try:
            network = core.read_model(model, b"")
            # Names before compiling: afterwards a port also carries those of nodes that were merged into it.
            self.inputs = tuple(_spec(port) for port in network.inputs)
            self.outputs = tuple(_spec(port) for port in network.outputs)
            self._compiled = Native(core.compile_model(network, "CPU", _settings(options)))
        except RuntimeError as error:
            raise DeviceError(f"{provider.title} cannot run this network: {one_line(error)}") from error

    def run(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Run the network."""
        self._guard.check()
        feeds = {spec.name: as_input(spec.name, inputs[spec.name], spec.shape) for spec in self.inputs}
        request = self._request()
        try:
            # The inputs are contiguous and stay alive through the call; the outputs are copied out of the request.
            results = request.value.infer(feeds, share_inputs=True, share_outputs=False)
        except RuntimeError as error:
            raise DeviceError(f"{self.provider.title} failed while running: {one_line(error)}") from error
        outputs = [results[port] for port in self._compiled.value.outputs]
        self._idle.put(request)
        return outputs

    def bind(self) -> OpenVINOBinding:
        """Make new buffers."""
        self._guard.check()
        return OpenVINOBinding(self._new_request(), self.inputs, self.outputs, self._guard, self.provider)

    def _request(self) -> Native[Any]:
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._new_request()

    def _new_request(self) -> Native[Any]:
        with self._create:
            return Native(self._compiled.value.create_infer_request())

    def close(self) -> None:
        """Free the session."""
        self._guard.close()
        self._idle = LifoQueue()
        self._compiled = Native(None)


class OpenVINOBinding(Binding):
    """An infer request of its own that reads and writes these very arrays.

    Parameters
    ----------
    request : Native
        The infer request.
    inputs, outputs : tuple of TensorSpec
        The network's, with static shapes.
    guard : Guard
        The session's.
    provider : Provider
        For messages.
    """

    def __init__(
        self,
        request: Native[Any],
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        guard: Guard,
        provider: Provider,
    ) -> None:
        ov = openvino()
        self.inputs, self.outputs = buffers(inputs), buffers(outputs)
        self._request, self._guard, self._provider = request, guard, provider
        for index, array in enumerate(self.inputs):
            request.value.set_input_tensor(index, ov.Tensor(array, shared_memory=True))
        for index, array in enumerate(self.outputs):
            request.value.set_output_tensor(index, ov.Tensor(array, shared_memory=True))

    def start(self) -> None:
        """Begin to compute."""
        self._guard.check()
        self._attempt(self._request.value.start_async)

    def wait(self) -> None:
        """Block until it is finished."""
        self._attempt(self._request.value.wait)

    def _attempt(self, call: Callable[[], object]) -> None:
        try:
            call()
        except RuntimeError as error:
            raise DeviceError(f"{self._provider.title} failed while running: {one_line(error)}") from error


def _settings(options: SessionOptions) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": _HINTS[options.precision],  # the plug-in's own default is bf16 where there is AMX
        "ENABLE_CPU_PINNING": False,  # pinned threads would fight the host's own
    }
    if options.parallel_requests > 1:
        settings |= {"NUM_STREAMS": options.parallel_requests, "INFERENCE_NUM_THREADS": options.threads or threads()}
    else:
        settings["PERFORMANCE_HINT"] = "LATENCY"
        if options.threads is not None:
            settings["INFERENCE_NUM_THREADS"] = options.threads
    return settings


def _spec(port: Any) -> TensorSpec:
    return TensorSpec(
        port.get_any_name(), tuple(None if size.is_dynamic else size.get_length() for size in port.partial_shape)
    )
