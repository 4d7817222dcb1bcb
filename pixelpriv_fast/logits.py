"""What logits say: probabilities, and whether a photo fools its classifier.

Every decision of the package goes through these functions: attacks, engines, verdicts and ``verify`` call the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .types import Logits


def softmax(logits: Logits) -> npt.NDArray[np.float64]:
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
