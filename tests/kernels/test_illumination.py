"""The illumination map: every twin against the numpy definition, the system's properties, and a direct solve."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse
import scipy.sparse.linalg as sparse_linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.reference.illumination import apply_system

sizes = st.integers(1, 70)
compiled = pytest.mark.parametrize("implementation", ["native", "numba"])


def twin(name: str, implementation: str):
    if implementation not in kernels.implementations(name):
        pytest.skip(f"{implementation} cannot run here")
    return kernels.get(name, implementation)


def defined(name: str):
    return kernels.get(name, "reference")


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise over steps: strong edges, flat parts, and both ends of the range."""
    rng = np.random.default_rng(seed)
    steps = np.kron(rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)), np.ones((8, 8, 1)))[:height, :width]
    noise = rng.integers(-12, 13, (height, width, 3)) * rng.integers(0, 2)
    return np.clip(steps + noise, 0, 255).astype(np.uint8)


def system(height: int, width: int, seed: int = 0):
    luminance = defined("half_luminance")(photo(2 * height, 2 * width, seed))
    return luminance, *defined("texture_weights")(luminance, 5, 1e-3)


def matrix(w_h: np.ndarray, w_v: np.ndarray, lam: float) -> sparse.csc_matrix:
    """A written out edge by edge: an independent path to the same system."""
    height, width = w_h.shape
    number = np.arange(height * width).reshape(height, width)
    a = np.concatenate([number.ravel(), number.ravel()])
    b = np.concatenate([np.roll(number, -1, 1).ravel(), np.roll(number, -1, 0).ravel()])
    w = lam * np.concatenate([w_h.ravel(), w_v.ravel()]).astype(np.float64)
    rows, columns = np.concatenate([a, b, a, b]), np.concatenate([a, b, b, a])
    edges = sparse.coo_matrix((np.concatenate([w, w, -w, -w]), (rows, columns)), shape=(number.size, number.size))
    return (sparse.identity(number.size) + edges).tocsc()


def solved(luminance: np.ndarray, w_h: np.ndarray, w_v: np.ndarray, lam: float) -> np.ndarray:
    solution = sparse_linalg.spsolve(matrix(w_h, w_v, lam), luminance.ravel().astype(np.float64))
    return solution.reshape(luminance.shape)


