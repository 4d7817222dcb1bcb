"""Rough logits: in the engine's own precision, near the fp32 ones, and as independent of neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.engines import ForwardEngine, load_engine
from pixelpriv_fast.errors import DeviceError, UsageError
from pixelpriv_fast.models import load_classifier
from pixelpriv_fast.runtime import precisions, status
from tests.engines.onnx_networks import classifier, photos
from tests.engines.test_torch_engine import engine as torch_engine

CPU = [name for name in ("openvino", "onnxruntime") if status(name).works]
FAST = [name for name in CPU if precisions(name)[0] != "f32"]


@pytest.fixture
def model(tmp_path):
    return classifier(tmp_path)


@pytest.mark.parametrize("device", CPU)
def test_of_a_classifiers_own_session(model, device):
    exact = load_classifier(model, device=device)
    victim, x = ForwardEngine(exact), photos(5)
    word = {"f32": "fp32"}.get(precisions(device)[0], precisions(device)[0])
    assert victim.precision == word
    rough, logits = victim.rough_logits(x, 2), victim.logits(x, 2)
    assert rough.shape == logits.shape
    np.testing.assert_allclose(rough, logits, atol=0.03 * np.abs(logits).max())
    assert np.array_equal(rough, logits) == (word == "fp32"), "one is rounded to 16 bits on the way, the other is not"
    np.testing.assert_array_equal(rough, np.concatenate([victim.rough_logits(x[i : i + 1], 2) for i in range(5)]))
    victim.close()
    np.testing.assert_array_equal(exact.logits(x, 2), logits, err_msg="the classifier's session is its own")


@pytest.mark.parametrize("device", CPU)
def test_fp32_when_asked_for(model, device):
    victim, x = ForwardEngine(load_classifier(model, device=device), "fp32"), photos(3)
    assert victim.precision == "fp32"
    np.testing.assert_array_equal(victim.rough_logits(x, 4), victim.logits(x, 4))


def test_precisions_that_cannot_be_had(model):
    exact = load_classifier(model, device="onnxruntime")
    with pytest.raises(UsageError, match="int4"):
        ForwardEngine(exact, "int4")
    with pytest.raises(DeviceError, match="fast in fp32"):
        ForwardEngine(exact, "fp16")


@pytest.mark.parametrize("device", FAST)
def test_of_the_onnx_engine(model, device):
    engine, x = load_engine(model, "onnx", device), photos(5)
    rough, logits = engine.rough_logits(x, 2), engine.logits(x, 2)
    np.testing.assert_allclose(rough, logits, atol=0.03 * np.abs(logits).max())
    assert not np.array_equal(rough, logits)
    np.testing.assert_array_equal(rough, np.concatenate([engine.rough_logits(x[i : i + 1], 2) for i in range(5)]))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_of_the_torch_engine(precision):
    engine = torch_engine(precision=precision)
    x = np.random.default_rng(0).normal(size=(5, 3, *engine.preprocess.size)).astype(np.float32)
    rough, logits = engine.rough_logits(x, 2), engine.logits(x, 2)
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, logits, atol=0.03 * np.abs(logits).max())
    assert np.array_equal(rough, logits) == (precision == "fp32")
