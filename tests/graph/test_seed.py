"""The gradients for the logits: right, and a classifier's alive where the cross entropy's has died."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.graph import build_attack_graph, build_score_graph

from .small import model, on_onnxruntime, on_openvino, reference

CLASSES = 6


def linear(dtype: type = np.float32) -> object:
    """A 'network' that shows its logits: pixels (n, 6, 1, 1) times 1."""
    nodes = [("Flatten", "x", "f", {}), ("Gemm", "f w", "y", {})]
    return model(nodes, ("n", CLASSES, 1, 1), {"w": np.eye(CLASSES)}, dtype)


def seeds(logits: np.ndarray, accepted: np.ndarray, runner: object = on_onnxruntime) -> np.ndarray:
    built = build_attack_graph(linear(logits.dtype.type), (len(logits), CLASSES, 1, 1))
    _, gradient = runner(built)({"input": logits[:, :, None, None], "accepted": accepted.astype(logits.dtype)})
    return gradient[:, :, 0, 0]


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_one_class_is_the_scaled_cross_entropy_seed() -> None:
    z = np.random.default_rng(0).standard_normal((4, CLASSES))
    mask = np.eye(4, CLASSES)
    p = softmax(z)
    seed = seeds(z, mask, reference)
    np.testing.assert_allclose(seed * (1 - (p * mask).sum(1, keepdims=True)), p - mask, atol=1e-12)


def test_a_set_is_the_gradient_of_its_log_odds() -> None:
    random = np.random.default_rng(1)
    z, mask = random.standard_normal((3, CLASSES)), np.array([[1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1], [1] * 5 + [0]])

    def odds(z: np.ndarray) -> np.ndarray:
        e = np.exp(z)
        return np.log((e * (1 - mask)).sum(1)) - np.log((e * mask).sum(1))

    seed, direction = seeds(z, mask, reference), random.standard_normal(z.shape)
    slope = (odds(z + 1e-6 * direction) - odds(z - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose((seed * direction).sum(1), slope, atol=1e-8)


@pytest.mark.parametrize("runner", [on_onnxruntime, on_openvino])
@pytest.mark.parametrize("margin", [30.0, 200.0, 1e4, 1e30])
def test_saturated_photo_still_has_a_gradient(margin: float, runner: object) -> None:
    """In fp32 softmax(z) - onehot is exactly zero beyond a margin of about 17."""
    z = np.zeros((1, CLASSES), np.float32)
    z[0, 2] = margin
    seed = seeds(z, np.eye(CLASSES)[[2]], runner)
    np.testing.assert_allclose(seed, [[0.2, 0.2, -1, 0.2, 0.2, 0.2]], rtol=1e-5)
    away = seeds(z, np.eye(CLASSES)[[0]], runner)
    np.testing.assert_allclose(away, [[-1, 0, 1, 0, 0, 0]], atol=1e-6)


def test_empty_slot_is_finite_and_leaves_its_neighbours_alone() -> None:
    z = np.random.default_rng(2).standard_normal((2, CLASSES)).astype(np.float32)
    mask = np.eye(2, CLASSES)
    alone = seeds(z, mask)
    mask[1] = 0
    seed = seeds(z, mask)
    np.testing.assert_array_equal(seed[0], alone[0])
    np.testing.assert_allclose(seed[1], softmax(z)[1], rtol=1e-5)
    np.testing.assert_allclose(seeds(z, np.ones((2, CLASSES))), -softmax(z), rtol=1e-5)


@pytest.mark.parametrize("runner", [reference, on_onnxruntime, on_openvino])
def test_a_scorers_is_the_gradient_of_its_mean_rating(runner: object) -> None:
    z = np.random.default_rng(3).normal(size=(4, CLASSES), scale=2.0)
    z[3] = [0, 0, 30, 0, 0, 0]  # sure of one rating
    ratings = np.arange(1, CLASSES + 1)
    p = softmax(z)
    slopes = [
        ((softmax(z + 1e-6 * unit) @ ratings) - (softmax(z - 1e-6 * unit) @ ratings)) / 2e-6 for unit in np.eye(CLASSES)
    ]
    dtype = np.float64 if runner is reference else np.float32
    built = build_score_graph(linear(dtype), (4, CLASSES, 1, 1))
    logits, seed = runner(built)({"input": z[:, :, None, None].astype(dtype)})
    np.testing.assert_allclose(logits, z, rtol=1e-6)
    np.testing.assert_allclose(seed[:, :, 0, 0], np.transpose(slopes), atol=2e-6)
    np.testing.assert_allclose(seed[:, :, 0, 0], p * (ratings - (p @ ratings)[:, None]), atol=2e-6)
