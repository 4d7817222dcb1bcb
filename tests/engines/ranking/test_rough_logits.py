"""Rough logits: in 16 bits or what else was asked for, near the fp32 ones, and as independent of neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.engines import ForwardEngine
from pixelpriv_fast.errors import DeviceError, UsageError
from pixelpriv_fast.models import load_classifier
from pixelpriv_fast.runtime import precisions, status
from pixelpriv_fast.runtime.device import fast_int8
from tests.engines.onnx_networks import classifier, photos

CPU = [name for name in ("openvino", "onnxruntime") if status(name).works]
HARDWARE = [(name, word) for name in CPU for word in precisions(name)]
_SATURATES = pytest.mark.skipif(
    not fast_int8(), reason="without VNNI fused 8-bit layers saturate; the trial before a ranking measures by how much"
)
INT8 = [pytest.param(name, "int8", marks=_SATURATES) for name in CPU]


@pytest.fixture
def model(tmp_path):
    return classifier(tmp_path)


@pytest.mark.parametrize(("device", "precision"), HARDWARE + INT8)
def test_of_a_classifiers_own_session(model, device, precision):
    exact = load_classifier(model, device=device)
    victim, x = ForwardEngine(exact, precision), photos(5)
    assert victim.ranker.precision == precision
    assert victim.precision == (precisions(device)[0] if precision == "int8" else precision)
    rough, logits = victim.ranker.logits(x, 2), victim.logits(x, 2)
    assert rough.shape == logits.shape
    np.testing.assert_allclose(rough, logits, atol=(0.1 if precision == "int8" else 0.03) * np.abs(logits).max())
    assert np.array_equal(rough, logits) == (precision == "fp32"), "one is rounded on the backend, the other is not"
    assert (victim.ranker.error == 0.0) == (precision == "fp32")
    np.testing.assert_array_equal(rough, np.concatenate([victim.ranker.logits(x[i : i + 1], 2) for i in range(5)]))
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
