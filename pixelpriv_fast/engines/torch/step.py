"""One step of a lattice attack as a pure function over tensors: nothing in it looks at a value, waits or allocates by one.

That is what lets a CUDA graph record it. The host's twin is ``Preprocess.exact``, ``GradientEngine.gradient`` and
``Preprocess.step``.
"""

from __future__ import annotations

import torch

from .resize import DeviceGeometry

#: fp16 ends at 6e-8 below: a seed this much larger keeps small gradients, and 65504 above is still far away.
_SEED_SCALE = 128.0


def log_odds_seed(logits: torch.Tensor, accepted: torch.Tensor) -> torch.Tensor:
    """Compute the derivative by the logits of the log-odds of leaving the accepted set.

    Parameters
    ----------
    logits : Tensor, shape (n, classes)
        The logits.
    accepted : Tensor of bool, shape (n, classes)
        The accepted sets.

    Returns
    -------
    Tensor of float32, shape (n, classes)
        The derivative.
    """
    z = logits.float()
    outside = z.masked_fill(accepted, -torch.inf).softmax(1)
    return outside - z.masked_fill(~accepted, -torch.inf).softmax(1)


def input_gradient(
    module: torch.nn.Module, dtype: torch.dtype, inputs: torch.Tensor, accepted: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute logits, and the gradient of the log-odds with respect to the inputs.

    Parameters
    ----------
    module : nn.Module
        The network.
    dtype : torch.dtype
        The number format of its weights, in which it runs; the seed is computed in float32.
    inputs : Tensor, shape (n, 3, h, w)
        The inputs.
    accepted : Tensor of bool, shape (n, classes)
        The accepted sets.

    Returns
    -------
    tuple of two float32 Tensors
        Logits (n, classes) and gradient (n, 3, h, w).
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
    geometry: DeviceGeometry,
    start: torch.Tensor,
    offsets: torch.Tensor,
    accepted: torch.Tensor,
    step: torch.Tensor,
    bound: torch.Tensor,
    units: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Take one step. sign(0) = 0; offsets stay within ``bound``, and start + offsets / units within 0..255.

    Parameters
    ----------
    module : nn.Module
        The network.
    dtype : torch.dtype
        The number format of its weights.
    geometry : DeviceGeometry
        The preprocessing of photos of this size.
    start : Tensor of uint8, shape (n, H, W, 3)
        The photos.
    offsets : Tensor of int8, shape (n, H, W, 3)
        Offsets, in units of which ``units`` make a grey level.
    accepted : Tensor of bool, shape (n, classes)
        The accepted sets.
    step : Tensor of int16, no dimension
        Step size in units; a negative one descends.
    bound : Tensor of int16, no dimension
        Radius of the ball in units.
    units : Tensor of int16, no dimension
        Units in a grey level.

    Returns
    -------
    tuple of two Tensors
        The offsets after the step, int8 (n, H, W, 3), and each photo's largest absolute gradient, float32 (n,).
    """
    pixels = start + offsets / units.float()
    _, gradient = input_gradient(module, dtype, geometry.input(pixels), accepted)
    direction = geometry.adjoint(gradient).sign().to(torch.int16)
    wide = start.to(torch.int16)
    low = torch.maximum(-bound, -wide * units)
    high = torch.minimum(bound, (255 - wide) * units)
    moved = torch.clamp(offsets + step * direction, low, high).to(torch.int8)
    return moved, gradient.abs().flatten(1).amax(1)
