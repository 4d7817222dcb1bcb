"""Whole steps as one program: what the host does step by step, whatever else is in the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pixelpriv_fast.engines.torch.engine import TorchEngine
from pixelpriv_fast.errors import DeviceError, ModelError, PhotoError

from .networks import PREPROCESSES, network, one_hot, photos

GPU = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="recording a CUDA graph needs an NVIDIA GPU"),
        ],
    ),
]
BALL = {"step": 1, "bound": 4, "units": 2}


def engine(name: str = "short_side", device: str = "cpu", precision: str = "fp32") -> TorchEngine:
    return TorchEngine.of("small", network(), PREPROCESSES[name], device, precision)


def run(victim: TorchEngine, start: np.ndarray, steps: int = 6, **options) -> np.ndarray:
    begin = np.zeros(start.shape, np.int8)
    return victim.loop_here().run(start, begin, one_hot(len(start)), steps=steps, **(BALL | options))


def by_host(victim: TorchEngine, start: np.ndarray, steps: int = 6) -> np.ndarray:
    offsets, reading = np.zeros(start.shape, np.int8), victim.preprocess.for_size(*start.shape[1:3])
    for _ in range(steps):
        pairs = list(zip(start, offsets, strict=True))
        inputs = np.stack(
            [
                victim.preprocess.for_size(*photo.shape[:2]).exact(photo, offset, BALL["units"])
                for photo, offset in pairs
            ]
        )
        _, gradients = victim.gradient(inputs, one_hot(len(start)), len(start))
        for (photo, offset), gradient in zip(pairs, gradients, strict=True):
            reading.step(photo, offset, gradient, **BALL)
    return offsets


@pytest.mark.parametrize("device", GPU)
@pytest.mark.parametrize("name", PREPROCESSES)
def test_the_device_loop_does_what_the_host_does(name, device):
    victim, start = engine(name, device), photos(3, 31, 47)
    got, want = run(victim, start), by_host(victim, start)
    assert got.dtype == np.int8
    # Signs of gradients at rounding level differ, and what follows from them.
    assert np.mean(got != want) < 0.002
    assert np.abs(got).max() == BALL["bound"]
    at = start + got / BALL["units"]
    assert at.min() >= 0
    assert at.max() <= 255


@pytest.mark.parametrize("device", GPU)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_neighbours_batches_and_pauses_change_no_byte(precision, device):
    victim, start = engine(precision=precision, device=device), photos(5, 31, 47)
    together = run(victim, start, batch=3)
    order = np.array([4, 2, 0])
    loop, classes = victim.loop_here(), one_hot(5)[order]
    half = loop.run(start[order], np.zeros(start[order].shape, np.int8), classes, steps=2, batch=3, **BALL)
    both = loop.run(start[order], half, classes, steps=4, batch=3, **BALL)
    np.testing.assert_array_equal(both, together[order])
    alone = loop.run(start[3:4], np.zeros(start[3:4].shape, np.int8), one_hot(5)[3:4], steps=6, batch=3, **BALL)
    np.testing.assert_array_equal(alone[0], together[3])
    assert np.any(half != both)


def test_one_program_a_size_and_batch_size():
    victim = engine()
    for batch, size in [(2, (31, 47)), (2, (31, 47)), (3, (31, 47)), (2, (40, 30))]:
        run(victim, photos(1, *size), 1, batch=batch)
    assert len(victim.programs) == 3
    victim.close()
    assert len(victim.programs) == 0
    with pytest.raises(DeviceError, match="closed"):
        run(victim, photos(1, 31, 47), 1)


@pytest.mark.parametrize(
    ("weight", "error", "words"),
    [(torch.nan, ModelError, "not finite"), (torch.inf, ModelError, "not finite"), (0.0, PhotoError, "zero")],
)
def test_gradients_that_lead_nowhere_are_errors(weight, error, words):
    victim = engine()
    first = victim.module.get_submodule("0").weight
    first[0, 0, 0, 0] = weight
    if weight == 0:
        first.zero_()
    with pytest.raises(error, match=words):
        run(victim, photos(2, 31, 47), 2)


def test_a_cpu_offers_no_device_loop():
    assert engine().device_loop is None
