"""One step up a gradient, against its equation: the least visible change that follows it, inside a radius."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.attacks.surviving.canvas import OwnSize
from pixelpriv_fast.attacks.surviving.climbing import MOMENTUM, climb

MIX = np.array([[1.4, -0.2, 0.3], [-0.2, 0.5, 0.1], [0.3, 0.1, 1.1]], np.float32)


def canvas(height: int, width: int, seed: int, bound: int = 8) -> OwnSize:
    """A photo with black and white, pixels that may change more or less or not at all, and costs of colours."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    start[: height // 3], start[height // 2 :, : width // 3] = 2, 254
    made = OwnSize(start, None, bound, frozenset())
    weights = rng.uniform(0.2, 3, (height, width, 1)).astype(np.float32) * (rng.random((height, width, 1)) > 0.2)
    made.__dict__.update(weights=weights.astype(np.float32), colours=MIX)
    return made


def reference(where: OwnSize, change, momentum, gradient, radius: float, rate: float):
    """w^2 A^-1 m, of length rate radius; then the radius, the bound and 0..255. In float64."""
    w, start = where.weights.astype(np.float64), where.start.astype(np.float64)
    m = MOMENTUM * momentum.astype(np.float64) + gradient / np.abs(gradient).mean(dtype=np.float64)
    d = w**2 * (m @ where.colours.astype(np.float64))
    seen = np.divide(d, w, out=np.zeros_like(d), where=w > 0)
    d = change + d * (rate * radius / np.sqrt((seen**2).mean()))
    seen = np.divide(d, w, out=np.zeros_like(d), where=w > 0)
    d *= min(1.0, radius / np.sqrt((seen**2).mean()))
    d = np.clip(d, -where.bound, where.bound)
    return np.clip(d, -start, 255 - start), m


@pytest.mark.parametrize(("height", "width"), [(24, 31), (1, 1), (1, 17), (64, 80)])
@pytest.mark.parametrize("radius", [0.4, 2.5])
def test_steps_are_those_of_the_equation(height: int, width: int, radius: float) -> None:
    where, rng = canvas(height, width, 3), np.random.default_rng(5)
    where.weights[0, 0] = 1.0
    change, momentum = (np.zeros(where.start.shape, np.float32) for _ in range(2))
    for step, rate in enumerate((0.9, 0.6, 0.3, 0.1)):
        gradient = (rng.normal(size=change.shape) * 10.0 ** (step - 8)).astype(np.float32)
        wanted, directions = reference(where, change, momentum, gradient, radius, rate)
        kept = gradient.copy()
        climb(where, change, momentum, gradient, radius, rate)
        np.testing.assert_allclose(change, wanted, rtol=2e-4, atol=2e-4)
        np.testing.assert_allclose(momentum, directions, rtol=2e-4, atol=1e-4)
        np.testing.assert_array_equal(gradient, kept)
        assert (change[where.weights[..., 0] == 0] == 0).all()
    assert height * width == 1 or np.abs(change).max() > 0.1 * radius


def test_the_bound_and_the_range_hold_however_far_a_step_goes() -> None:
    where = canvas(20, 20, 1, bound=2)
    change, momentum = (np.zeros(where.start.shape, np.float32) for _ in range(2))
    climb(where, change, momentum, np.ones(change.shape, np.float32), 1e4, 1.0)
    assert np.abs(change).max() == 2
    moved = where.start + change
    assert moved.min() >= 0
    assert moved.max() <= 255


def test_a_gradient_of_zeros_moves_nothing_by_itself() -> None:
    where = canvas(9, 9, 2)
    change, momentum = (np.zeros(where.start.shape, np.float32) for _ in range(2))
    climb(where, change, momentum, np.zeros(change.shape, np.float32), 1.0, 0.5)
    assert not change.any()
    assert not momentum.any()
    climb(where, change, momentum, np.full(change.shape, 1e-38, np.float32), 1.0, 0.5)
    assert np.isfinite(change).all()


def test_the_direction_gains_the_most_of_what_is_as_visible() -> None:
    where, rng = canvas(12, 12, 4, bound=127), np.random.default_rng(0)
    where.start[:] = 128
    where.__dict__.update(weights=np.maximum(where.weights, np.float32(0.2)))
    change, momentum = (np.zeros(where.start.shape, np.float32) for _ in range(2))
    gradient = rng.normal(size=change.shape).astype(np.float32)
    climb(where, change, momentum, gradient, 5.0, 0.2)
    costs = np.linalg.inv(MIX.astype(np.float64))

    def gain(d: np.ndarray) -> float:
        seen = d / where.weights
        return float((gradient * d).sum() / np.sqrt(((seen @ costs) * seen).sum()))

    best = gain(change)
    assert all(
        gain(change + rng.normal(size=change.shape) * size) < best for size in (0.01, 0.1, 1.0) for _ in range(5)
    )