@compiled
@settings(max_examples=40, deadline=None)
@given(height=sizes, width=sizes, seed=st.integers(0, 99))
def test_half_luminance_twins_agree(implementation, height, width, seed):
    pixels = photo(height, width, seed)
    got = twin("half_luminance", implementation)(pixels)
    assert got.dtype == np.float32
    assert got.shape == ((height + 1) // 2, (width + 1) // 2)
    np.testing.assert_allclose(got, defined("half_luminance")(pixels), rtol=0, atol=1.2e-7)  # the last bit of 1


def test_half_luminance_takes_the_largest_channel_and_keeps_a_plain_colour():
    pixels = np.empty((9, 14, 3), np.uint8)
    pixels[:] = (10, 200, 30)
    for implementation in kernels.implementations("half_luminance"):
        np.testing.assert_array_equal(
            kernels.get("half_luminance", implementation)(pixels), np.full((5, 7), 200 / 255, np.float32)
        )


def test_half_luminance_of_one_bright_row_has_the_cubic_s_weights():
    """Keys' cubic at distances 1/4, 3/4, 5/4 and 7/4, halved: 111, 29, -9 and -3 parts of 256."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[7] = 255
    want = np.array([0, 0, -9, 111, 29, -3, 0, 0]) / 256
    for implementation in kernels.implementations("half_luminance"):
        np.testing.assert_allclose(kernels.get("half_luminance", implementation)(pixels)[:, 3], want, atol=1e-7)


@compiled
@settings(max_examples=40, deadline=None)
@given(height=sizes, width=sizes, window=st.sampled_from([1, 3, 5, 9, 41]), seed=st.integers(0, 99))
def test_texture_weights_twins_agree(implementation, height, width, window, seed):
    luminance = defined("half_luminance")(photo(2 * height, 2 * width, seed))
    got = twin("texture_weights", implementation)(luminance, window, 1e-3)
    for mine, wanted in zip(got, defined("texture_weights")(luminance, window, 1e-3), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=3e-5)  # fp32 differences of values up to 1


def test_texture_weights_wrap_around_and_see_nothing_beyond_the_border():
    luminance = np.array([[0.0, 0.1, 0.3, 0.6, 1.0, 0.9, 0.8]], np.float32)
    w_h, w_v = defined("texture_weights")(luminance, 5, 0.001)
    differences = np.array([0.1, 0.2, 0.3, 0.4, -0.1, -0.1, -0.8])
    windowed = np.array([0.6, 1.0, 0.9, 0.7, -0.3, -0.6, -1.0])
    np.testing.assert_allclose(w_h[0], 1 / (np.abs(windowed * differences) + 0.001), rtol=1e-5)
    np.testing.assert_allclose(w_v, 1000, rtol=1e-6)  # one row: no difference downwards


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (2, 7), (3, 1), (5, 6)])
def test_system_is_symmetric_positive_definite_with_rows_of_sum_one(shape):
    _, w_h, w_v = system(*shape)
    size = shape[0] * shape[1]
    columns = [apply_system(unit.reshape(shape), w_h, w_v, 0.5).ravel() for unit in np.eye(size)]
    dense = np.stack(columns, axis=1)
    np.testing.assert_allclose(dense, matrix(w_h, w_v, 0.5).toarray(), atol=1e-9)
    np.testing.assert_allclose(dense, dense.T, atol=1e-9)
    np.testing.assert_allclose(dense.sum(axis=1), 1, atol=1e-9)
    assert np.linalg.eigvalsh(dense).min() > 1 - 1e-9


@pytest.mark.parametrize("implementation", ["native", "numba", "reference"])
@settings(max_examples=25, deadline=None)
@given(height=sizes, width=sizes, lam=st.sampled_from([0.0, 0.05, 0.5, 4.0]), seed=st.integers(0, 99))
def test_solve_reaches_its_tolerance_and_the_direct_solution(implementation, height, width, lam, seed):
    luminance, w_h, w_v = system(height, width, seed)
    t, residual = twin("solve_illumination", implementation)(luminance, w_h, w_v, lam, 1e-5)
    left = luminance - apply_system(t, w_h, w_v, lam)
    size = np.linalg.norm(luminance.astype(np.float64))
    assert residual <= 1e-5
    assert np.linalg.norm(left) <= residual * size * 1.001 + 1e-9
    direct = solved(luminance, w_h, w_v, lam)
    assert np.linalg.norm(t - direct) <= 1.1e-5 * size  # |A^-1| is 1
    assert luminance.min() - 1e-3 <= t.min() <= t.max() <= luminance.max() + 1e-3


@pytest.mark.parametrize("rtol", [0.5, 1e-2, 1e-4, 1e-6, 1e-8])
def test_native_solve_keeps_any_tolerance_in_double_precision(rtol):
    luminance, w_h, w_v = system(150, 201)
    t, residual = twin("solve_illumination", "native")(luminance, w_h, w_v, 0.5, rtol)
    left = np.linalg.norm(luminance - apply_system(t, w_h, w_v, 0.5))
    assert left <= rtol * np.linalg.norm(luminance.astype(np.float64))
    assert residual <= rtol


@pytest.mark.parametrize("shape", [(300, 400), (301, 403), (700, 130)])
def test_results_do_not_depend_on_the_number_of_threads(shape):
    pixels = photo(2 * shape[0], 2 * shape[1])
    luminance = kernels.get("half_luminance")(pixels, 1)
    np.testing.assert_array_equal(luminance, kernels.get("half_luminance")(pixels, 3))
    weights = kernels.get("texture_weights")(luminance, 5, 1e-3)
    solve = kernels.get("solve_illumination")
    one, _ = solve(luminance, *weights, 0.5, 1e-3, 1)
    for threads in (2, 3, 5):
        np.testing.assert_array_equal(one, solve(luminance, *weights, 0.5, 1e-3, threads)[0])


def test_a_black_photo_solves_to_black():
    black = np.zeros((6, 9), np.float32)
    for implementation in kernels.implementations("solve_illumination"):
        t, residual = kernels.get("solve_illumination", implementation)(black, black + 1, black + 1, 0.5, 1e-4)
        assert residual == 0
        assert not t.any()


def test_native_refuses_what_it_would_have_to_convert():
    native = twin("solve_illumination", "native")
    plane = np.ones((4, 6), np.float32)
    with pytest.raises(TypeError):
        native(plane.astype(np.float64), plane, plane, 0.5, 1e-4)
    with pytest.raises((TypeError, ValueError)):
        native(np.ones((6, 4), np.float32).T, plane, plane, 0.5, 1e-4)
    with pytest.raises(ValueError, match="w_v"):
        native(plane, plane, np.ones((4, 5), np.float32), 0.5, 1e-4)
    with pytest.raises(ValueError, match="window"):
        twin("texture_weights", "native")(plane, 4, 1e-3)
    with pytest.raises(ValueError, match="photo"):
        twin("half_luminance", "native")(np.ones((4, 6, 4), np.uint8))


def test_native_reads_read_only_arrays_and_leaves_its_input_alone():
    pixels = photo(20, 30)
    before = pixels.copy()
    pixels.setflags(write=False)
    luminance = twin("half_luminance", "native")(pixels)
    luminance.setflags(write=False)
    twin("texture_weights", "native")(luminance, 5, 1e-3)
    np.testing.assert_array_equal(pixels, before)
