"""A step down what is visible: what it keeps, how far it goes, and that nothing happens inside the budget."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from pixelpriv_fast import kernels
from tests.kernels.calls import photo
from tests.kernels.test_climb import MIX, SIZE

IMPLEMENTATIONS = kernels.implementations("descend")


@dataclass
class Step:
    """A call that is over its budget by a little."""

    start: np.ndarray
    change: np.ndarray
    momentum: np.ndarray
    slope: np.ndarray
    weights: np.ndarray
    colours: np.ndarray
    seen: float = 1.001
    budget: float = 1.0
    longest: float = 1.0
    bound: int = 100

    def taken(self, implementation: str) -> np.ndarray:
        """The change after the step."""
        after = replace(self, change=self.change.copy())
        reached = kernels.get("descend", implementation)(*vars(after).values())
        seen = self.weights > 0
        relative = after.change[seen] / self.weights[seen][:, None]
        want = np.sqrt(np.square(relative, dtype=np.float64).sum() / self.change.size)
        assert reached == pytest.approx(want, rel=1e-4)
        return after.change

    def product(self, one: np.ndarray, other: np.ndarray) -> float:
        """The product of two gradients under B."""
        weights = self.weights[..., None].astype(float) ** 2
        return float(np.einsum("hwk,kc,hwc->", weights * one, MIX.astype(float), other.astype(float)))


def over_budget() -> Step:
    rng = np.random.default_rng(0)
    change, momentum, slope = (rng.standard_normal((*SIZE, 3)).astype(np.float32) for _ in range(3))
    weights = rng.uniform(0.5, 2, SIZE).astype(np.float32)
    return Step(np.full((*SIZE, 3), 128, np.uint8), change, momentum, slope + momentum, weights, MIX)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_step_takes_what_is_too_much_and_keeps_what_was_climbed(implementation: str) -> None:
    step = over_budget()
    moved = step.taken(implementation).astype(float) - step.change
    assert np.vdot(moved, step.slope) == pytest.approx(-0.001, rel=0.02)
    assert abs(np.vdot(moved, step.momentum)) < 1e-5, "at right angles to the momentum"
    assert np.abs(moved).max() > 1e-7


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_no_shorter_step_takes_as_much(implementation: str) -> None:
    """Under the inverse of B; a momentum of a single pixel forbids next to nothing."""
    step = replace(over_budget(), longest=1e3)
    step.momentum[1:], step.momentum[:, 1:] = 0, 0
    moved = step.taken(implementation).astype(float) - step.change
    costs = np.linalg.inv(MIX.astype(float))

    def fall(d: np.ndarray) -> float:
        relative = d / step.weights[..., None]
        return -np.vdot(d, step.slope) / float(np.sqrt(np.einsum("hwk,kc,hwc->", relative, costs, relative)))

    rng = np.random.default_rng(1)
    others = [moved + size * np.abs(moved).mean() * rng.standard_normal(moved.shape) for size in (0.1, 0.5, 2)]
    assert all(fall(other) < fall(moved) for other in [*others, -step.slope])


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_what_a_short_step_leaves_is_scaled_away(implementation: str) -> None:
    step = replace(over_budget(), seen=2.0, longest=0.0)
    np.testing.assert_allclose(step.taken(implementation), step.change * 0.5**0.7, rtol=1e-5)
    longer = replace(step, seen=1e6, longest=1e-4).taken(implementation)
    full = longer * (1e6**0.7) - step.change
    length = step.product(step.momentum, step.momentum) ** 0.5 * 1e-4
    weights = step.weights[..., None].astype(float)
    costs = np.linalg.inv(MIX.astype(float))
    found = float(np.sqrt(np.einsum("hwk,kc,hwc->", full / weights, costs, full / weights)))
    assert found == pytest.approx(length, rel=0.05)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_inside_the_budget_nothing_changes_but_by_the_limits(implementation: str) -> None:
    step = replace(over_budget(), seen=0.5)
    np.testing.assert_array_equal(step.taken(implementation), step.change)
    wild = replace(step, start=photo(*SIZE), change=step.change * 50, bound=20)
    wild.start[::2] = np.where(wild.start[::2] < 128, 0, 255)
    found = wild.taken(implementation)
    assert np.abs(found).max() == 20
    assert (wild.start + found).min() == 0
    assert (wild.start + found).max() == 255


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_what_is_visible_only_along_the_momentum_is_scaled(implementation: str) -> None:
    step = over_budget()
    for nothing in (step.momentum, 0 * step.momentum):
        found = replace(step, slope=nothing, seen=2.0).taken(implementation)
        np.testing.assert_allclose(found, step.change * 0.5**0.7, rtol=2e-2, atol=1e-3)


@pytest.mark.skipif("native" not in IMPLEMENTATIONS, reason="the extension is not built")
def test_a_bound_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="bound is -1"):
        replace(over_budget(), bound=-1).taken("native")
