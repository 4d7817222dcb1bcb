"""Photos that one can see through: what is seen of them over a background, and what must not ride along unseen.

Readers show such a photo over a background of their own. White and black are the two ends of what they take, so a photo is
judged over both. The colours of pixels with alpha 0 are never seen, and hold whatever the photo's editor left there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Alpha, Photo, Pixels

#: Grey levels of the backgrounds. What a reader of records is told of a photo is what is seen over white.
WHITE, BLACK = 255, 0
BACKGROUNDS = (WHITE, BLACK)

#: Pixels that are worked on together; more only fill the caches.
_STRIP = 1 << 18


def seen_through(alpha: Alpha | None) -> Alpha | None:
    """Return the alpha channel if a background can be seen through it, else None: there is none, or it is opaque."""
    return None if alpha is None or bool((alpha == 255).all()) else alpha


def over(pixels: Pixels, alpha: Alpha | None, background: int = WHITE) -> Pixels:
    """Lay a photo over a background, rounded to 8 bits: ``(alpha pixel + (255 - alpha) background) / 255``.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        The photo's colours, not multiplied by alpha.
    alpha : uint8 array of shape (height, width), or None
        0 where the background alone is seen, 255 where the photo is. None: nothing is seen through it.
    background : int
        The grey level, 0..255.

    Returns
    -------
    uint8 array of shape (height, width, 3)
        What is seen; ``pixels`` itself where it is opaque.
    """
    if (alpha := seen_through(alpha)) is None:
        return pixels
    out = np.empty_like(pixels)
    rows = max(1, _STRIP // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        part = slice(top, top + rows)
        weight = alpha[part, :, None].astype(np.uint16)
        mixed = weight * pixels[part] + (255 - weight) * np.uint16(background)
        out[part] = (mixed + np.uint16(127)) // np.uint16(255)  # a half never occurs: 255 is odd
    return out


def shown(photo: Photo, background: int = WHITE) -> Pixels:
    """Return what is seen of a decoded photo over a background.

    Parameters
    ----------
    photo : Photo
        The photo.
    background : int
        The grey level, 0..255.

    Returns
    -------
    uint8 array of shape (height, width, 3)
        See ``over``.
    """
    return over(photo.pixels, photo.alpha, background)


def blanked(pixels: Pixels, alpha: Alpha | None) -> Pixels:
    """Give all pixels that are not seen one colour, which tells nothing of what they held.

    Choice: the mean colour of what is seen, weighted by alpha. Black or white would weigh in the measures that an enhancement
    takes of the photo, and would ring into what is seen where a lossy format meets the edge.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        The photo's colours; not written to.
    alpha : uint8 array of shape (height, width), or None
        The photo's alpha channel.

    Returns
    -------
    uint8 array of shape (height, width, 3)
        The photo; ``pixels`` itself where every pixel is seen. Black where none is.
    """
    if alpha is None or bool(alpha.all()):
        return pixels
    total: npt.NDArray[np.int64] = np.einsum("hw,hwc->c", alpha, pixels, dtype=np.int64)
    weight = max(1, int(alpha.sum(dtype=np.int64)))
    out = pixels.copy()
    out[alpha == 0] = ((2 * total + weight) // (2 * weight)).astype(np.uint8)
    return out
