"""The one comparison of a pullback with the map that it must transpose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def adjoint_error(
    linear: Callable[[np.ndarray], np.ndarray], pullback: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...]
) -> float:
    """|<L v, g> - <v, L^T g>| as a share of |L v| |g|, for random v and g; ``linear`` computes in float64."""
    rng = np.random.default_rng(3)
    change = rng.standard_normal(shape)
    moved = linear(change)
    gradient = rng.standard_normal(moved.shape).astype(np.float32)
    back = pullback(gradient)
    assert np.abs(back).max() > 0
    difference = np.vdot(moved, gradient) - np.vdot(change, back)
    return float(abs(difference) / (np.linalg.norm(moved) * np.linalg.norm(gradient)))
