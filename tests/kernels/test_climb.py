"""A step up a gradient: the gain per visibility, the radius, the bound and the range."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from pixelpriv_fast import kernels
from tests.kernels.calls import photo

IMPLEMENTATIONS = kernels.implementations("climb")
MIX = np.array([[2.0, -0.5, 0.2], [-0.5, 1.0, 0.1], [0.2, 0.1, 0.7]], np.float32)
SIZE = (23, 49)  # more pixels than a block of sums, and a remainder


@dataclass
class Step:
    """A call whose first step reaches neither bound nor range."""

    start: np.ndarray
    change: np.ndarray
    momentum: np.ndarray
    gradient: np.ndarray
    weights: np.ndarray
    colours: np.ndarray
    decay: float = 0.9
    rate: float = 0.25
    radius: float = 2.0
    bound: int = 100

    def taken(self, implementation: str) -> Step:
        """What stands after the step."""
        after = replace(self, change=self.change.copy(), momentum=self.momentum.copy())
        kernels.get("climb", implementation)(*vars(after).values())
        return after

    @property
    def visibility(self) -> float:
        seen = self.weights > 0
        relative = self.change[seen] / self.weights[seen][:, None]
        return float(np.sqrt(np.square(relative, dtype=np.float64).sum() / self.change.size))


def first_step() -> Step:
    rng = np.random.default_rng(0)
    start = np.full((*SIZE, 3), 128, np.uint8)
    change, momentum = (np.zeros((*SIZE, 3), np.float32) for _ in range(2))
    weights = rng.uniform(0.5, 2, SIZE).astype(np.float32)
    return Step(start, change, momentum, rng.standard_normal((*SIZE, 3)).astype(np.float32), weights, MIX)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_step_is_the_weighted_mix_of_the_gradient(implementation: str) -> None:
    step = first_step()
    after = step.taken(implementation)
    gradient = step.gradient.astype(np.float64) / np.abs(step.gradient).mean(dtype=np.float64)
    direction = np.einsum("hwk,kc->hwc", gradient, MIX) * step.weights[..., None]
    want = direction * step.weights[..., None] * (0.25 * 2.0 / np.sqrt(np.square(direction).mean()))
    np.testing.assert_allclose(after.momentum, gradient, rtol=1e-5)
    np.testing.assert_allclose(after.change, want, rtol=1e-4, atol=1e-6)
    assert after.visibility == pytest.approx(0.5, rel=1e-5)


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
def test_momentum_decays_and_gradients_of_any_size_count_alike(implementation: str) -> None:
    once = first_step().taken(implementation)
    twice = replace(once, gradient=1e6 * once.gradient).taken(implementation)
    np.testing.assert_allclose(twice.momentum, 1.9 * once.momentum, rtol=1e-4)
    faint = replace(first_step(), gradient=1e-20 * once.gradient).taken(implementation)
    np.testing.assert_allclose(faint.change, once.change, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_it_stops_at_the_radius(implementation: str) -> None:
    step = first_step()
    for _ in range(8):
        step = step.taken(implementation)
        assert step.visibility < 2.0001
    assert step.visibility == pytest.approx(2.0, rel=1e-4)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_it_keeps_to_the_bound_and_the_range(implementation: str) -> None:
    step = replace(first_step(), start=photo(*SIZE), radius=60.0, rate=1.0, bound=20)
    step.start[::2] = np.where(step.start[::2] < 128, 0, 255)
    after = step.taken(implementation)
    assert np.abs(after.change).max() == 20
    moved = after.start + after.change
    assert moved.min() == 0
    assert moved.max() == 255


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_what_has_no_weight_stays(implementation: str) -> None:
    step = first_step()
    step.weights[5:9] = 0
    after = step.taken(implementation)
    assert not after.change[5:9].any()
    assert after.change[4].all()
    assert after.visibility == pytest.approx(0.5, rel=1e-5)
    step.change[5:9] = 50  # of no visibility
    after = step.taken(implementation)
    assert (after.change[5:9] == 50).all()


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_no_gradient_no_step(implementation: str) -> None:
    step = first_step()
    step.gradient[...] = 0
    step.change[...] = 0.5
    after = step.taken(implementation)
    np.testing.assert_array_equal(after.change, step.change)
    assert not after.momentum.any()


@pytest.mark.skipif("native" not in IMPLEMENTATIONS, reason="the extension is not built")
def test_a_bound_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="bound is -1"):
        replace(first_step(), bound=-1).taken("native")
