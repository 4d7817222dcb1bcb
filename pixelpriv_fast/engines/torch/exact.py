"""Convolutions and matrix products on a CUDA GPU with their rounding and algorithm named call by call.

PyTorch lets cuDNN round fp32 convolutions to TF32 unless a setting of the whole process forbids it. This library
changes no such setting, and reads none: under ``call_rules``, which hold *in this thread* and in the backward passes
that it starts, every convolution, its input gradient and every matrix product become ``aten::_convolution``, which takes
``benchmark``, ``deterministic`` and ``allow_tf32`` as arguments. Recorded in a CUDA graph, the detour costs nothing.

On a CPU nothing is needed by default; a process that sets ``torch.backends.mkldnn.*.fp32_precision`` or
``torch.set_float32_matmul_precision("medium")`` asks oneDNN for less than fp32, and PyTorch has no argument of a call
that could say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

_ATEN = torch.ops.aten
#: benchmark, deterministic, cudnn_enabled, allow_tf32.
_RULES = (False, True, True, False)


@contextmanager
def call_rules(device: torch.device) -> Iterator[None]:
    """Set what holds for one call on ``device``, whatever the calling thread has set for itself.

    That means: autocast off, a graph of gradients only where it is requested, and pinned algorithms on a GPU. It is not inference
    mode, which would show ``PinnedAlgorithms`` the undivided ``linear`` instead of matrix products.
    """
    pinned = PinnedAlgorithms() if device.type == "cuda" else nullcontext()  # type: ignore[no-untyped-call]
    with torch.no_grad(), torch.autocast(device.type, enabled=False), pinned:
        yield


class PinnedAlgorithms(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sends convolutions and matrix products through ``aten::_convolution`` with fixed rules, in this thread."""

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operation, or its replacement."""
        replacement = _REPLACEMENTS.get(func)
        return func(*args, **(kwargs or {})) if replacement is None else replacement(*args, **(kwargs or {}))


def _convolution(x: Any, weight: Any, bias: Any, *geometry: Any) -> Any:
    return _ATEN._convolution.default(x, weight, bias, *geometry, *_RULES)


def _convolution_backward(
    gradient: Any, x: Any, weight: Any, bias_sizes: Any, stride: Any, padding: Any, dilation: Any, *rest: Any
) -> tuple[Any, None, None]:
    """Compute the input's gradient alone: a convolution with the other direction of the same weights."""
    transposed, _, groups, wanted = rest
    if list(wanted) != [True, False, False]:
        raise NotImplementedError("only the input's gradient is computed here; freeze the weights")
    missing = [0, 0] if transposed else _lost(gradient, x, weight, stride, padding, dilation)
    turned = _ATEN._convolution.default(
        gradient, weight, None, stride, padding, dilation, not transposed, missing, groups, *_RULES
    )
    return turned, None, None


def _lost(gradient: Any, x: Any, weight: Any, stride: Any, padding: Any, dilation: Any) -> list[int]:
    """Return the rows and columns at the far edge that a stride skipped: what a transposed convolution must add."""
    return [
        x.shape[2 + i] - ((gradient.shape[2 + i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (k - 1) + 1)
        for i, k in enumerate(weight.shape[2:])
    ]


def _mm(a: Any, b: Any) -> Any:
    return _product(a, b, None)


def _addmm(bias: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    if beta == 1 and alpha == 1 and bias.ndim == 1:
        return _product(a, b, bias)
    return bias * beta + _product(a, b, None) * alpha


def _product(a: Any, b: Any, bias: Any) -> Any:
    """Compute a (n, k) @ b (k, m) as a convolution of one pixel."""
    weight = b.t().contiguous()[:, :, None, None]
    return _convolution(a[:, :, None, None], weight, bias, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)[:, :, 0, 0]


_REPLACEMENTS: dict[Any, Callable[..., Any]] = {
    _ATEN.convolution.default: _convolution,
    _ATEN.convolution_backward.default: _convolution_backward,
    _ATEN.mm.default: _mm,
    _ATEN.addmm.default: _addmm,
}
