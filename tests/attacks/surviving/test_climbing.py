"""Steps inside a budget: what is visible stays within it, the attack's gain too, and bound and range hold."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.attacks.surviving.canvas import OwnSize
from pixelpriv_fast.attacks.surviving.climbing import FASTEST, RADIUS, Climber
from tests.attacks.conftest import SQUASHED, photo


def canvas(height: int, width: int, bound: int = 20) -> OwnSize:
    return OwnSize(photo(height, width), None, bound, frozenset({SQUASHED.geometry}))


def towards(start: np.ndarray, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=start.shape).astype(np.float32)


def climbed(where: OwnSize, budget: float, steps: int = 12, gradient: np.ndarray | None = None) -> Climber:
    climber = Climber(where)
    for rate in np.geomspace(0.4, 0.1, steps):
        climber.step(towards(where.start) if gradient is None else gradient, budget, rate)
    return climber


@pytest.mark.parametrize("budget", [0.1, 0.5, 2.0])
def test_a_change_uses_its_budget_and_keeps_to_it(budget: float) -> None:
    where = canvas(60, 48)
    seen, _ = where.visible.of(climbed(where, budget).change)
    assert 0.6 * budget < seen < 1.2 * budget


def test_it_is_less_visible_than_a_change_of_the_same_gain_along_the_gradient_alone() -> None:
    where, gradient = canvas(96, 96), towards(photo(96, 96))
    change = climbed(where, 0.5, gradient=gradient).change
    along = (gradient @ where.colours) * where.weights**2
    along *= np.vdot(change, gradient) / np.vdot(along, gradient)
    (guided, _), (straight, _) = where.visible.of(change), where.visible.of(along)
    assert guided < 0.9 * straight


def test_the_bound_and_the_range_hold_however_far_a_step_goes() -> None:
    where = canvas(20, 20, bound=2)
    where.start[:5], where.start[5:10] = 1, 254
    change = climbed(where, 1e6).change
    assert np.abs(change).max() == 2
    moved = where.start + change
    assert moved.min() >= 0
    assert moved.max() <= 255


def test_a_gradient_of_zeros_moves_nothing() -> None:
    where = canvas(9, 9)
    assert not climbed(where, 1.0, gradient=np.zeros(where.start.shape, np.float32)).change.any()
    faint = climbed(where, 1.0, gradient=np.full(where.start.shape, 1e-38, np.float32))
    assert np.isfinite(faint.change).all()


def test_the_first_step_knows_nothing_of_the_budget_and_later_ones_grow_by_degrees() -> None:
    where = canvas(40, 40, bound=127)
    climber = Climber(where)
    climber.step(towards(where.start), 1e9, 0.5)
    first = float(np.sqrt(np.mean((climber.change / where.weights) ** 2)))
    assert first == pytest.approx(0.5 * RADIUS, rel=0.02)
    climber.step(towards(where.start), 1e9, 0.5)
    second = float(np.sqrt(np.mean((climber.change / where.weights) ** 2)))
    assert second <= first + 0.51 * FASTEST * RADIUS


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (7, 7)])
def test_a_photo_too_small_for_the_figure_has_a_budget_too(size: tuple[int, int]) -> None:
    where = canvas(*size, bound=127)
    where.start[...] = 128
    seen, _ = where.visible.of(climbed(where, 0.5).change)
    assert 0.3 < seen < 0.6
