"""Exposure ratio and blend: every twin against the numpy definition, and that against the paper's formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelpriv_fast import kernels
from pixelpriv_fast.enhance.contrast import camera_response
from pixelpriv_fast.kernels.reference.exposure import SIDE
from pixelpriv_fast.kernels.reference.imresize import axis_matrix, imresize

A, B = -0.3293, 1.1258
GRID = (1.0, 7.0, 0.01)
sizes = st.integers(1, 70)
compiled = pytest.mark.parametrize("implementation", ["native", "numba"])


def twin(name: str, implementation: str):
    if implementation not in kernels.implementations(name):
        pytest.skip(f"{implementation} cannot run here")
    return kernels.get(name, implementation)


def defined(name: str):
    return kernels.get(name, "reference")


def scene(height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A noisy photo and a smooth map that crosses the threshold and leaves [0, 1] a little when enlarged."""
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    y, x = np.mgrid[0 : (height + 1) // 2, 0 : (width + 1) // 2]
    illumination = np.clip(0.5 + 0.8 * np.sin(x / 5 + rng.uniform(0, 6)) * np.cos(y / 7 + rng.uniform(0, 6)), 0, 1)
    return photo, illumination


def histogram_entropy(levels: np.ndarray) -> float:
    """MATLAB's entropy: clip, round half up to 8 bits, 256 bins, bits."""
    counts = np.bincount(np.floor(np.clip(levels, 0, 1) * 255 + 0.5).astype(int), minlength=256)
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum())


def test_imresize_matches_worked_examples():
    """Enlarging by two puts the taps at distances 1/4, 3/4, 5/4 and 7/4; beyond the edge the samples are mirrored."""
    enlarged = axis_matrix(4, 8) * 128
    np.testing.assert_allclose(enlarged[3], [-9, 111, 29, -3], atol=1e-12)
    np.testing.assert_allclose(enlarged[4], [-3, 29, 111, -9], atol=1e-12)
    np.testing.assert_allclose(enlarged[0], [29 + 111, -3 - 9, 0, 0], atol=1e-12)
    np.testing.assert_allclose(axis_matrix(1, 5), 1)
    np.testing.assert_allclose(axis_matrix(173, 50).sum(axis=1), 1)
    np.testing.assert_allclose(axis_matrix(50, 50), np.eye(50), atol=1e-12)


@compiled
@settings(max_examples=40, deadline=None)
@given(height=sizes, width=sizes, seed=st.integers(0, 99), threshold=st.sampled_from([0.25, 0.5, 0.75]))
def test_samples_twins_agree(implementation, height, width, seed, threshold):
    photo, illumination = scene(height, width, seed)
    got = twin("exposure_samples", implementation)(photo, illumination, threshold)
    want = defined("exposure_samples")(photo, illumination, threshold)
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-6)


@pytest.mark.parametrize("implementation", ["native", "numba", "reference"])
def test_samples_are_those_under_the_mask_in_order(implementation):
    photo = np.full((200, 300, 3), (8, 27, 64), np.uint8)
    illumination = np.full((100, 150), 0.9)
    illumination[:, :75] = 0.1
    samples = twin("exposure_samples", implementation)(photo, illumination, 0.5)
    assert samples.size == SIDE * SIDE // 2
    np.testing.assert_allclose(samples, 24 / 255, rtol=1e-12)
    assert np.unique(samples).size == 1  # no rounding error tells two of them apart
    assert twin("exposure_samples", implementation)(photo, illumination, 0.05).size == 0
    assert twin("exposure_samples", implementation)(photo, illumination, 1.0).size == SIDE * SIDE


@pytest.mark.parametrize("seed", range(4))
def test_logarithm_search_sees_the_histogram_s_entropy(seed):
    """For each k of the grid the scan's winner has the largest entropy of the histogram itself."""
    rng = np.random.default_rng(seed)
    samples = np.sort(rng.beta(1.5, 6, rng.integers(1, 2500)))
    samples[0] = 0
    grid = GRID[0] + GRID[2] * np.arange(601)
    entropies = np.array([histogram_entropy(camera_response(samples, k, A, B)) for k in grid])
    best = defined("best_exposure")(samples, A, B, *GRID)
    assert entropies[np.argmin(np.abs(grid - best))] == pytest.approx(entropies.max(), abs=1e-12)
    assert best == pytest.approx(grid[np.flatnonzero(entropies > entropies.max() - 1e-12)[0]], abs=1e-9)


