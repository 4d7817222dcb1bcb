"""What a network reads instead of a photo's own pixels, and the way back for its gradient.

One network may read several copies of a photo. Each counts as a victim of its own: the attack works on the mean of their
losses, and the photo fools only if all copies do.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from ..channels import Applied, Channel
from ..codecs.transparency import BLACK, blanked, over
from ..models.reading import Reading
from ..types import Alpha, Floats, Pixels


class Copy(Channel):
    """A channel that keeps the photo's size and is linear but for rounding: its pullback is the same at every photo."""

    __slots__ = ()

    @abstractmethod
    def exact(self, photo: Floats) -> Floats:
        """Make the copy of a photo in real numbers; nothing is rounded.

        Parameters
        ----------
        photo : float32 array of shape (height, width, 3)
            Grey levels.

        Returns
        -------
        float32 array of the same shape
            The copy.
        """

    @abstractmethod
    def pullback(self, gradient: Floats) -> Floats:
        """Turn a gradient by the copy's pixels into one by the photo's; rounding counts as if it were not there.

        Parameters
        ----------
        gradient : float32 array of shape (height, width, 3)
            By the copy's pixels.

        Returns
        -------
        float32 array of the same shape
            By the photo's pixels.
        """


@dataclass(frozen=True, slots=True, eq=False)
class OverBackground(Copy):
    """A photo with transparency over a background.

    Attributes
    ----------
    alpha : uint8 array of shape (height, width)
        The photo's transparency.
    background : int
        Grey level of the background, 0..255.
    """

    alpha: Alpha
    background: int

    def _at(self, photo: Pixels) -> Applied:
        """Lay the photo over the background, rounded as for a verdict."""
        return Applied(over(photo, self.alpha, self.background), self.pullback)

    def exact(self, photo: Floats) -> Floats:
        """Lay a photo in real numbers over the background."""
        share = self._share
        laid: Floats = photo * share + (1 - share) * np.float32(self.background)
        return laid

    def pullback(self, gradient: Floats) -> Floats:
        """Scale the gradient by how much is seen of each pixel; it is 0 where nothing is."""
        scaled: Floats = gradient * self._share
        return scaled

    @property
    def _share(self) -> Floats:
        return self.alpha[..., None].astype(np.float32) / np.float32(255)


def reduced_with_alpha(photo: Pixels, alpha: Alpha, reading: Reading) -> tuple[Pixels, Alpha]:
    """Reduce a photo with transparency as ``Reading.reduced`` does one without.

    Over any background the reduced photo is the reduced photo over that background, up to rounding.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo.
    alpha : uint8 array of shape (height, width)
        Its transparency.
    reading : Reading
        How a network reads photos of this size.

    Returns
    -------
    uint8 array of shape (h, w, 3), uint8 array of shape (h, w)
        The smaller photo and its transparency.
    """
    small = reading.reduced(np.repeat(alpha[..., None], 3, axis=2))[..., 0]
    # Over black, colours are weighted by alpha.
    weighted = reading.reduced(over(photo, alpha, BLACK)).astype(np.float32)
    colours = weighted * np.float32(255) / np.maximum(small, 1)[..., None]
    return blanked(np.clip(np.rint(colours), 0, 255).astype(np.uint8), small), small
