"""How visible a change is: SSIMULACRA 2's own figure at a photo's size, coarser scales and colour for what will be enlarged."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.attacks.surviving.visible import COARSEST, COLOUR, Visible
from pixelpriv_fast.kernels.reference import ssimulacra2
from pixelpriv_fast.kernels.reference.ssimulacra2 import NORMS, WEIGHTS
from tests.attacks.conftest import photo


def noise(shape: tuple[int, ...], scale: int = 1) -> np.ndarray:
    height, width, _ = shape
    drawn = np.random.default_rng(0).integers(-2, 3, (-(-height // scale), -(-width // scale), 3))
    return drawn.repeat(scale, 0).repeat(scale, 1)[:height, :width].astype(np.float32)


def test_at_its_own_size_it_is_the_metric() -> None:
    start = np.clip(photo(50, 70), 10, 240)
    change = noise(start.shape)
    seen, slope = Visible.enlarged(start, 1.0).of(change)
    assert seen == pytest.approx(kernels.ssimulacra2(start, (start + change).astype(np.uint8), WEIGHTS), rel=1e-3)
    lower, _ = Visible.enlarged(start, 1.0).of(change - slope * np.float32(0.05 / np.abs(slope).max()))
    assert lower < seen


@pytest.mark.parametrize("factor", [2.0, 4.0, 60.0])
def test_a_change_that_will_be_enlarged_is_measured_as_if_it_were(factor: float) -> None:
    """In grey, where colours count nothing: at the coarser scales of the enlarged photo, of which this one is the finest."""
    start, change = (np.repeat(values[..., :1], 3, axis=2) for values in (photo(256, 260), noise((256, 260, 3))))
    coarser = min(int(factor).bit_length() - 1, COARSEST)
    seen, _ = Visible.enlarged(start, factor).of(change)
    times = 2**coarser
    large, large_change = (np.kron(values, np.ones((times, times, 1), values.dtype)) for values in (start, change))
    assert seen == pytest.approx(difference(large, large_change, coarser), rel=1e-3)


def test_a_small_photo_has_its_own_scales_weights() -> None:
    start, change = (np.repeat(values[..., :1], 3, axis=2) for values in (photo(31, 40), noise((31, 40, 3))))
    seen, _ = Visible.enlarged(start, 2.0).of(change)
    scale = [ssimulacra2._norms(*map(ssimulacra2.opponent, lights)) for lights in halvings(start, change)]
    weights = WEIGHTS.reshape(NORMS)[:, 1:4]
    assert seen == pytest.approx(float((np.stack(scale, axis=1) * weights).sum()), rel=2e-2)


def test_colour_counts_more_in_what_will_be_enlarged() -> None:
    start = np.full((256, 256, 3), 128, np.uint8)
    patches = noise(start.shape, 8)
    grey = np.repeat(patches[..., :1], 3, axis=2)
    for change, more in ((grey, 1.0), (patches - patches.mean(axis=2, keepdims=True), 0.5 * COLOUR)):
        weights = np.zeros(NORMS)
        weights[:, :-1] = WEIGHTS.reshape(NORMS)[:, 1:]
        plain = kernels.ssimulacra2_slope(start, change, weights.ravel(), np.empty(start.shape, np.float32))
        assert more * plain * 0.999 < Visible.enlarged(start, 2.0).of(change)[0] < (more + 2) * plain


def difference(start: np.ndarray, change: np.ndarray, coarser: int) -> float:
    """The weighted difference without the finest scales."""
    weights = WEIGHTS.reshape(NORMS).copy()
    weights[:, :coarser] = 0
    return kernels.ssimulacra2_slope(start, change, weights.ravel(), np.empty(start.shape, np.float32))


def halvings(start: np.ndarray, change: np.ndarray):
    lights = [ssimulacra2.linear_light(values) for values in (start, np.clip(start + change, 0, 255))]
    for _ in range(3):
        yield lights
        lights = [ssimulacra2.halved(light) for light in lights]
