"""Rewrites keep the function; what they should remove is gone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pixelpriv_fast.graph import build_forward, build_vjp

from .small import model, on_onnxruntime, reference


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


NORM = {"s": noise(4, seed=1), "b": noise(4, seed=2), "m": noise(4, seed=3), "v": np.array([0.5, 1.0, 2.0, 3.0])}
LAYERS: dict[str, tuple[str, str, dict[str, Any], dict[str, np.ndarray], tuple[int, ...]]] = {
    "conv": ("Conv", "x w c", {}, {"w": noise(4, 3, 3, 3), "c": noise(4)}, (2, 3, 6, 6)),
    "conv_no_bias": ("Conv", "x w", {}, {"w": noise(4, 3, 3, 3)}, (2, 3, 6, 6)),
    "conv_groups": ("Conv", "x w", {"group": 2}, {"w": noise(4, 2, 3, 3)}, (2, 4, 6, 6)),
    "transpose_groups": ("ConvTranspose", "x w c", {"group": 2}, {"w": noise(6, 2, 3, 3), "c": noise(4)}, (2, 6, 4, 4)),
    "gemm": ("Gemm", "x w c", {}, {"w": noise(3, 4), "c": noise(4)}, (2, 3)),
    "gemm_transposed": ("Gemm", "x w c", {"transB": 1}, {"w": noise(4, 3), "c": noise(1)}, (2, 3)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_batch_norm_is_folded_into_the_layer(name: str) -> None:
    op, inputs, attributes, constants, shape = LAYERS[name]
    nodes = [(op, inputs, "h", attributes), ("BatchNormalization", "h s b m v", "y", {"epsilon": 0.01})]
    proto = model(nodes, shape, constants | NORM, np.float64)
    x = noise(*shape, seed=7)
    built = build_vjp(proto, shape)
    assert op in [node.op_type for node in built.graph.node]
    assert not {"BatchNormalization", "Mul"} & {node.op_type for node in built.graph.node}
    y = reference(built)({"input": x, "seed": np.zeros(reference(proto)({"x": x})[0].shape)})[0]
    np.testing.assert_allclose(y, reference(proto)({"x": x})[0], rtol=1e-6, atol=1e-7)


def test_batch_norm_behind_a_shared_layer_stays_apart() -> None:
    """The convolution's own output is read elsewhere, so it may not be rescaled."""
    nodes = [
        ("Conv", "x w", "h", {}),
        ("BatchNormalization", "h s b m v", "n", {}),
        ("Add", "n h", "y", {}),
    ]
    proto = model(nodes, (2, 3, 6, 6), {"w": noise(4, 3, 3, 3)} | NORM, np.float64)
    x = noise(2, 3, 6, 6, seed=7)
    built = build_vjp(proto, x.shape)
    y = reference(built)({"input": x, "seed": np.zeros((2, 4, 4, 4))})[0]
    np.testing.assert_allclose(y, reference(proto)({"x": x})[0], rtol=1e-6)


def head(value: str) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [("ReduceMean", f"{value} axes", "y", {"keepdims": 0})]


AXES = {"axes": np.array([2, 3])}


def test_pooling_goes_before_an_increasing_activation() -> None:
    nodes = [("Relu", "x", "r", {}), ("MaxPool", "r", "p", {"kernel_shape": [2, 2], "strides": [2, 2]}), *head("p")]
    proto = model(nodes, (2, 3, 8, 8), AXES, np.float32)
    built = build_forward(proto, (2, 3, 8, 8))
    assert [node.op_type for node in built.graph.node] == ["MaxPool", "Relu", "ReduceMean"]
    x = noise(2, 3, 8, 8).astype(np.float32)
    np.testing.assert_array_equal(on_onnxruntime(built)({"input": x})[0], on_onnxruntime(proto)({"x": x})[0])


@pytest.mark.parametrize("activation", [("LeakyRelu", {"alpha": -0.1}), ("HardSwish", {}), ("Abs", {})])
def test_pooling_stays_behind_other_activations(activation: tuple[str, dict[str, float]]) -> None:
    nodes = [(activation[0], "x", "r", activation[1]), ("MaxPool", "r", "p", {"kernel_shape": [2, 2]}), *head("p")]
    built = build_forward(model(nodes, (2, 3, 8, 8), AXES, np.float32), (2, 3, 8, 8))
    assert [node.op_type for node in built.graph.node][:2] == [activation[0], "MaxPool"]


def test_idle_nodes_go() -> None:
    nodes = [
        ("Identity", "x", "a", {}),
        ("Dropout", "a", "b", {}),
        ("Cast", "b", "c", {"to": 1}),
        ("Reshape", "c to", "d", {}),
        ("Expand", "d to", "e", {}),
        ("Transpose", "e", "f", {"perm": [0, 1, 2, 3]}),
        ("Concat", "f", "g", {"axis": 1}),
        ("Pad", "g zeros", "h", {}),
        *head("h"),
    ]
    constants = AXES | {"to": np.array([2, 3, 8, 8]), "zeros": np.zeros(8, np.int64)}
    built = build_forward(model(nodes, (2, 3, 8, 8), constants, np.float32), (2, 3, 8, 8))
    assert [node.op_type for node in built.graph.node] == ["ReduceMean"]


def test_dead_nodes_and_constants_go() -> None:
    nodes = [("Conv", "x w", "dead", {}), ("Relu", "x", "r", {}), *head("r")]
    built = build_forward(model(nodes, (2, 3, 8, 8), AXES | {"w": noise(4, 3, 3, 3)}, np.float32), (2, 3, 8, 8))
    assert [node.op_type for node in built.graph.node] == ["Relu", "ReduceMean"]
    assert [tensor.name for tensor in built.graph.initializer] == ["axes"]
