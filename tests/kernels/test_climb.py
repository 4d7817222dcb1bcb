"""A step up a gradient: its length, what it gains per visibility, and what stays of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from pixelpriv_fast import kernels

IMPLEMENTATIONS = kernels.implementations("climb")
MIX = np.array([[2.0, -0.5, 0.2], [-0.5, 1.0, 0.1], [0.2, 0.1, 0.7]], np.float32)
SIZE = (23, 49)  # more pixels than a block of sums, and a remainder


@dataclass
class Step:
    """A call, and what it returned."""

    change: np.ndarray
    momentum: np.ndarray
    gradient: np.ndarray
    weights: np.ndarray
    colours: np.ndarray
    decay: float = 0.9
    length: float = 0.5

    def taken(self, implementation: str) -> Step:
        """What stands after the step."""
        after = replace(self, change=self.change.copy(), momentum=self.momentum.copy())
        factor = kernels.get("climb", implementation)(*vars(after).values())
        np.testing.assert_allclose(after.change - self.change, factor * after.direction, rtol=1e-3, atol=1e-5)
        return after

    @property
    def direction(self) -> np.ndarray:
        return np.einsum("hwk,kc->hwc", self.momentum.astype(float), MIX) * self.weights[..., None] ** 2

    @property
    def size(self) -> float:
        seen = self.weights > 0
        relative = self.change[seen] / self.weights[seen][:, None]
        return float(np.sqrt(np.square(relative, dtype=np.float64).sum() / self.change.size))


def first_step() -> Step:
    rng = np.random.default_rng(0)
    change, momentum = (np.zeros((*SIZE, 3), np.float32) for _ in range(2))
    weights = rng.uniform(0.5, 2, SIZE).astype(np.float32)
    return Step(change, momentum, rng.standard_normal((*SIZE, 3)).astype(np.float32), weights, MIX)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_step_has_the_length_that_is_asked_for(implementation: str) -> None:
    step = first_step()
    after = step.taken(implementation)
    np.testing.assert_array_equal(after.momentum, step.gradient)
    assert after.size == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_no_change_of_equal_visibility_gains_more(implementation: str) -> None:
    step = first_step()
    after = step.taken(implementation)
    costs = np.linalg.inv(MIX.astype(np.float64))

    def visibility(change: np.ndarray) -> float:
        relative = change / step.weights[..., None]
        return float(np.sqrt(np.einsum("hwk,kc,hwc->", relative, costs, relative)))

    best = np.vdot(after.change, step.gradient) / visibility(after.change)
    rng = np.random.default_rng(1)
    others = [after.change + 0.1 * rng.standard_normal(after.change.shape) for _ in range(20)]
    others += [step.gradient, np.sign(step.gradient)]
    assert all(np.vdot(other, step.gradient) / visibility(other) < best for other in others)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_momentum_decays_and_large_gradients_count_more(implementation: str) -> None:
    once = first_step().taken(implementation)
    twice = replace(once, gradient=2 * once.gradient).taken(implementation)
    np.testing.assert_allclose(twice.momentum, 2.9 * once.momentum, rtol=1e-5)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_what_has_no_weight_stays(implementation: str) -> None:
    step = first_step()
    step.weights[5:9] = 0
    step.change[5:9] = 50
    after = step.taken(implementation)
    assert (after.change[5:9] == 50).all()
    assert after.change[4].all()
    assert after.size == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_no_gradient_no_step(implementation: str) -> None:
    step = first_step()
    step.gradient[...] = 0
    step.change[...] = 0.5
    after = step.taken(implementation)
    np.testing.assert_array_equal(after.change, step.change)
    assert not after.momentum.any()
