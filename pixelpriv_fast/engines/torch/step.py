"""One step of a lattice attack as a pure function over tensors: nothing in it looks at a value, waits or allocates by one.

That is what lets a CUDA graph record it. The host's twin is ``Preprocess.exact``, ``GradientEngine.gradient`` and
``Preprocess.step``.
"""

from __future__ import annotations

import torch

from .resize import Geometry

#: fp16 ends at 6e-8 below: a seed this much larger keeps small gradients, and 65504 above is still far away.
_SEED_SCALE = 128.0


def log_odds_seed(logits: torch.Tensor, accepted: torch.Tensor) -> torch.Tensor:
    """The derivative of the log-odds of leaving the accepted set by the logits, float32 (n, classes)."""
    z = logits.float()
    outside = z.masked_fill(accepted, -torch.inf).softmax(1)
    return outside - z.masked_fill(~accepted, -torch.inf).softmax(1)


def input_gradient(
    module: torch.nn.Module, dtype: torch.dtype, inputs: torch.Tensor, accepted: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, and the gradient of the log-odds with respect to ``inputs`` (n, 3, h, w); both float32.

    The network runs in ``dtype``, that of its weights; its seed is computed in float32.
    """
    x = inputs.to(dtype).requires_grad_()
    with torch.enable_grad():
        z = module(x)
    scale = _SEED_SCALE if dtype == torch.float16 else 1.0
    seed = log_odds_seed(z.detach(), accepted) * scale
    (gradient,) = torch.autograd.grad(z, x, seed.to(z.dtype))
    return z.detach().float(), gradient.float() / scale


def lattice_step(
    module: torch.nn.Module,
    dtype: torch.dtype,
    geometry: Geometry,
    start: torch.Tensor,
    offsets: torch.Tensor,
    accepted: torch.Tensor,
    step: torch.Tensor,
    bound: torch.Tensor,
    units: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The offsets after one step, int8 (n, H, W, 3), and the largest absolute gradient of each photo, float32 (n,).

    ``start``: uint8 (n, H, W, 3). ``offsets``: int8, in units of which ``units`` make a grey level. ``step``, ``bound``
    and ``units``: int16 tensors of no dimension; a negative step descends. sign(0) = 0, and offsets stay within
    ``bound`` and start + offsets / units within 0..255.
    """
    pixels = start + offsets / units.float()
    _, gradient = input_gradient(module, dtype, geometry.input(pixels), accepted)
    direction = geometry.adjoint(gradient).sign().to(torch.int16)
    wide = start.to(torch.int16)
    low = torch.maximum(-bound, -wide * units)
    high = torch.minimum(bound, (255 - wide) * units)
    moved = torch.clamp(offsets + step * direction, low, high).to(torch.int8)
    return moved, gradient.abs().flatten(1).amax(1)
