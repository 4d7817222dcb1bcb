"""Lifting: the exact and smallest change where nothing is cut off, the ball and the range always, equal twins."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.filters import FILTERS, axis_filter
from pixelpriv_fast.kernels.reference.lift import least_norm
from pixelpriv_fast.kernels.reference.resize import exact_matrices
from pixelpriv_fast.kernels.resizing import PLAIN

#: photo, resized, crop (heights and widths): even and odd reductions, barely reduced, one axis kept, tiny.
SIZES = [
    ((60, 80), (30, 40), (30, 40)),
    ((61, 93), (20, 31), (17, 20)),
    ((101, 41), (40, 40), (33, 11)),
    ((64, 50), (16, 50), (16, 50)),
    ((3, 3), (1, 1), (1, 1)),
    ((9, 1), (4, 1), (4, 1)),
    ((300, 7), (3, 3), (3, 1)),
]


def twins(name: str) -> list[str]:
    return list(kernels.implementations(name))


def resampler(size, resized, crop, name="bilinear"):
    rows, columns = (
        axis_filter(full, to, (to - kept) // 2, kept, name) for full, to, kept in zip(size, resized, crop, strict=True)
    )
    return kernels.Resampler(rows, columns, *PLAIN)


def noise(size, seed=0, low=0, high=256):
    return np.random.default_rng(seed).integers(low, high, (*size, 3), dtype=np.uint8)


def corners(crop, levels, seed=1):
    """What sign steps end up at: every sample at one end of the ball."""
    return np.random.default_rng(seed).choice([-levels, levels], (*crop, 3)).astype(np.float32)


def resized(change, reads):
    rows, columns = exact_matrices(reads)
    return np.einsum("yh,hwc,xw->yxc", rows, change.astype(np.float64), columns)


def read_by(axis):
    return slice(axis.starts[0], axis.starts[-1] + axis.weights.shape[1])


def full_change(coefficients, reads, size):
    change = np.zeros((*size, 3), np.float32)
    planes = np.ascontiguousarray(coefficients.transpose(2, 0, 1))
    kernels.get("resize_adjoint", "reference")(planes, reads, change)
    return change


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(("size", "to", "crop"), SIZES)
def test_the_change_resizes_to_exactly_what_is_wanted(size, to, crop, name):
    reads, wanted = resampler(size, to, crop, name), corners(crop, 6.0)
    coefficients = least_norm(wanted, reads)
    assert np.abs(resized(full_change(coefficients, reads, size), reads) - wanted).max() <= 1e-4


@pytest.mark.parametrize("name", FILTERS)
def test_no_smaller_change_does(name):
    size, crop = (15, 13), (5, 4)
    reads, wanted = resampler(size, (7, 6), crop, name), corners(crop, 6.0)
    resize = np.kron(*exact_matrices(reads))
    least = np.linalg.lstsq(resize, wanted.reshape(-1, 3), rcond=None)[0].reshape(*size, 3)
    got = full_change(least_norm(wanted, reads), reads, size)
    np.testing.assert_allclose(got, least, atol=1e-4)


@pytest.mark.parametrize("implementation", [i for i in twins("lift") if i != "reference"])
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(("size", "to", "crop"), SIZES)
def test_twins_agree(size, to, crop, name, implementation):
    photo, wanted, reads = noise(size), corners(crop, 6.0), resampler(size, to, crop, name)
    want = kernels.get("lift", "reference")(photo, wanted, reads, 8, 3)
    got = kernels.get("lift", implementation)(photo, wanted, reads, 8, 3)
    different = np.abs(got.astype(int) - want)
    assert different.max() <= 1  # single against double precision: a tie of rounding may fall the other way
    assert np.count_nonzero(different) <= max(1, 0.02 * different.size)  # the smallest photo has 27 values


@pytest.mark.parametrize("implementation", [i for i in twins("lift") if i != "reference"])
@pytest.mark.parametrize("bound", [8, 127, 255])
@pytest.mark.parametrize("levels", [0.3, 40.0, 1000.0])
def test_twins_bring_as_much_of_faint_and_of_strong_changes(levels, bound, implementation):
    """Whatever integers a twin computes in, neither fades what is below a grey level nor overflows beyond the range."""
    size, crop = (151, 210), (48, 66)
    photo, wanted, reads = noise(size), corners(crop, levels), resampler(size, (50, 70), crop, "bicubic")
    missing = []
    for twin in ("reference", implementation):
        lifted = kernels.get("lift", twin)(photo, wanted, reads, bound, 3)
        missing.append(np.abs(resized(lifted.astype(float) - photo, reads) - wanted).mean())
    assert missing[0] < 0.995 * levels
    assert missing[1] == pytest.approx(missing[0], rel=0.02)


@pytest.mark.parametrize("implementation", twins("lift"))
@pytest.mark.parametrize(("low", "high"), [(0, 256), (0, 3), (253, 256)])
@pytest.mark.parametrize("bound", [0, 1, 8])
def test_ball_and_range_hold_whatever_is_wanted(bound, low, high, implementation):
    photo, reads = noise((61, 93), low=low, high=high), resampler((61, 93), (20, 31), (17, 20))
    kept = photo.copy()
    for wanted in (corners((17, 20), 1000.0), corners((17, 20), 8.0)):
        got = kernels.get("lift", implementation)(photo, wanted, reads, bound, 5)
        assert np.abs(got.astype(int) - photo).max() <= bound  # uint8 that wrapped round would be far off
    np.testing.assert_array_equal(photo, kept)


@pytest.mark.parametrize("implementation", twins("lift"))
def test_corrections_bring_more_of_it(implementation):
    size, crop = (150, 210), (48, 66)
    photo, reads, wanted = noise(size, low=40, high=216), resampler(size, (50, 70), crop), corners(crop, 4.0)
    missing = []
    for rounds in (0, 2, 8):
        lifted = kernels.get("lift", implementation)(photo, wanted, reads, 8, rounds)
        missing.append(np.abs(resized(lifted.astype(float) - photo, reads) - wanted).mean())
    assert missing[0] > 1.2 * missing[1]
    assert missing[1] > 1.2 * missing[2]
    assert missing[2] < 0.25


@pytest.mark.parametrize("implementation", twins("lift"))
def test_pixels_that_no_output_reads_stay(implementation):
    size, crop = (80, 100), (10, 12)
    photo, reads = noise(size), resampler(size, (40, 50), crop)
    lifted = kernels.get("lift", implementation)(photo, corners(crop, 6.0), reads, 8, 2)
    rows = read_by(reads.rows)
    columns = read_by(reads.columns)
    outside = np.ones(size, bool)
    outside[rows, columns] = False
    np.testing.assert_array_equal(lifted[outside], photo[outside])
    assert np.mean(lifted[rows, columns] != photo[rows, columns]) > 0.8


@pytest.mark.skipif("native" not in twins("lift"), reason="the extension is not built")
def test_threads_change_nothing():
    size, crop = (400, 210), (128, 66)
    photo, reads, wanted = noise(size), resampler(size, (133, 70), crop, "bicubic"), corners(crop, 6.0)
    lift = kernels.get("lift", "native")
    want = lift(photo, wanted, reads, 8, 3)
    for threads in (2, 3, 7):
        np.testing.assert_array_equal(lift(photo, wanted, reads, 8, 3, threads), want)


@pytest.mark.parametrize("implementation", twins("lift"))
@pytest.mark.parametrize("resize_to", [(50, 49), (40, 200)])
def test_enlarged_axes_are_refused(resize_to, implementation):
    reads = resampler((40, 40), resize_to, resize_to)
    with pytest.raises(ValueError, match=r"reduced|positive definite"):
        kernels.get("lift", implementation)(noise((40, 40)), corners(resize_to, 6.0), reads, 8, 1)


@pytest.mark.skipif("native" not in twins("lift"), reason="the extension is not built")
def test_native_refuses_what_does_not_fit():
    lift = kernels.get("lift", "native")
    photo, wanted, reads = noise((40, 60)), corners((20, 30), 6.0), resampler((40, 60), (20, 30), (20, 30))
    with pytest.raises(TypeError):
        lift(noise((40, 120))[:, ::2], wanted, reads, 8, 1)
    with pytest.raises(TypeError):
        lift(photo, wanted.astype(np.float64), reads, 8, 1)
    with pytest.raises(ValueError, match="wanted has shape"):
        lift(photo, wanted[:-1].copy(), reads, 8, 1)
    with pytest.raises(ValueError, match="photo has shape"):
        lift(photo[:20].copy(), wanted, reads, 8, 1)
    with pytest.raises(ValueError, match="bound is 256"):
        lift(photo, wanted, reads, 256, 1)
    with pytest.raises(ValueError, match="rounds is -1"):
        lift(photo, wanted, reads, 8, -1)
    frozen = photo.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(lift(frozen, wanted, reads, 8, 1), lift(photo, wanted, reads, 8, 1))
