"""Whole networks, exported as a user would, against torch autograd on each CPU provider."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import onnx
import pytest

from pixelpriv_fast.graph import CONVOLUTION_FORMS, LAYOUTS, ConvolutionForm, build_attack_graph, build_forward, prove
from pixelpriv_fast.graph.proof import Step, proof_input

from .networks import CLASSES, QUICK, SLOW, calibrated, exported, torch_step
from .small import Run, on_onnxruntime, on_openvino

NETWORKS = QUICK | SLOW
NAMES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


@cache
def network(name: str) -> tuple[Step, onnx.ModelProto, tuple[int, int, int, int]]:
    """The torch step (computed once, proofs use one input), the exported model and the shape."""
    build, size = NETWORKS[name]
    torch_network = calibrated(build, size)
    answer = torch_step(torch_network)(*proof_input((2, 3, size, size), CLASSES, seed=0))
    return (lambda x, accepted: answer), exported(torch_network, size), (2, 3, size, size)


def as_step(run: Run) -> Step:
    def step(x: np.ndarray, accepted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, gradient = run({"input": x, "accepted": accepted})
        return logits, gradient

    return step


@pytest.mark.parametrize("name", NAMES)
def test_gradient_equals_autograd(name: str) -> None:
    reference, forward, shape = network(name)
    for form, layout in product(CONVOLUTION_FORMS, LAYOUTS):
        built = build_attack_graph(forward, shape, form=form, layout=layout)
        proof = prove(as_step(on_onnxruntime(built)), reference, shape, CLASSES)
        assert proof.ok, f"{form}, {layout}: {proof}"


@pytest.mark.parametrize("form", CONVOLUTION_FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_gradient_on_openvino(name: str, form: ConvolutionForm) -> None:
    reference, forward, shape = network(name)
    run = as_step(on_openvino(build_attack_graph(forward, shape, form=form)))
    proof = prove(run, reference, shape, CLASSES)
    assert proof.ok, proof


@pytest.mark.parametrize("name", list(QUICK))
def test_bfloat16_points_the_same_way(name: str) -> None:
    reference, forward, shape = network(name)
    run = as_step(on_openvino(build_attack_graph(forward, shape), "bf16"))
    proof = prove(run, reference, shape, CLASSES, min_cosine=0.9, min_sign_agreement=0.8)
    assert proof.ok, proof


@pytest.mark.parametrize("name", list(QUICK))
def test_forward_half_is_the_network(name: str) -> None:
    _, forward, shape = network(name)
    x = np.random.default_rng(0).standard_normal((3, *shape[1:])).astype(np.float32)
    (logits,) = on_onnxruntime(build_forward(forward, x.shape))({"input": x})
    (expected,) = on_onnxruntime(forward)({"input": x})
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_no_batch_norm_remains() -> None:
    built = build_attack_graph(network("resnet18")[1], (1, 3, 64, 64))
    onnx.checker.check_model(built, full_check=True)
    operators = [node.op_type for node in built.graph.node]
    assert "BatchNormalization" not in operators
    # 20 convolutions forward; backward one each, and four phases for each of the three strided ones inside (a pointwise
    # one has a single phase).
    assert operators.count("Conv") == 20 + 14 + 3 * 4 + 3
