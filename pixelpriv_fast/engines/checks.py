"""Checks of answers that every engine makes before it hands them on."""

from __future__ import annotations

import numpy as np

from ..errors import ModelError, PhotoError
from ..types import Floats, Logits


def checked_logits(name: str, logits: Logits) -> Logits:
    """Return logits if they are finite.

    Parameters
    ----------
    name : str
        The network's name, for the message.
    logits : ndarray of float32
        What it answered.

    Returns
    -------
    ndarray of float32
        The same array.

    Raises
    ------
    ModelError
        If a value is not finite.
    """
    if not np.isfinite(logits).all():
        raise ModelError(f"{name}: its logits are not finite; its weights are damaged, import them again")
    return logits


def finite_gradient(name: str, gradient: Floats) -> Floats:
    """Return a gradient if it is finite.

    Parameters
    ----------
    name : str
        The network's name, for the message.
    gradient : ndarray of float32, shape (n, ...)
        The gradient of each photo.

    Returns
    -------
    ndarray of float32
        The same array.

    Raises
    ------
    ModelError
        If a value is not finite.
    """
    _bounds(name, gradient)
    return gradient


def checked_gradient(name: str, gradient: Floats) -> Floats:
    """Return a gradient if every photo's is finite and not all zero.

    Parameters
    ----------
    name : str
        The network's name, for the message.
    gradient : ndarray of float32, shape (n, ...)
        The gradient of each photo.

    Returns
    -------
    ndarray of float32
        The same array.

    Raises
    ------
    ModelError
        If a value is not finite.
    PhotoError
        If the network's answer does not depend on a photo: a step along its gradient would go nowhere.
    """
    low, high = _bounds(name, gradient)
    if ((low == 0) & (high == 0)).any():
        raise PhotoError(
            f"{name}: the gradient of this photo is zero everywhere, so no attack by gradients can move it; "
            "try the recipe euclidean"
        )
    return gradient


def checked_reference(name: str, answers: list[Floats]) -> list[Floats]:
    """Return the reference's answers if they are finite: where they are not, no provider is to blame.

    Parameters
    ----------
    name : str
        The network's name, for the message.
    answers : list of two ndarrays
        Logits and gradient.

    Returns
    -------
    list of two ndarrays
        The same.

    Raises
    ------
    ModelError
        If a value is not finite.
    """
    logits, gradient = answers
    if not np.isfinite(gradient).all():
        raise ModelError(f"{name}: its gradient is not finite even in fp32, so no attack by gradients can use it")
    return [checked_logits(name, logits), gradient]


def _bounds(name: str, gradient: Floats) -> tuple[Floats, Floats]:
    """Return each photo's lowest and highest value. Raises ``ModelError`` if one is not finite."""
    flat = gradient.reshape(len(gradient), -1)
    low, high = flat.min(axis=1), flat.max(axis=1)  # not a number wins both
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ModelError(
            f"{name}: its gradient is not finite; use --precision fp32, and if that does not help import it again"
        )
    return low, high
