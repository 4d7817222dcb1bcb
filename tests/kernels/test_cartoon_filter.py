"""The stylisation kernel: every implementation gives the definition's bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.reference.cartoon_filter import DIFFERENCES, TONES

IMPLEMENTATIONS = kernels.implementations("cartoon_filter")
COMPILED = [name for name in IMPLEMENTATIONS if name != "reference"]
SIZES = [(1, 1), (1, 9), (8, 1), (2, 2), (5, 30), (64, 47), (33, 130)]


def photo_of(height: int, width: int) -> np.ndarray:
    """Discs of flat colour, a ramp and noise: edges of every strength."""
    random = np.random.default_rng(height * 1000 + width)
    y, x = np.mgrid[:height, :width]
    photo = np.stack([(x * 3 + c * 40) % 256 for c in range(3)], 2).astype(np.float64)
    photo[(y - height / 2) ** 2 + (x - width / 3) ** 2 < (height / 4) ** 2] = (220, 60, 30)
    return (photo + random.normal(0, 12, photo.shape)).clip(0, 255).astype(np.uint8)


def half(*weights: float) -> np.ndarray:
    return np.array(weights, np.float32)


def style(**changes: Any) -> dict[str, Any]:
    fall = np.exp(-np.arange(DIFFERENCES) / 30.0)
    numbers = {
        "blur": half(0.4, 0.2, 0.1),
        "shares": np.array([0.8 * fall, 0.5 * fall], np.float32),
        "rounds": 2,
        "tone": np.round(np.linspace(0, 6, TONES)).astype(np.float32) * np.float32(255 / 6),
        "saturation": 1.3,
        "fine": half(0.6, 0.2, 0.0, 0.0),
        "coarse": half(0.3, 0.2, 0.1, 0.05),
        "line_threshold": 1.5,
        "line_gain": 0.15,
        "line_strength": 0.8,
    }
    return numbers | changes


def identity() -> dict[str, Any]:
    one = half(1.0)
    return style(
        blur=one,
        shares=np.zeros((1, DIFFERENCES), np.float32),
        tone=(np.arange(TONES) / 16).astype(np.float32),
        saturation=1.0,
        fine=one,
        coarse=one,
        line_strength=0.0,
    )


@pytest.mark.parametrize("implementation", COMPILED)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "changes", [{}, {"rounds": 1}, {"rounds": 3, "blur": half(1.0)}, {"fine": half(1.0), "coarse": half(1.5)}], ids=str
)
def test_equals_the_definition_to_the_bit(implementation, size, changes):
    photo = photo_of(*size)
    expected = kernels.get("cartoon_filter", "reference")(photo, **style(**changes))
    assert np.array_equal(kernels.get("cartoon_filter", implementation)(photo, **style(**changes)), expected)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_shares_of_zero_leave_the_binomial_blur(implementation):
    photo = photo_of(20, 30)
    padded = np.pad(photo.astype(np.float64), ((1, 1), (1, 1), (0, 0)), "edge")
    down = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    blurred = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 16
    result = kernels.get("cartoon_filter", implementation)(photo, **identity())
    assert np.abs(result - blurred).max() <= 0.5 + 1 / 32 + 1e-3  # the tone table has steps of 1/16


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_strong_share_flattens_and_an_edge_stops_it(implementation):
    photo = np.full((32, 40, 3), 60, np.uint8)
    photo[:, 20:] = 180
    noisy = (photo + np.random.default_rng(0).integers(-6, 7, photo.shape)).astype(np.uint8)
    fall = np.where(np.arange(DIFFERENCES) < 60, 0.95, 0.0).astype(np.float32)
    numbers = identity() | {"shares": np.stack([fall, fall])}
    result = kernels.get("cartoon_filter", implementation)(noisy, **numbers).astype(int)
    assert result[:, :18].std() < 0.3 * noisy[:, :18].std()
    assert abs(result[:, 18].mean() - 60) < 2
    assert abs(result[:, 21].mean() - 180) < 2


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rounds": 0}, "rounds is 0"),
        ({"shares": np.ones((2, 765), np.float32)}, r"shares has shape \(2, 765\)"),
        ({"tone": np.ones(256, np.float32)}, r"tone has shape \(256,?\)"),
        ({"coarse": half(1.0)}, r"\(1,?\)"),
    ],
)
def test_refuses(implementation, changes, message):
    with pytest.raises(ValueError, match=message):
        kernels.get("cartoon_filter", implementation)(photo_of(4, 4), **style(**changes))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_refuses_other_photos(implementation):
    with pytest.raises(ValueError, match=r"photo has shape \(4, 4\)"):
        kernels.get("cartoon_filter", implementation)(photo_of(4, 4)[..., 0].copy(), **style())
    with pytest.raises(TypeError):
        kernels.get("cartoon_filter", implementation)(photo_of(4, 4).astype(np.float32), **style())
