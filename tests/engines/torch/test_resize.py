"""A preprocessing as torch operations: the kernels' numbers, and an exact transpose."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pixelpriv_fast.engines.torch.resize import DeviceGeometry
from pixelpriv_fast.errors import PhotoError

from .networks import PREPROCESSES, SIZE, photos

CPU = torch.device("cpu")
SIZES = [(20, 20), (31, 47), (64, 25)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PREPROCESSES)
def test_input_and_adjoint_are_the_kernels(name, size):
    preprocess, geometry = PREPROCESSES[name], DeviceGeometry.of(PREPROCESSES[name], size, CPU)
    photo, reading = photos(2, *size), preprocess.for_size(*size)
    values = geometry.input(torch.from_numpy(photo).float())
    assert values.shape == (2, 3, *SIZE)
    assert values.is_contiguous(memory_format=torch.channels_last)
    zeros = np.zeros((*size, 3), np.int8)
    want = np.stack([reading.exact(one, zeros) for one in photo])
    np.testing.assert_allclose(values.numpy(), want, atol=1e-5)  # of values up to 13

    gradient = np.random.default_rng(1).normal(size=(2, 3, *SIZE)).astype(np.float32)
    back = geometry.adjoint(torch.from_numpy(gradient)).numpy()
    for one, found in zip(gradient, back, strict=True):
        wanted = np.zeros((*size, 3), np.float32)
        reading.adjoint(one, wanted)
        np.testing.assert_allclose(found, wanted, atol=1e-6 * np.abs(wanted).max())
        np.testing.assert_array_equal(found == 0, wanted == 0)


def test_photos_that_are_too_small_are_refused():
    with pytest.raises(PhotoError, match="smaller than"):
        DeviceGeometry.of(PREPROCESSES["none"], (19, 40), CPU)
