from __future__ import annotations

import dataclasses
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.errors import DeviceError, UsageError
from pixelpriv_fast.runtime import PROVIDERS, Choice, SessionOptions, create_session, device, probe
from pixelpriv_fast.runtime.ort_session import _provider_list
from pixelpriv_fast.runtime.probe_model import PROBE_INPUT, PROBE_MODEL, PROBE_OUTPUT

WORKING = [name for name in ("openvino", "onnxruntime") if probe.status(name).works]


@pytest.fixture(params=WORKING)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_runs_and_says_what_it_is(name: str) -> None:
    session = create_session(PROBE_MODEL, name, SessionOptions(threads=1))
    (answer,) = session.run({"x": PROBE_INPUT})
    assert np.array_equal(answer, PROBE_OUTPUT)
    assert session.provider is PROVIDERS[name]
    assert session.precision == "fp32"
    assert [dataclasses.astuple(spec) for spec in session.inputs] == [("x", (1, 1, 2, 2))]
    assert [dataclasses.astuple(spec) for spec in session.outputs] == [("y", (1, 1, 2, 2))]


def test_answers_outlive_the_next_call(name: str) -> None:
    session = create_session(PROBE_MODEL, name)
    (first,) = session.run({"x": PROBE_INPUT})
    session.run({"x": PROBE_INPUT + 5})
    assert np.array_equal(first, PROBE_OUTPUT)
    assert first.flags.writeable


def test_inputs_are_left_alone_and_may_be_strided(name: str) -> None:
    session = create_session(PROBE_MODEL, name)
    strided = np.repeat(PROBE_INPUT, 2, axis=3)[..., ::2]
    before = strided.copy()
    assert np.array_equal(session.run({"x": strided})[0], PROBE_OUTPUT)
    assert np.array_equal(strided, before)


def test_a_wrong_shape_names_both(name: str) -> None:
    with pytest.raises(UsageError, match=r"input 'x' has shape \(1, 1, 3, 2\), the network takes \(1, 1, 2, 2\)"):
        create_session(PROBE_MODEL, name).run({"x": np.zeros((1, 1, 3, 2), np.float32)})


@pytest.mark.parametrize("bad", [b"", b"hello", PROBE_MODEL[:60]])
def test_what_is_no_model(name: str, bad: bytes) -> None:
    with pytest.raises(DeviceError, match="cannot run this network") as error:
        create_session(bad, name)
    assert "\n" not in str(error.value)


def test_closed(name: str) -> None:
    session = create_session(PROBE_MODEL, name)
    session.close()
    with pytest.raises(DeviceError, match="closed"):
        session.run({"x": PROBE_INPUT})


def test_eight_threads(name: str) -> None:
    session = create_session(PROBE_MODEL, name)
    wrong: list[int] = []

    def work(index: int) -> None:
        mine = PROBE_INPUT + np.float32(index)
        for _ in range(200):
            if not np.array_equal(session.run({"x": mine})[0], mine * 2):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_a_fork_it_is_an_error_and_no_hang(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = create_session(PROBE_MODEL, name)
    monkeypatch.setattr(os, "getpid", lambda: -1)  # what a child sees: another number than the session noted
    with pytest.raises(DeviceError, match=r"made before a fork.*'spawn'"):
        session.run({"x": PROBE_INPUT})


def test_options_are_checked() -> None:
    with pytest.raises(UsageError, match=r"unknown precision 'f16'; did you mean 'fp16'\? Known: fp32, bf16, fp16"):
        SessionOptions(precision="f16")
    with pytest.raises(UsageError, match="at least 1, not 0"):
        SessionOptions(threads=0)


def test_reduced_precision_is_never_silently_fp32() -> None:
    with pytest.raises(DeviceError, match="bf16"):
        create_session(PROBE_MODEL, "onnxruntime", SessionOptions(precision="bf16"))


@pytest.mark.skipif("openvino" not in WORKING or not device.has_bf16(), reason="needs OpenVINO and bf16 hardware")
def test_bf16_is_really_bf16() -> None:
    session = create_session(PROBE_MODEL, "openvino", SessionOptions(precision="bf16"))
    fine = np.full((1, 1, 2, 2), 1.001, np.float32)  # bf16 has 8 bits: 1.001 becomes 1.0
    assert np.array_equal(session.run({"x": fine})[0], np.full_like(fine, 2.0))
    assert create_session(PROBE_MODEL, "openvino").run({"x": fine})[0][0, 0, 0, 0] == np.float32(1.001) * 2


def test_choice_made_before_is_taken() -> None:
    assert create_session(PROBE_MODEL, Choice(PROVIDERS["onnxruntime"], "a test")).provider.name == "onnxruntime"


def test_gpu_settings() -> None:
    """Not run on a GPU: what would be asked of the provider."""
    ((name, cuda),) = _provider_list(PROVIDERS["cuda"], SessionOptions())
    assert name == "CUDAExecutionProvider"
    assert cuda["use_tf32"] == "0"  # fp32 means fp32
    (name, tensorrt), (second, _) = _provider_list(PROVIDERS["tensorrt"], SessionOptions(precision="fp16"))
    assert (name, second) == ("TensorrtExecutionProvider", "CUDAExecutionProvider")
    assert (tensorrt["trt_fp16_enable"], tensorrt["trt_bf16_enable"]) == ("True", "False")
    assert "trt_engine_cache_enable" not in tensorrt
    ((_, cached), _) = _provider_list(PROVIDERS["tensorrt"], SessionOptions(engine_cache=Path("engines")))
    assert (cached["trt_engine_cache_enable"], cached["trt_engine_cache_path"]) == ("True", "engines")


def test_a_provider_that_was_chosen_and_does_not_run_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime.InferenceSession, "get_providers", lambda self: ["OtherProvider"])
    with pytest.raises(DeviceError, match=r"ONNX Runtime was chosen, but onnxruntime runs \['OtherProvider'\]"):
        create_session(PROBE_MODEL, "onnxruntime")
