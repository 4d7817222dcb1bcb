"""The one check of pixels that a caller hands over: uint8 RGB of shape (height, width, 3), not empty."""

from __future__ import annotations

import numpy as np

from .errors import PixelPrivError, UsageError
from .types import Pixels


def checked_photo(photo: Pixels, what: str = "photo", error: type[PixelPrivError] = UsageError) -> Pixels:
    """Return ``photo`` in C order, copied only if it was not.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        What the caller handed over; anything else is refused.
    what : str
        What the message calls it, for example "photo 3".
    error : exception class
        What to raise: ``UsageError``, or ``PhotoError`` where one bad photo must not stop the others.

    Returns
    -------
    uint8 array of shape (height, width, 3)
        The same pixels, contiguous.

    Raises
    ------
    PixelPrivError
        The class ``error``, if it is not such an array or holds no pixel. The message names what was seen.
    """
    expected = "expected uint8 of shape (height, width, 3), RGB"
    if not isinstance(photo, np.ndarray):
        raise error(f"{what} is of type {type(photo).__name__}; {expected}")
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise error(f"{what} is {photo.dtype} of shape {photo.shape}; {expected}")
    if photo.size == 0:
        raise error(f"{what} is empty: shape {photo.shape}; {expected}")
    return np.ascontiguousarray(photo)
