"""The check of the two photos that a comparing metric is given."""

from __future__ import annotations

from ..errors import UsageError
from ..photo_check import checked_photo
from ..types import Pixels


def checked_pair(metric: str, result: Pixels, original: Pixels) -> tuple[Pixels, Pixels]:
    """Return both photos in C order, copied only if they were not.

    Parameters
    ----------
    metric : str
        The metric's name, for the message.
    result, original : uint8 arrays of shape (height, width, 3), RGB
        The photos to compare.

    Returns
    -------
    tuple of two uint8 arrays
        The same pixels, contiguous.

    Raises
    ------
    UsageError
        If either is not such a photo, or their shapes differ.
    """
    pair = checked_photo(result, f"{metric}: result"), checked_photo(original, f"{metric}: original")
    if result.shape != original.shape:
        raise UsageError(
            f"{metric}: result has shape {result.shape}, original {original.shape}: they must be the same size"
        )
    return pair
