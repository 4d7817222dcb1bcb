"""A proof passes for the same function and fails, with a reason, for any other."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pixelpriv_fast.graph import Proof, proof_key, prove
from pixelpriv_fast.graph.proof import Step, sign_agreement, worst_cosine

SHAPE, CLASSES = (2, 3, 8, 8), 5


def step(x: np.ndarray, accepted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x[:, 0, 0, :CLASSES] + accepted, np.sin(3 * x)


def changed(how: str) -> Step:
    def run(x: np.ndarray, accepted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, gradient = step(x, accepted)
        if how == "noise":
            gradient = gradient + 0.05 * np.random.default_rng(0).standard_normal(gradient.shape)
        elif how == "one photo":
            gradient = gradient * np.array([1.0, -1.0]).reshape(2, 1, 1, 1)
        elif how == "zeros":
            gradient = 0 * gradient
        elif how == "nan":
            gradient = np.where(gradient == gradient.max(), np.nan, gradient)
        elif how == "shape":
            gradient = gradient[:1]
        elif how == "logits":
            logits = logits[:, ::-1]
        elif how == "scale":
            gradient = 7 * gradient
        return logits, gradient

    return run


def test_same_function_passes() -> None:
    proof = prove(step, step, SHAPE, CLASSES)
    assert proof.ok
    assert proof.gradient_cosine == pytest.approx(1)
    assert Proof.from_dict(json.loads(json.dumps(proof.as_dict()))) == proof


def test_a_positive_factor_is_no_fault() -> None:
    assert prove(changed("scale"), step, SHAPE, CLASSES).ok


@pytest.mark.parametrize(
    ("how", "reason"),
    [("noise", "cosine"), ("one photo", "cosine -1"), ("zeros", "cosine 0"), ("nan", "finite"), ("shape", "instead"),
     ("logits", "logits cosine")],
)  # fmt: skip
def test_other_functions_fail(how: str, reason: str) -> None:
    proof = prove(changed(how), step, SHAPE, CLASSES)
    assert not proof.ok
    assert reason in proof.reason


def test_thresholds_are_the_callers() -> None:
    assert prove(changed("noise"), step, SHAPE, CLASSES, min_cosine=0.9, min_sign_agreement=0.9).ok


def test_key_depends_on_graph_provider_and_version() -> None:
    keys = {proof_key(*parts) for parts in [(b"a", "p", "1"), (b"b", "p", "1"), (b"a", "q", "1"), (b"a", "p", "2")]}
    assert len(keys) == 4
    assert proof_key(b"a", "p", "1") in keys


def test_input_depends_on_the_seed_alone() -> None:
    seen: list[np.ndarray] = []

    def recording(x: np.ndarray, accepted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append(x)
        assert x.dtype == accepted.dtype == np.float32
        assert (accepted.sum(axis=1) == 1).all()
        return step(x, accepted)

    prove(recording, step, SHAPE, CLASSES)
    prove(recording, step, SHAPE, CLASSES)
    prove(recording, step, SHAPE, CLASSES, seed=1)
    np.testing.assert_array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])


def test_measures() -> None:
    a = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert worst_cosine(a, a) == 1
    assert worst_cosine(a, np.ones((2, 2))) == 0
    assert sign_agreement(np.array([[1.0, 1.0, -1e-9]]), np.array([[1.0, -1.0, 1e-9]])) == 0.5


def test_one_photo_may_cross_a_kink_where_the_caller_says_so() -> None:
    """The mean keeps its limit: a graph that is a little wrong for every photo stays refused."""

    def off(rows: slice) -> Step:
        def run(x: np.ndarray, accepted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            logits, gradient = step(x, accepted)
            noise = np.random.default_rng(5).standard_normal(gradient.shape) * np.std(gradient)
            gradient = gradient.copy()
            gradient[rows] += 0.03 * noise[rows]  # a cosine near 0.99955
            return logits, gradient

        return run

    shape = (8, 3, 8, 8)
    loose = {"min_sign_agreement": 0.9, "min_worst_cosine": 0.999}
    assert prove(off(slice(0, 1)), step, shape, 5, **loose).ok
    assert not prove(off(slice(0, 8)), step, shape, 5, **loose).ok
    assert not prove(off(slice(0, 1)), step, shape, 5, min_sign_agreement=0.9).ok
