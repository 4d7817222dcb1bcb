"""Sessions by ONNX Runtime: CPU, CUDA and TensorRT."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Mapping
from typing import Any

from ..errors import DeviceError, one_line
from .engine_cache import engine_folder
from .forks import Guard, Native
from .libraries import onnxruntime
from .providers import PROVIDERS, Provider
from .session import Array, Binding, Session, SessionOptions, TensorSpec, as_input, buffers

_ERRORS_ONLY = 3
_preload_lock = threading.Lock()


class OnnxRuntimeSession(Session):
    """A session by ONNX Runtime, whose own ``run`` is safe from any thread.

    Parameters
    ----------
    model : bytes
        The ONNX model.
    provider : Provider
        The row of what runs it.
    options : SessionOptions
        How it runs.
    """

    def __init__(self, model: bytes, provider: Provider, options: SessionOptions) -> None:
        self.provider = provider
        self.precision = options.precision
        self._guard = Guard(provider.title)
        ort = onnxruntime()
        if provider.device == "cuda":
            _preload(ort)
        elif options.precision != "fp32":
            raise DeviceError(f"{provider.title} runs {options.precision} nowhere on a CPU; use fp32, or OpenVINO")
        try:
            with _engines(provider, options):
                session = ort.InferenceSession(
                    model,
                    _session_options(ort, options),
                    providers=_provider_list(provider, options),
                    enable_fallback=0,
                )
        except DeviceError:
            raise
        except Exception as error:  # onnxruntime's exception classes have no common base of their own
            raise DeviceError(f"{provider.title} cannot run this network: {one_line(error)}") from error
        session.disable_fallback()
        if provider.ort not in session.get_providers():
            raise DeviceError(f"{provider.title} was chosen, but onnxruntime runs {session.get_providers()}")
        self.inputs = tuple(_spec(node) for node in session.get_inputs())
        self.outputs = tuple(_spec(node) for node in session.get_outputs())
        self._session = Native(session)

    def run(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Run the network."""
        self._guard.check()
        feeds = {spec.name: as_input(spec.name, inputs[spec.name], spec.shape) for spec in self.inputs}
        try:
            outputs: list[Array] = self._session.value.run(None, feeds)
        except Exception as error:  # as above; a lost GPU, or no memory
            raise DeviceError(f"{self.provider.title} failed while running: {one_line(error)}") from error
        return outputs

    def bind(self) -> OnnxRuntimeBinding:
        """Make new buffers."""
        self._guard.check()
        return OnnxRuntimeBinding(self._session, self.inputs, self.outputs, self._guard, self.provider)

    def close(self) -> None:
        """Free the session."""
        self._guard.close()
        self._session = Native(None)


class OnnxRuntimeBinding(Binding):
    """An I/O binding to these very arrays.

    They lie in the host's memory; a GPU's provider copies them there and back.

    Parameters
    ----------
    session : Native
        ONNX Runtime's session.
    inputs, outputs : tuple of TensorSpec
        The network's, with static shapes.
    guard : Guard
        The session's.
    provider : Provider
        For messages.
    """

    def __init__(
        self,
        session: Native[Any],
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        guard: Guard,
        provider: Provider,
    ) -> None:
        ort = onnxruntime()
        self.inputs, self.outputs = buffers(inputs), buffers(outputs)
        self._session, self._guard, self._provider = session, guard, provider
        self._binding = Native(session.value.io_binding())
        for spec, array in zip(inputs, self.inputs, strict=True):
            self._binding.value.bind_ortvalue_input(spec.name, ort.OrtValue.ortvalue_from_numpy(array))
        for spec, array in zip(outputs, self.outputs, strict=True):
            self._binding.value.bind_ortvalue_output(spec.name, ort.OrtValue.ortvalue_from_numpy(array))

    def start(self) -> None:
        """Begin to compute."""
        self._guard.check()
        try:
            self._session.value.run_with_iobinding(self._binding.value)
        except Exception as error:  # as in ``OnnxRuntimeSession.run``
            raise DeviceError(f"{self._provider.title} failed while running: {one_line(error)}") from error

    def wait(self) -> None:
        """Do nothing: ``start`` has run it."""


def _engines(provider: Provider, options: SessionOptions) -> contextlib.AbstractContextManager[object]:
    """Return the context of a session's creation: its cache of compiled engines, where it has one."""
    if not provider.compiles or options.engine_cache is None:
        return contextlib.nullcontext()
    return engine_folder(options.engine_cache)


def _session_options(ort: Any, options: SessionOptions) -> Any:
    made = ort.SessionOptions()
    made.log_severity_level = _ERRORS_ONLY
    if options.threads is not None:
        made.intra_op_num_threads = options.threads
    # Waiting threads must not burn the cores that the attack's own arithmetic needs between two calls.
    made.add_session_config_entry("session.force_spinning_stop", "1")
    return made


def _provider_list(provider: Provider, options: SessionOptions) -> list[Any]:
    """Return what ``InferenceSession`` takes. Nodes that TensorRT cannot run go to CUDA, never silently to the CPU's list."""
    if provider.device == "cpu":
        return [provider.ort]
    # cuDNN's exhaustive search would time every convolution again for every new shape.
    cuda = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0" if options.precision == "fp32" else "1"}
    if not provider.compiles:
        return [(provider.ort, cuda)]
    tensorrt = {
        "trt_fp16_enable": str(options.precision == "fp16"),
        "trt_bf16_enable": str(options.precision == "bf16"),
    }
    if options.engine_cache is not None:
        folder = str(options.engine_cache)
        tensorrt |= {"trt_engine_cache_enable": "True", "trt_engine_cache_path": folder}
        tensorrt |= {"trt_timing_cache_enable": "True", "trt_timing_cache_path": folder}
    return [(provider.ort, tensorrt), (PROVIDERS["cuda"].ort, cuda)]


def _preload(ort: Any) -> None:
    """Load the CUDA libraries of pip's nvidia packages.

    It prints what is missing; the probe has shown that enough is there, so that text goes nowhere.
    """
    if hasattr(ort, "preload_dlls"):
        with _preload_lock, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            ort.preload_dlls()


def _spec(node: Any) -> TensorSpec:
    return TensorSpec(node.name, tuple(size if isinstance(size, int) else None for size in node.shape))
