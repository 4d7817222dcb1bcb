"""What every engine refuses to hand on."""

from __future__ import annotations

import numpy as np

from ..errors import ModelError, PhotoError
from ..types import Floats, Logits


def checked_logits(name: str, logits: Logits) -> Logits:
    """``logits`` where they are finite. Raises ``ModelError``."""
    if not np.isfinite(logits).all():
        raise ModelError(f"{name}: its logits are not finite; its weights are damaged, import them again")
    return logits


def checked_gradient(name: str, gradient: Floats) -> Floats:
    """``gradient`` (n, 3, h, w) where every photo's is finite and not all zero.

    Raises ``ModelError`` for values that are not finite, ``PhotoError`` for a photo that the network's answer does not
    depend on: a step along its gradient would go nowhere.
    """
    flat = gradient.reshape(len(gradient), -1)
    low, high = flat.min(axis=1), flat.max(axis=1)  # not a number wins both
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ModelError(
            f"{name}: its gradient is not finite; use --precision fp32, and if that does not help import it again"
        )
    if ((low == 0) & (high == 0)).any():
        raise PhotoError(
            f"{name}: the gradient of this photo is zero everywhere, so no attack by gradients can move it; "
            "try the recipe euclidean"
        )
    return gradient


def checked_reference(name: str, answers: list[Floats]) -> list[Floats]:
    """Logits and gradient by the reference where they are finite: where they are not, no provider is to blame. Raises
    ``ModelError``."""
    logits, gradient = answers
    if not np.isfinite(gradient).all():
        raise ModelError(f"{name}: its gradient is not finite even in fp32, so no attack by gradients can use it")
    return [checked_logits(name, logits), gradient]
