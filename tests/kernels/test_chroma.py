"""The transpose of chroma sampling: by dot products, at every sampling. ``tests/channels`` holds it to real codecs."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import kernels

#: JFIF's RGB -> YCbCr, without its offsets.
YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
SAMPLINGS = [(False, False), (False, True), (True, False), (True, True)]
IMPLEMENTATIONS = kernels.implementations("chroma_adjoint")


def sampled(plane: np.ndarray) -> np.ndarray:
    """Rows halved and interpolated again: pair by pair, as a codec does it."""
    even = np.concatenate([plane, plane[-1:]]) if len(plane) % 2 else plane
    small = (even[0::2] + even[1::2]) / 2
    before, behind = np.concatenate([small[:1], small[:-1]]), np.concatenate([small[1:], small[-1:]])
    large = np.stack([0.75 * small + 0.25 * before, 0.75 * small + 0.25 * behind], axis=1)
    return large.reshape(-1, *plane.shape[1:])[: len(plane)]


def forwards(photo: np.ndarray, rows: bool, columns: bool) -> np.ndarray:
    planes = photo @ YCC.T
    for plane in (1, 2):
        if rows:
            planes[..., plane] = sampled(planes[..., plane])
        if columns:
            planes[..., plane] = sampled(planes[..., plane].T).T
    return planes @ np.linalg.inv(YCC).T


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize(("rows", "columns"), SAMPLINGS)
@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3), (4, 6), (5, 7), (33, 64), (64, 33), (130, 101)], ids=str)
def test_it_is_the_transpose(size: tuple[int, int], rows: bool, columns: bool, implementation: str) -> None:
    rng = np.random.default_rng(0)
    change, gradient = rng.standard_normal((*size, 3)), rng.standard_normal((*size, 3)).astype(np.float32)
    moved = forwards(change, rows, columns)
    pulled = kernels.get("chroma_adjoint", implementation)(gradient, rows, columns)
    difference = abs(np.vdot(moved, gradient) - np.vdot(change, pulled))
    assert difference <= 1e-6 * np.linalg.norm(moved) * np.linalg.norm(gradient)
    assert pulled.dtype == np.float32
    assert pulled.flags.c_contiguous


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_whole_chroma_passes_as_it_is(implementation: str) -> None:
    gradient = np.random.default_rng(1).standard_normal((9, 14, 3)).astype(np.float32)
    pulled = kernels.get("chroma_adjoint", implementation)(gradient, False, False)
    np.testing.assert_array_equal(pulled, gradient)


@pytest.mark.parametrize(("rows", "columns"), SAMPLINGS)
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (31, 67), (64, 256)], ids=str)
def test_twins_agree_at_every_sampling(size: tuple[int, int], rows: bool, columns: bool) -> None:
    gradient = np.random.default_rng(2).standard_normal((*size, 3)).astype(np.float32)
    want = kernels.get("chroma_adjoint", "reference")(gradient, rows, columns)
    for implementation in IMPLEMENTATIONS:
        got = kernels.get("chroma_adjoint", implementation)(gradient, rows, columns)
        np.testing.assert_allclose(got, want, atol=2e-6)
