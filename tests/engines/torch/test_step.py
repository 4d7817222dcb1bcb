"""The lattice step: what the host's kernels do, and everything that a CUDA graph asks of what it records."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pixelpriv_fast.engines.torch.resize import DeviceGeometry
from pixelpriv_fast.engines.torch.step import input_gradient, lattice_step

from .networks import PREPROCESSES, SIZE, network, one_hot, photos

ATEN = torch.ops.aten
#: Operations that look at values, wait for a device, or make results whose shape depends on values.
LOOKS = {
    ATEN._local_scalar_dense.default,
    ATEN.is_nonzero.default,
    ATEN.equal.default,
    ATEN.nonzero.default,
    ATEN.masked_select.default,
    ATEN._unique2.default,
    ATEN.repeat_interleave.Tensor,
    ATEN.bincount.default,
}


class Recorder(TorchDispatchMode):
    """Notes every operation with the shapes, types and devices of its results."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        results = result if isinstance(result, (tuple, list)) else (result,)
        self.seen.append((func, *((r.shape, r.dtype, r.device) for r in results if isinstance(r, torch.Tensor))))
        return result


def scalars(*numbers: int) -> list[torch.Tensor]:
    return [torch.tensor(number, dtype=torch.int16) for number in numbers]


def arguments(name: str = "short_side", dtype: torch.dtype = torch.float32, seed: int = 0) -> list:
    """Everything that ``lattice_step`` takes, on the device "cpu"."""
    start = torch.from_numpy(photos(2, 31, 47, seed))
    geometry = DeviceGeometry.of(PREPROCESSES[name], (31, 47), torch.device("cpu"))
    module = network().to(dtype, memory_format=torch.channels_last).requires_grad_(False)
    offsets = torch.zeros(start.shape, dtype=torch.int8)
    return [module, dtype, geometry, start, offsets, torch.from_numpy(one_hot(2)), *scalars(2, 3, 2)]


@pytest.mark.parametrize("step", [2, -1])
@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.parametrize("name", PREPROCESSES)
def test_step_is_the_hosts_where_gradients_are_above_rounding(name, units, step):
    values = arguments(name)
    values[6:] = scalars(step, 3, units)
    module, _, _, start, offsets, accepted, *_ = values
    reading = PREPROCESSES[name].for_size(*start.shape[1:3])
    for _ in range(3):
        before = offsets.numpy().copy()
        inputs = np.stack([reading.exact(p, o, units) for p, o in zip(start.numpy(), before, strict=True)])
        channels_last = torch.from_numpy(inputs).contiguous(memory_format=torch.channels_last)
        gradient = input_gradient(module, torch.float32, channels_last, accepted)[1].contiguous()
        moved, steepest = lattice_step(*values)
        torch.testing.assert_close(steepest, gradient.abs().amax((1, 2, 3)), rtol=1e-4, atol=0)
        for i in range(2):
            want, full = before[i].copy(), np.zeros(start.shape[1:], np.float32)
            reading.step(start[i].numpy(), want, gradient[i].numpy(), step=step, bound=3, units=units)
            reading.adjoint(gradient[i].numpy(), full)
            near_zero = (np.abs(full) < 1e-5 * np.abs(full).max()) & (full != 0)
            assert near_zero.mean() < 0.01
            np.testing.assert_array_equal(moved[i].numpy()[~near_zero], want[~near_zero])
        offsets.copy_(moved)
    assert offsets.abs().max() == 3
    at = start.numpy() + offsets.numpy() / units
    assert at.min() >= 0
    assert at.max() <= 255


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_step_never_looks_at_a_value_and_never_changes_a_shape(dtype):
    seen = []
    for seed in (0, 1):
        values = arguments(dtype=dtype, seed=seed)
        values[6:] = scalars(*((1, 2, 1), (-2, 5, 2))[seed])
        with Recorder() as recorder:
            lattice_step(*values)
        seen.append(recorder.seen)
    assert len(seen[0]) > 50
    assert seen[0] == seen[1]
    assert not LOOKS & {func for func, *_ in seen[0]}
    assert not any("item" in str(func) or "numpy" in str(func) for func, *_ in seen[0])


def test_the_check_finds_a_step_that_looks():
    def looking(*values):
        moved, steepest = lattice_step(*values)
        return moved if bool(steepest.max() > 0) else values[4], steepest

    with Recorder() as recorder:
        looking(*arguments())
    assert LOOKS & {func for func, *_ in recorder.seen}


def test_step_moves_nothing_between_devices():
    """The step on "meta" tensors: anything that fetched a value or made a tensor on the host would raise."""
    module, dtype, _, *tensors = arguments()
    meta = torch.device("meta")
    moved_geometry = DeviceGeometry.of(PREPROCESSES["short_side"], (31, 47), meta)
    moved, steepest = lattice_step(module.to(meta), dtype, moved_geometry, *(t.to(meta) for t in tensors))
    assert (moved.device, moved.dtype, moved.shape) == (meta, torch.int8, tensors[0].shape)
    assert steepest.shape == (2,)


def test_step_is_one_graph():
    """No break: not one branch or call that a tracer cannot follow."""
    torch._dynamo.reset()
    values = arguments()
    compiled = torch.compile(lattice_step, fullgraph=True, backend="eager")
    with torch._dynamo.config.patch(trace_autograd_ops=True):
        for got, want in zip(compiled(*values), lattice_step(*values), strict=True):
            torch.testing.assert_close(got, want, rtol=0, atol=0)


def test_fp16_keeps_gradients_that_are_tiny():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 6))
    module.requires_grad_(False)[2].weight.mul_(5e-5)
    inputs, accepted = torch.rand(2, 3, *SIZE), torch.from_numpy(one_hot(2))
    _, want = input_gradient(module, torch.float32, inputs, accepted)
    _, got = input_gradient(module.half(), torch.float16, inputs, accepted)
    assert want.abs().max() < 1e-7
    cosine = torch.nn.functional.cosine_similarity(got.flatten(), want.flatten(), dim=0)
    assert cosine > 0.9  # 0 without the scale of the seed
