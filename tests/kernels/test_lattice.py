"""Lattice kernels: the same in every twin, and the ball, the range and sign(0) = 0 by construction."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.filters import axis_filter

ORDER = np.array([0, 1, 2], np.int32)
GAIN = np.array([1.0, 0.5, 2.0], np.float32)
BIAS = np.array([0.1, -2.0, 0.0], np.float32)


def twins(name: str) -> list[str]:
    return list(kernels.implementations(name))


def resampler(size, resized, crop, name="bilinear", order=ORDER):
    rows, columns = (
        axis_filter(full, to, (to - kept) // 2, kept, name) for full, to, kept in zip(size, resized, crop, strict=True)
    )
    return kernels.Resampler(rows, columns, order, GAIN, BIAS)


def whole_numbers(shape, seed):
    """Gradients whose sums are exact in any order, so that twins agree on every sign, zeros included."""
    return np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float32)


@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.parametrize("implementation", twins("lattice_photo"))
def test_photo_rounds_half_levels_towards_the_start(implementation, units):
    start = np.full((1, 7, 3), 100, np.uint8)
    offsets = np.broadcast_to(np.array([-3, -2, -1, 0, 1, 2, 3], np.int8)[None, :, None], (1, 7, 3)).copy()
    got = kernels.get("lattice_photo", implementation)(start, offsets, units)[0, :, 0]
    want = [97, 98, 99, 100, 101, 102, 103] if units == 1 else [99, 99, 100, 100, 100, 101, 101]
    assert got.tolist() == want


@pytest.mark.parametrize("implementation", twins("largest_change"))
def test_largest_change(implementation):
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    for change in (0, 1, 130, 255):
        other = photo.copy()
        other[20, 30] = [0, change, 5]
        photo[20, 30] = [0, 0, 5]
        assert kernels.get("largest_change", implementation)(photo, other) == change
        assert kernels.get("largest_change", implementation)(other, photo) == change


@pytest.mark.parametrize("step", [1, -1, 5, -1000])
@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.parametrize("with_extra", [False, True])
@pytest.mark.parametrize(
    ("size", "resized", "crop"),
    [
        ((9, 13), (9, 13), (9, 13)),
        ((32, 24), (16, 12), (16, 12)),
        ((5, 4), (16, 16), (8, 8)),
        ((600, 7), (300, 7), (150, 5)),
        ((263, 345), (22, 29), (20, 27)),
    ],
)
def test_step_is_the_same_in_every_twin(size, resized, crop, with_extra, units, step):
    rng = np.random.default_rng(4)
    photo = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    photo.flat[:6] = [0, 255, 1, 254, 0, 255]
    gradient = whole_numbers((3, *crop), 5)
    extra = whole_numbers((*size, 3), 6) * 4 if with_extra else None
    bound = 4 * units
    results = []
    for implementation in twins("lattice_step"):
        offsets = np.zeros(photo.shape, np.int8)
        for _ in range(3):
            kernels.get("lattice_step", implementation)(
                photo, offsets, gradient, resampler(size, resized, crop, "box"), units, step, bound, extra
            )
        moved = photo.astype(int) * units + offsets
        assert moved.min() >= 0
        assert moved.max() <= 255 * units
        assert np.abs(offsets.astype(int)).max() == min(bound, 3 * abs(step))
        results.append(offsets)
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.parametrize("with_extra", [False, True])
@pytest.mark.parametrize(
    ("size", "resized", "crop"),
    [
        ((29, 37), (29, 37), (29, 37)),
        ((29, 90), (29, 90), (24, 71)),
        ((32, 24), (16, 24), (16, 12)),
        ((5, 4), (16, 16), (8, 8)),
        ((263, 345), (22, 29), (20, 27)),
    ],
)
@pytest.mark.parametrize("implementation", twins("lattice_step"))
def test_the_next_input_is_that_of_a_pass_of_its_own(implementation, size, resized, crop, with_extra, units):
    rng = np.random.default_rng(7)
    photo = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    gradient, reads = (
        whole_numbers((3, *crop), 8),
        resampler(size, resized, crop, "bicubic", np.array([2, 0, 1], np.int32)),
    )
    extra = whole_numbers((*size, 3), 9) if with_extra else None
    alone, moved = np.zeros((2, *photo.shape), np.int8)
    planes = np.full(gradient.shape, np.nan, np.float32)
    step, read = kernels.get("lattice_step", implementation), kernels.get("resize_lattice", implementation)
    for _ in range(2):
        step(photo, alone, gradient, reads, units, 3, 4, extra)
        step(photo, moved, gradient, reads, units, 3, 4, extra, planes)
        np.testing.assert_array_equal(moved, alone)
        np.testing.assert_array_equal(planes, read(photo, alone, units, reads))


@pytest.mark.parametrize("implementation", twins("lattice_step"))
def test_no_gradient_no_move_and_pixels_outside_the_crop_stay(implementation):
    photo = np.full((8, 8, 3), 100, np.uint8)
    offsets = np.zeros(photo.shape, np.int8)
    gradient = np.ones((3, 4, 4), np.float32)
    gradient[1] = 0.0
    identity = resampler((8, 8), (8, 8), (4, 4))
    kernels.get("lattice_step", implementation)(photo, offsets, gradient, identity, 1, 1, 8)
    want = np.zeros_like(offsets)
    want[2:6, 2:6] = [1, 0, 1]
    np.testing.assert_array_equal(offsets, want)


@pytest.mark.skipif("native" not in twins("lattice_step"), reason="the extension is not built")
def test_native_refuses_what_it_cannot_write_or_hold():
    photo, offsets = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.int8)
    gradient = np.ones((3, 4, 4), np.float32)
    step = kernels.get("lattice_step", "native")
    identity = resampler((4, 4), (4, 4), (4, 4))
    with pytest.raises(ValueError, match="bound is 128"):
        step(photo, offsets, gradient, identity, 1, 1, 128)
    with pytest.raises(ValueError, match="units is 3"):
        step(photo, offsets, gradient, identity, 3, 1, 8)
    offsets.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        step(photo, offsets, gradient, identity, 1, 1, 8)
