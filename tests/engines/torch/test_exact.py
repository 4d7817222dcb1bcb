"""The rules of a call: convolutions and products named argument by argument, in this thread only."""

from __future__ import annotations

import threading

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode_stack

from pixelpriv_fast.engines.torch.exact import PinnedAlgorithms, call_rules
from pixelpriv_fast.engines.torch.step import input_gradient

from .networks import SIZE, network, one_hot

ATEN = torch.ops.aten
#: What may round to TF32 by a setting of the whole process.
UNPINNED = {
    ATEN.convolution.default,
    ATEN.convolution_backward.default,
    ATEN.mm.default,
    ATEN.addmm.default,
    ATEN.bmm.default,
    ATEN.baddbmm.default,
    ATEN.linear.default,
    ATEN.matmul.default,
}


class Watch(TorchDispatchMode):
    """Sees what the rules let through: below them, since it was entered first."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls.append((func, args))
        return func(*args, **(kwargs or {}))


def branches() -> torch.nn.Module:
    """Convolutions of every stride, padding and dilation that leaves rows out, forward and transposed."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, (5, 2), stride=(3, 2), padding=(1, 0), dilation=(1, 2)),
        torch.nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1),
        torch.nn.Flatten(),
        torch.nn.LazyLinear(6),
    )


@pytest.mark.parametrize("make", [network, branches])
def test_every_convolution_and_product_is_pinned_and_means_the_same(make):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module, inputs = make(), torch.rand(2, 3, *SIZE)
        module(inputs)
    module = module.to(memory_format=torch.channels_last).requires_grad_(False)
    accepted = torch.from_numpy(one_hot(2))
    want = input_gradient(module, torch.float32, inputs, accepted)
    with Watch() as watch, PinnedAlgorithms():
        got = input_gradient(module, torch.float32, inputs, accepted)
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert not UNPINNED & {func for func, _ in watch.calls}
    pinned = [args for func, args in watch.calls if func is ATEN._convolution.default]
    weighted = [m for m in module if hasattr(m, "weight")]
    assert len(pinned) == 2 * len(weighted)  # forward and backward
    for args in pinned:
        benchmark, deterministic, _, allow_tf32 = args[9:]
        assert (benchmark, deterministic, allow_tf32) == (False, True, False)


def test_gradients_of_weights_are_refused():
    with PinnedAlgorithms(), pytest.raises(NotImplementedError, match="freeze"):
        network()(torch.rand(2, 3, *SIZE)).sum().backward()


def test_rules_hold_for_the_call_and_the_thread_only():
    layer, x = torch.nn.Linear(4, 4), torch.rand(1, 4)
    seen = {}

    def elsewhere() -> None:
        seen["elsewhere"] = layer(x).dtype, layer(x).requires_grad, len(_get_current_dispatch_mode_stack())

    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
        with call_rules(torch.device("cpu")):
            assert (layer(x).dtype, layer(x).requires_grad) == (torch.float32, False)
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
        assert layer(x).dtype == torch.bfloat16
    assert seen["elsewhere"] == (torch.float32, True, 0)
    assert layer(x).requires_grad
    with call_rules(torch.device("cuda")):
        assert [type(mode) for mode in _get_current_dispatch_mode_stack()] == [PinnedAlgorithms]
    assert not _get_current_dispatch_mode_stack()
