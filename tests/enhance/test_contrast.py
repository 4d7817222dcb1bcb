"""Contrast against a second, plain path through the paper's formulas with a direct sparse solve, and its edge cases."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sparse
import scipy.sparse.linalg as sparse_linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pixelpriv_fast.enhance import Contrast, Identity
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.kernels.reference.imresize import imresize

A, B = -0.3293, 1.1258


def direct_illumination(photo: np.ndarray) -> np.ndarray:
    """Steps 1 to 6 in float64 with SuperLU."""
    height, width = photo.shape[:2]
    half = imresize(photo.max(axis=2) / 255, -(-height // 2), -(-width // 2), 0.5)
    number = np.arange(half.size).reshape(half.shape)
    system = sparse.identity(half.size, format="csc")
    for axis in (0, 1):
        next_one = np.roll(number, -1, axis).ravel()
        ones = np.ones(half.size)
        difference = sparse.csr_matrix((ones, (number.ravel(), next_one))) - sparse.identity(half.size)
        d = (difference @ half.ravel()).reshape(half.shape)
        padded = np.pad(d, [(2, 2) if a == axis else (0, 0) for a in (0, 1)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, 5, axis)
        weights = 1 / (np.abs(windows.sum(axis=-1)) * np.abs(d) + 0.001)
        system = system + 0.5 * difference.T @ sparse.diags(weights.ravel()) @ difference
    solution = sparse_linalg.spsolve(system.tocsc(), half.ravel(), permc_spec="MMD_AT_PLUS_A")
    return solution.reshape(half.shape)


def direct_contrast(photo: np.ndarray, k: float) -> np.ndarray:
    """Steps 7, 10 and 11 at a given ratio, with a power for every pixel."""
    weight = np.sqrt(np.clip(imresize(direct_illumination(photo), *photo.shape[:2]), 0, 1))[:, :, None]
    level = photo / 255
    exposed = np.minimum(np.exp(B * (1 - k**A)) * level ** (k**A), 1)
    return np.floor(np.clip(level * weight + exposed * (1 - weight), 0, 1) * 255 + 0.5).astype(np.uint8)


def dim_photo(height: int = 96, width: int = 120, seed: int = 0) -> np.ndarray:
    """A dark scene with a bright part: flat areas, edges, noise."""
    rng = np.random.default_rng(seed)
    steps = np.kron(rng.integers(10, 90, (height // 12 + 1, width // 12 + 1, 3)), np.ones((12, 12, 1)))
    photo = steps[:height, :width] + rng.integers(-6, 7, (height, width, 3))
    photo[: height // 4] += 140
    return np.clip(photo, 0, 255).astype(np.uint8)


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a.astype(int) - b)


@pytest.mark.slow
def test_every_lowlight_photo_is_within_one_level_of_the_direct_solve(photos):
    files = sorted((photos / "lowlight").iterdir())
    assert files
    worst = {}
    for file in files:
        pixels = np.asarray(Image.open(file).convert("RGB"))
        apart = difference(Contrast(k=5.0)(pixels), direct_contrast(pixels, 5.0))
        worst[file.name] = int(apart.max())
        assert np.count_nonzero(apart) <= 2e-3 * apart.size, file.name
    assert max(worst.values()) <= 1, worst


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 70), width=st.integers(1, 70), k=st.sampled_from([0.7, 2.0, 6.0]), seed=st.integers(0, 99))
def test_any_size_is_within_one_level_of_the_direct_solve(height, width, k, seed):
    photo = dim_photo(height, width, seed)
    assert difference(Contrast(k=k)(photo), direct_contrast(photo, k)).max() <= 1


@pytest.mark.parametrize("number", ["01", "02"])
def test_published_pair_of_a_python_port_is_loosely_the_same(photos, number):
    """That port stretches, truncates and resizes otherwise, and stops its search elsewhere: 2 to 6 levels are usual."""
    before, after = (
        np.asarray(Image.open(photos / "contrast_pairs" / f"{name}_{number}.jpg").convert("RGB"))
        for name in ("in", "out")
    )
    mine = Contrast()(before)
    assert difference(mine, after).mean() < 7 < difference(before, after).mean()
    assert np.corrcoef(mine.ravel(), after.ravel())[0, 1] > 0.98


def test_dark_parts_get_brighter_and_bright_parts_stay():
    photo = dim_photo()
    enhanced = Contrast()(photo)
    assert enhanced[60:].mean() > 1.5 * photo[60:].mean()
    assert difference(enhanced[:16], photo[:16]).mean() < 0.15 * photo[:16].mean()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (2, 31), (3, 1), (49, 51), (50, 50)])
def test_small_photos(shape):
    photo = dim_photo(*shape)
    enhanced = Contrast()(photo)
    assert enhanced.shape == photo.shape
    assert enhanced.dtype == np.uint8


@pytest.mark.parametrize("level", [0, 1, 40, 127])
def test_a_plain_dark_photo_loses_the_offset_only(level):
    """One colour has no entropy at any ratio: the smallest one, 1, is taken, and g(I, 1) = I."""
    photo = np.full((40, 61, 3), level, np.uint8)
    want = np.sqrt(level / 255) * level + (1 - np.sqrt(level / 255)) * (level - 2.55)
    np.testing.assert_array_equal(Contrast()(photo), max(0, int(np.floor(want + 0.5))))


def test_a_bright_photo_is_returned_as_it_is_but_not_shared():
    photo = np.full((40, 60, 3), 128, np.uint8)
    photo[::3] = 250
    enhanced = Contrast()(photo)
    np.testing.assert_array_equal(enhanced, photo)
    assert not np.shares_memory(enhanced, photo)
    assert (Contrast(k=4.0)(photo) != photo).any()  # a ratio that is given is used


def test_input_is_kept_and_any_memory_layout_gives_the_same():
    photo = dim_photo()
    before = photo.copy()
    photo.setflags(write=False)
    enhanced = Contrast()(photo)
    np.testing.assert_array_equal(photo, before)
    np.testing.assert_array_equal(Contrast()(np.asfortranarray(photo)), enhanced)
    np.testing.assert_array_equal(Contrast()(np.repeat(photo, 2, axis=1)[:, ::2]), enhanced)


def test_threads_inside_and_outside_give_the_same():
    photo = dim_photo(700, 900)
    enhance = Contrast()
    alone = enhance(photo)
    np.testing.assert_array_equal(enhance(photo, threads=3), alone)
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(enhance, [photo] * 8):
            np.testing.assert_array_equal(result, alone)


CHANGED = {
    "mu": 0.7,
    "k": 3.0,
    "lam": 2.0,
    "window": 9,
    "sharpness": 0.02,
    "rtol": 0.3,
    "k_range": (1.0, 1.7),
    "k_step": 1.3,
    "a": -0.5,
    "b": 0.9,
    "threshold": 0.2,
    "offset": 0.03,
}


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Contrast)])
def test_every_field_changes_the_output(name):
    photo = dim_photo()
    assert (Contrast(**{name: CHANGED[name]})(photo) != Contrast()(photo)).any()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mu", -0.1),
        ("mu", float("nan")),
        ("k", 0.0),
        ("k", float("inf")),
        ("lam", -1.0),
        ("window", 4),
        ("window", 0),
        ("sharpness", 0.0),
        ("rtol", 0.0),
        ("rtol", 1.0),
        ("k_range", (0.0, 7.0)),
        ("k_range", (7.0, 1.0)),
        ("k_step", 0.0),
        ("k_step", 1e-6),
        ("a", float("nan")),
        ("b", float("inf")),
        ("threshold", float("nan")),
        ("offset", float("nan")),
    ],
)
def test_bad_fields_are_refused_by_name(name, value):
    with pytest.raises(UsageError, match=f"{name} is"):
        Contrast(**{name: value})


def test_identity_changes_nothing():
    photo = dim_photo()
    np.testing.assert_array_equal(Identity()(photo), photo)
