"""Where a photo's change lives, and how far it may go: at the photo's own size, or at the networks' where the photo is large.

The change is held in real numbers and rounded to whole grey levels whenever the photo is looked at: copies, panel and result
are of 8-bit photos.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...codecs.transparency import over
from ...models import Preprocess
from ...models.geometry import Geometry
from ...models.reading import Reading
from ...types import Alpha, Floats, Pixels
from ..copies import reduced_with_alpha
from ..lifting import MIN_REDUCTION, ROUNDS
from ..task import Victim
from .costs import colour_mix, pixel_weights
from .visible import Visible


@dataclass(frozen=True, eq=False)
class Canvas(ABC):
    """A photo that is attacked, at the size at which its change is sought.

    Attributes
    ----------
    start : uint8 array of shape (h, w, 3), RGB
        The photo at that size.
    alpha : uint8 array of shape (h, w) or None
        Its transparency.
    bound : int
        The largest change of a sample, in grey levels.
    geometries : frozenset of Geometry
        What the networks see of it.
    """

    start: Pixels
    alpha: Alpha | None
    bound: int
    geometries: frozenset[Geometry]

    @cached_property
    def _shown(self) -> Pixels:
        """The photo as it is seen: what a hole hides has no say in what is visible."""
        return over(self.start, self.alpha)

    @cached_property
    def weights(self) -> Floats:
        """How much each pixel may change relative to the others: float32 (h, w, 1); 0 where nothing is seen."""
        weights = pixel_weights(self._shown, self.geometries)
        if self.alpha is not None:
            weights = weights * (self.alpha > 0)[..., None]
        return weights

    @cached_property
    def colours(self) -> Floats:
        """What turns a gradient into the least visible change that follows it: float32 (3, 3)."""
        return colour_mix(self._shown)

    @cached_property
    def visible(self) -> Visible:
        """How visible a change is."""
        return Visible.enlarged(self._shown, self._enlarged)

    @property
    @abstractmethod
    def _enlarged(self) -> float:
        """How many times larger the photo's sides are than the canvas'."""

    def pixels(self, change: Floats) -> Pixels:
        """Return the changed photo at the canvas' size.

        Parameters
        ----------
        change : float32 array of shape (h, w, 3)
            The change in grey levels.

        Returns
        -------
        uint8 array of shape (h, w, 3)
            The photo, changed by whole grey levels.
        """
        moved: Pixels = np.clip(self.start + np.rint(change), 0, 255).astype(np.uint8)
        return moved

    @abstractmethod
    def result(self, change: Floats) -> Pixels:
        """Return the changed photo at the size that it came in.

        Parameters
        ----------
        change : float32 array of shape (h, w, 3)
            The change in grey levels.

        Returns
        -------
        uint8 array of shape (height, width, 3)
            The photo.
        """


class OwnSize(Canvas):
    """A photo that is changed at its own size.

    Attributes
    ----------
    start : uint8 array of shape (h, w, 3), RGB
        The photo.
    alpha : uint8 array of shape (h, w) or None
        Its transparency.
    bound : int
        See ``Canvas``.
    geometries : frozenset of Geometry
        See ``Canvas``.
    """

    _enlarged = 1.0

    def result(self, change: Floats) -> Pixels:
        """Return the changed photo; see ``Canvas.result``."""
        return self.pixels(change)


@dataclass(frozen=True, eq=False)
class Lifted(Canvas):
    """A large photo, changed at a size that networks read, and then by the smallest change that reduces to that one.

    Attributes
    ----------
    start : uint8 array of shape (h, w, 3), RGB
        The reduced photo.
    alpha : uint8 array of shape (h, w) or None
        Its transparency.
    bound : int
        See ``Canvas``.
    geometries : frozenset of Geometry
        See ``Canvas``.
    photo : uint8 array of shape (height, width, 3), RGB
        The photo at its own size.
    transparency : uint8 array of shape (height, width) or None
        Its transparency.
    reading : Reading
        Reduces it.
    """

    photo: Pixels
    transparency: Alpha | None
    reading: Reading

    @property
    def _enlarged(self) -> float:
        return math.sqrt(self.photo.size / self.start.size)

    def result(self, change: Floats) -> Pixels:
        """Return the photo with the lifted change; see ``Canvas.result``."""
        lifted = self.reading.lift(self.photo, np.ascontiguousarray(change), self.bound, ROUNDS)
        if self.transparency is not None:
            hidden = self.transparency == 0
            lifted[hidden] = self.photo[hidden]
        return lifted


def canvas_of(photo: Pixels, alpha: Alpha | None, victims: Sequence[Victim], bound: int) -> Canvas:
    """Choose where a photo's change is sought.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The photo.
    alpha : uint8 array of shape (height, width) or None
        Its transparency.
    victims : sequence of Victim
        The networks to fool.
    bound : int
        The largest change of a sample, in grey levels.

    Returns
    -------
    Canvas
        ``Lifted`` if a reduced photo of at most half the pixels serves all victims.
    """
    height, width = photo.shape[:2]
    geometries = frozenset(victim.preprocess.geometry for victim in victims)
    reading = _reduction(height, width, victims[0].preprocess, geometries)
    if reading is None:
        return OwnSize(photo, alpha, bound, geometries)
    if alpha is None:
        return Lifted(reading.reduced(photo), None, bound, geometries, photo, None, reading)
    return Lifted(*reduced_with_alpha(photo, alpha, reading), bound, geometries, photo, alpha, reading)


def _reduction(height: int, width: int, first: Preprocess, geometries: frozenset[Geometry]) -> Reading | None:
    """Return how a photo is reduced for all victims; None if that leaves more than half of its pixels.

    Choice: networks that read photos through different resizes share a photo of the photo's own proportions, as small as the
    largest of their inputs allows.
    """
    reading = None
    if len(geometries) == 1:
        small = first.geometry.resized(height, width)
        reading = first.for_size(height, width)
    else:
        least = [geometry.resized(height, width) for geometry in geometries]
        factor = max(max(h / height, w / width) for h, w in least)
        small = (max(1, round(height * factor)), max(1, round(width * factor)))
        if small[0] < height and small[1] < width:
            shared = Geometry(small, "squash", small, "bilinear")
            reading = Reading(shared, first.channels, height, width)
    fits = small[0] < height and small[1] < width and height * width >= MIN_REDUCTION * small[0] * small[1]
    return reading if fits else None
