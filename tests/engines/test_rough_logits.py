"""Rough logits: in 16 bits or what else was asked for, near the fp32 ones, and as independent of neighbours."""

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
HARDWARE = [(name, word) for name in CPU for word in precisions(name)]


@pytest.fixture
def model(tmp_path):
    return classifier(tmp_path)


@pytest.mark.parametrize(("device", "precision"), HARDWARE + [(device, "int8") for device in CPU])
def test_of_a_classifiers_own_session(model, device, precision):
    exact = load_classifier(model, device=device)
    victim, x = ForwardEngine(exact, precision), photos(5)
    assert victim.rough_precision == precision
    assert victim.precision == (precisions(device)[0] if precision == "int8" else precision)
    rough, logits = victim.rough_logits(x, 2), victim.logits(x, 2)
    assert rough.shape == logits.shape
    np.testing.assert_allclose(rough, logits, atol=(0.1 if precision == "int8" else 0.03) * np.abs(logits).max())
    assert np.array_equal(rough, logits) == (precision == "fp32"), "one is rounded on the way, the other is not"
    assert (victim.rough_error == 0.0) == (precision == "fp32")
    np.testing.assert_array_equal(rough, np.concatenate([victim.rough_logits(x[i : i + 1], 2) for i in range(5)]))
    victim.close()
    np.testing.assert_array_equal(exact.logits(x, 2), logits, err_msg="the classifier's session is its own")


@pytest.mark.parametrize("device", CPU)
def test_the_fastest_unless_asked_for(model, device):
    assert ForwardEngine(load_classifier(model, device=device)).precision == precisions(device)[0]


def test_precisions_that_cannot_be_had(model):
    exact = load_classifier(model, device="onnxruntime")
    with pytest.raises(UsageError, match="int4"):
        ForwardEngine(exact, "int4")
    with pytest.raises(DeviceError, match="computes in fp32"):
        ForwardEngine(exact, "fp16")


@pytest.mark.parametrize(("device", "word"), [(name, word) for name, word in HARDWARE if word != "fp32"])
def test_of_the_onnx_engine(model, device, word):
    engine, x = load_engine(model, "onnx", device, precision=word), photos(5)
    assert engine.rough_precision == word
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