@compiled
@settings(max_examples=60, deadline=None)
@given(
    samples=st.lists(st.floats(0, 1.2), min_size=1, max_size=300),
    a=st.sampled_from([A, -1.0, 0.3]),
    k_min=st.sampled_from([0.5, 1.0]),
    k_step=st.sampled_from([0.01, 0.37]),
)
def test_search_twins_agree(implementation, samples, a, k_min, k_step):
    ascending = np.sort(np.array(samples))
    got = twin("best_exposure", implementation)(ascending, a, B, k_min, 7.0, k_step)
    want = defined("best_exposure")(ascending, a, B, k_min, 7.0, k_step)
    if got != want:  # a sample on an edge to the last bit: both must then be as good
        entropies = [histogram_entropy(camera_response(ascending, k, a, B)) for k in (got, want)]
        assert entropies[0] == pytest.approx(entropies[1], abs=0.05)


@compiled
def test_search_with_many_black_samples_and_some_without_end(implementation):
    """Black's logarithm is minus infinity; what lies above every level must still be counted there."""
    samples = np.sort(np.concatenate([np.zeros(1250), np.linspace(0.2, 0.25, 1000), np.full(3, np.inf)]))
    want = defined("best_exposure")(samples, A, B, *GRID)
    assert twin("best_exposure", implementation)(samples, A, B, *GRID) == want


def test_search_of_one_colour_takes_the_smallest_ratio():
    for implementation in kernels.implementations("best_exposure"):
        assert kernels.get("best_exposure", implementation)(np.full(2500, 0.2), A, B, *GRID) == 1.0


@compiled
@settings(max_examples=40, deadline=None)
@given(height=sizes, width=sizes, seed=st.integers(0, 99), mu=st.sampled_from([0.0, 0.5, 0.8, 1.0, 3.0]))
def test_blend_twins_agree(implementation, height, width, seed, mu):
    photo, illumination = scene(height, width, seed)
    table = camera_response(np.arange(256) / 255, 5.0, A, B) - 0.01
    got = twin("blend_exposure", implementation)(photo, illumination, table, mu)
    want = defined("blend_exposure")(photo, illumination, table, mu)
    difference = np.abs(got.astype(int) - want)
    assert difference.max() <= 1
    assert np.count_nonzero(difference) <= 1 + 1e-3 * difference.size  # fp32 rounds a few on the edge the other way


@pytest.mark.parametrize("k", [1.0, 3.7, 7.0])
def test_table_gives_the_very_numbers_of_a_power_per_pixel(k):
    photo, illumination = scene(64, 96)
    weight = np.sqrt(np.clip(imresize(illumination, 64, 96), 0, 1))[:, :, None]
    exposed = camera_response(photo / 255, k, A, B) - 0.01
    fused = np.floor(np.clip(photo / 255 * weight + exposed * (1 - weight), 0, 1) * 255 + 0.5).astype(np.uint8)
    table = camera_response(np.arange(256) / 255, k, A, B) - 0.01
    np.testing.assert_array_equal(defined("blend_exposure")(photo, illumination, table, 0.5), fused)


def test_results_do_not_depend_on_the_number_of_threads():
    photo, illumination = scene(1201, 803)
    table = camera_response(np.arange(256) / 255, 5.0, A, B)
    for name, arguments in (("exposure_samples", (0.5,)), ("blend_exposure", (table, 0.5))):
        one = kernels.get(name)(photo, illumination, *arguments, 1)
        for threads in (2, 3):
            np.testing.assert_array_equal(one, kernels.get(name)(photo, illumination, *arguments, threads))


def test_native_refuses_what_does_not_fit():
    photo, illumination = scene(9, 12)
    table = np.linspace(0, 1, 256)
    blend = twin("blend_exposure", "native")
    with pytest.raises(ValueError, match="illumination"):
        blend(photo, illumination[:-1].copy(), table, 0.5)
    with pytest.raises(ValueError, match="table"):
        blend(photo, illumination, table[:-1].copy(), 0.5)
    with pytest.raises(TypeError):
        blend(photo, illumination.astype(np.float32), table, 0.5)
    with pytest.raises((TypeError, ValueError)):
        blend(photo[:, ::2], illumination, table, 0.5)
    with pytest.raises(ValueError, match="k_min"):
        twin("best_exposure", "native")(table, A, B, 0.0, 7.0, 0.01)
