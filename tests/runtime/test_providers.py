from __future__ import annotations

import pytest

from pixelpriv_fast.errors import DeviceError, UsageError
from pixelpriv_fast.runtime.providers import DEVICE_WORDS, PROVIDERS, Status, candidates, resolve

WORKS = Status(True, "a one-node session ran")
BROKEN = Status(False, "no driver", "install a driver")


def statuses(*working: str) -> dict[str, Status]:
    return {name: WORKS if name in working else BROKEN for name in PROVIDERS}


@pytest.mark.parametrize(
    ("wish", "precision", "working", "expected"),
    [
        ("auto", "fp32", ("tensorrt", "cuda", "openvino", "onnxruntime"), "cuda"),  # TensorRT rounds fp32 to TF32
        ("auto", "fp16", ("tensorrt", "cuda", "openvino", "onnxruntime"), "tensorrt"),
        ("auto", "fp16", ("cuda", "onnxruntime"), "cuda"),
        ("auto", "fp32", ("openvino", "onnxruntime"), "openvino"),
        ("auto", "fp32", ("onnxruntime",), "onnxruntime"),
        ("cpu", "fp32", ("cuda", "openvino", "onnxruntime"), "openvino"),
        ("cpu", "fp32", ("cuda", "onnxruntime"), "onnxruntime"),
        ("cuda", "fp32", ("tensorrt", "cuda"), "cuda"),
        ("tensorrt", "fp32", ("tensorrt", "cuda"), "tensorrt"),
        ("onnxruntime", "fp32", ("openvino", "onnxruntime"), "onnxruntime"),
    ],
)
def test_the_best_that_works(wish: str, precision: str, working: tuple[str, ...], expected: str) -> None:
    assert resolve(wish, statuses(*working), precision).provider is PROVIDERS[expected]


def test_the_choice_says_why() -> None:
    choice = resolve("auto", statuses("onnxruntime"))
    assert "OpenVINO: no driver" in choice.reason
    assert "CUDA (ONNX Runtime): no driver" in choice.reason
    assert resolve("onnxruntime", statuses("onnxruntime")).reason == "asked for, and works"


@pytest.mark.parametrize("wish", list(DEVICE_WORDS))
def test_a_wish_that_cannot_be_met_names_reason_and_fix(wish: str) -> None:
    with pytest.raises(DeviceError, match=rf"device '{wish}' cannot run here: .*no driver.*fix: install a driver"):
        resolve(wish, statuses())


def test_an_explicit_wish_never_falls_back() -> None:
    with pytest.raises(DeviceError):
        resolve("cuda", statuses("tensorrt", "openvino", "onnxruntime"))


def test_unknown_words() -> None:
    with pytest.raises(
        UsageError, match=r"unknown device 'gpu'; did you mean 'cpu'\? Known: auto, cpu, tensorrt, cuda"
    ):
        resolve("gpu", statuses("cuda"))


def test_only_what_is_needed_is_looked_up() -> None:
    assert resolve("cpu", {"openvino": WORKS}).provider.name == "openvino"
    assert candidates("cpu") == ("openvino", "onnxruntime")
