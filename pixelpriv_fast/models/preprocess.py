"""A checkpoint's preprocessing as data: what a card or a stamp says, and JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from ..errors import UsageError, checked_word
from ..kernels.filters import FilterName
from ..types import Floats, Pixels
from .geometry import Geometry, Resize
from .reading import Channels, Reading

Order: TypeAlias = Literal["RGB", "BGR"]
#: torchvision's mean and deviation of ImageNet's red, green and blue, in grey levels.
IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)

ORDERS: dict[str, tuple[int, int, int]] = {"RGB": (0, 1, 2), "BGR": (2, 1, 0)}


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a network wants its photos: it is stamped into the ``.onnx``.

    The photo is resized, then its centre ``size`` is cut out. Photos smaller than that are enlarged by the resize.
    ``for_size`` gives the object that does it.

    Parameters
    ----------
    size : (int, int)
        The network's input (height, width).
    resize : {"none", "squash", "short_side"}
        "none" leaves the photo's size (it must reach ``size``); "squash" brings it to ``resize_to`` whatever its shape;
        "short_side" brings the short side to ``resize_to[0]`` and the long side to ``int(n * long / short)``, as
        torchvision does.
    resize_to : (int, int), optional
        The (height, width) to resize to; only without "none".
    filter : {"bilinear", "bicubic", "box", "lanczos"}
        The resize's filter, antialiased as in Pillow.
    order : {"RGB", "BGR"}
        Order of the input's channels.
    mean, std : (float, float, float)
        In grey levels, in ``order``: input channel c is ``(pixel[order[c]] - mean[c]) / std[c]``.

    Raises
    ------
    UsageError
        For values that do not fit together.
    """

    size: tuple[int, int]
    resize: Resize = "none"
    resize_to: tuple[int, int] | None = None
    filter: FilterName = "bilinear"
    order: Order = "RGB"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)

    def __post_init__(self) -> None:
        """Check that the values fit together."""
        checked_word("preprocess resize", self.resize, Resize)
        checked_word("filter", self.filter, FilterName)
        checked_word("preprocess order", self.order, Order)
        if min(self.size) < 1 or not all(s > 0.0 for s in self.std):
            raise UsageError(f"preprocess size {self.size} and std {self.std} must be positive")
        if (self.resize == "none") != (self.resize_to is None):
            raise UsageError(f"preprocess resize {self.resize!r} does not go with resize_to={self.resize_to}")
        if self.resize_to is not None and not self._reaches(self.resize_to):
            raise UsageError(f"preprocess resizes to {self.resize_to}, which is smaller than its crop {self.size}")

    def _reaches(self, resize_to: tuple[int, int]) -> bool:
        reached = resize_to if self.resize == "squash" else (resize_to[0], resize_to[0])
        return reached[0] >= self.size[0] and reached[1] >= self.size[1]

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings; ``from_json`` reads them back to an equal value."""
        return {
            "size": list(self.size),
            "resize": self.resize,
            "resize_to": None if self.resize_to is None else list(self.resize_to),
            "filter": self.filter,
            "order": self.order,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Preprocess:
        """Read what ``to_json`` wrote.

        Parameters
        ----------
        data : mapping
            The entries.

        Returns
        -------
        Preprocess
            A value that is equal to the one written.

        Raises
        ------
        UsageError
            For a missing, superfluous or misshapen entry.
        """
        try:
            resize_to = data["resize_to"]
            read = cls(
                size=_pair(data["size"]),
                resize=cast(Resize, data["resize"]),
                resize_to=None if resize_to is None else _pair(resize_to),
                filter=cast(FilterName, data["filter"]),
                order=cast(Order, data["order"]),
                mean=_triple(data["mean"]),
                std=_triple(data["std"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"preprocess {dict(data)!r} cannot be read: {error!r}") from error
        if superfluous := set(data) - set(read.to_json()):
            raise UsageError(f"preprocess has unknown entries: {', '.join(sorted(superfluous))}")
        return read

    @property
    def geometry(self) -> Geometry:
        """What the network sees of a photo, whatever numbers it makes of it."""
        return Geometry(self.size, self.resize, self.resize_to, self.filter)

    @property
    def channels(self) -> Channels:
        """The channel order, and the gain and bias that say the same as mean and std."""
        return _channels(self)

    def for_size(self, height: int, width: int) -> Reading:
        """Return how photos of one size are read.

        Parameters
        ----------
        height, width : int
            The photos' size.

        Returns
        -------
        Reading
            Kept for the next call.

        Raises
        ------
        PhotoError
            If the network's input does not fit into the photo (only with resize "none").
        """
        return _reading(self, height, width)

    def rounded(self, photo: Pixels) -> Floats:
        """Return what the classifier sees of a photo of any size: (H, W, 3) uint8 to (3, h, w) float32.

        See ``Reading.rounded``.
        """
        return self.for_size(*photo.shape[:2]).rounded(photo)


@lru_cache(maxsize=64)
def _reading(preprocess: Preprocess, height: int, width: int) -> Reading:
    preprocess.geometry.resized(height, width)
    return Reading(preprocess.geometry, preprocess.channels, height, width)


@lru_cache(maxsize=64)
def _channels(preprocess: Preprocess) -> Channels:
    order = np.array(ORDERS[preprocess.order], np.int32)
    gain = 1.0 / np.array(preprocess.std, np.float64)
    bias = -np.array(preprocess.mean, np.float64) * gain
    arrays = order, gain.astype(np.float32), bias.astype(np.float32)
    for array in arrays:
        array.flags.writeable = False
    return arrays


def _pair(values: Any) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)


def _triple(values: Any) -> tuple[float, float, float]:
    first, second, third = values
    return float(first), float(second), float(third)
