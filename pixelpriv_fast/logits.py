"""What logits say: probabilities, how far one set of classes is ahead of the others, and whether a photo fools its classifier.

Every decision of the package goes through these functions: attacks, engines, verdicts and ``verify`` call the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .types import Logits

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def softmax(logits: Logits) -> Doubles:
    """Compute probabilities over the last axis, in float64.

    Parameters
    ----------
    logits : array of shape (..., classes)
        Finite logits.

    Returns
    -------
    float64 array of the same shape
        Probabilities; each row sums to 1.
    """
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def fooled(logits: Logits, flee: Sequence[int]) -> bool:
    """Decide whether one photo fools one classifier: its top-1 is none of the classes to flee from.

    Parameters
    ----------
    logits : array of shape (classes,)
        The classifier's logits of the photo. Of equal logits the first is the top-1.
    flee : sequence of int
        The class indices that must not be the top-1.

    Returns
    -------
    bool
        True if the top-1 is not in ``flee``.
    """
    return int(np.argmax(logits)) not in flee


def fooled_each(logits: Logits, flee: Flags) -> Flags:
    """Decide the same as ``fooled`` for many photos at once.

    Parameters
    ----------
    logits : array of shape (..., classes)
        The classifier's logits.
    flee : bool array of the same shape
        True for each class that must not be the top-1.

    Returns
    -------
    bool array of shape (...)
        True where the top-1 is not in ``flee``.
    """
    tops = logits.argmax(axis=-1)
    rows = flee.reshape(-1, flee.shape[-1])
    return np.asarray(~rows[np.arange(len(rows)), tops.ravel()].reshape(tops.shape))


def log_odds(logits: Logits, accepted: Flags) -> float:
    """Compute how sure a classifier is that one photo is not of a set of classes S, in float64.

    ``logsumexp(z outside S) - logsumexp(z in S)``. The cross entropy -log(sum of p in S) is log(1 + exp(log-odds)).

    Choice: summed pair by pair, which differs from ``leads`` in the last bits (up to 2e-14 of the figure). Which iterate an
    attack keeps hangs on these bits, so both forms stay.

    Parameters
    ----------
    logits : array of shape (classes,)
        The classifier's logits.
    accepted : bool array of shape (classes,)
        True for the classes of S; neither S nor the rest is empty.

    Returns
    -------
    float
        The log-odds; above 0 if the classes outside are the likelier ones together.
    """
    z = logits.astype(np.float64)
    return float(np.logaddexp.reduce(z[~accepted]) - np.logaddexp.reduce(z[accepted]))


def leads(logits: Logits, accepted: Flags) -> tuple[Doubles, Doubles]:
    """Compute how far the classes outside a set S are ahead of those in S, for many photos at once, in float64.

    Parameters
    ----------
    logits : array of shape (..., classes)
        The classifier's logits.
    accepted : bool array of the same shape
        True for the classes of S; neither S nor the rest is empty.

    Returns
    -------
    log_odds : float64 array of shape (...)
        ``logsumexp(z outside S) - logsumexp(z in S)``.
    leads : float64 array of shape (...)
        ``max(z outside S) - max(z in S)``; above 0 where the photo fools.
    """
    z = logits.astype(np.float64)
    sides = [np.where(mask, z, -np.inf) for mask in (~accepted, accepted)]
    tops = [side.max(axis=-1, keepdims=True) for side in sides]
    sums = [top + np.log(np.exp(side - top).sum(axis=-1, keepdims=True)) for side, top in zip(sides, tops, strict=True)]
    return (sums[0] - sums[1])[..., 0], (tops[0] - tops[1])[..., 0]


def mean_ratings(logits: Logits) -> Doubles:
    """Compute the mean ratings that a scorer's logits stand for, in float64.

    Parameters
    ----------
    logits : array of shape (..., n)
        Logits of the ratings 1 .. n.

    Returns
    -------
    float64 array of shape (...)
        ``sum of i p_i``, 1 .. n.
    """
    return np.asarray(softmax(logits) @ np.arange(1, logits.shape[-1] + 1))
