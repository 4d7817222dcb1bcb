"""Where a network's input lies in a photo: resize, then crop, as tables for each axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import PhotoError
from ..kernels.filters import AxisFilter, FilterName, axis_filter

Resize: TypeAlias = Literal["none", "squash", "short_side"]
Axes: TypeAlias = tuple[AxisFilter, AxisFilter]  #: of the height and of the width


@dataclass(frozen=True, slots=True)
class Geometry:
    """What a network sees of a photo of any size.

    Parameters
    ----------
    size : (int, int)
        The network's input (height, width).
    resize : {"none", "squash", "short_side"}
        As for ``Preprocess``.
    resize_to : (int, int) or None
        The (height, width) to resize to; None for "none".
    filter : {"bilinear", "bicubic", "box", "lanczos"}
        The resize's filter.
    """

    size: tuple[int, int]
    resize: Resize
    resize_to: tuple[int, int] | None
    filter: FilterName

    def resized(self, height: int, width: int) -> tuple[int, int]:
        """Return the (height, width) that a photo is resized to before the crop.

        Parameters
        ----------
        height, width : int
            The photo's size.

        Returns
        -------
        (int, int)
            The size after the resize.

        Raises
        ------
        PhotoError
            If the crop does not fit (only with resize "none").
        """
        if self.resize_to is None:
            if height < self.size[0] or width < self.size[1]:
                wanted = f"{self.size[1]}x{self.size[0]}"
                raise PhotoError(f"photo of {width}x{height} is smaller than the {wanted} that the classifier reads")
            return height, width
        if self.resize == "squash":
            return self.resize_to
        short = self.resize_to[0]
        return (short, int(short * width / height)) if height <= width else (int(short * height / width), short)

    def axes(self, height: int, width: int) -> Axes:
        """Return the tables from a photo to the network's input.

        Parameters
        ----------
        height, width : int
            The photo's size.

        Returns
        -------
        pair of AxisFilter
            The tables of the height and of the width.

        Raises
        ------
        PhotoError
            As ``resized``.
        """
        resized = self.resized(height, width)
        first = [_margin(full, kept) for full, kept in zip(resized, self.size, strict=True)]
        return self._window(height, width, first, self.size)

    def reduction(self, height: int, width: int) -> Axes:
        """Return the tables of a larger window, whose own middle is the one of ``axes``.

        Parameters
        ----------
        height, width : int
            The photo's size.

        Returns
        -------
        pair of AxisFilter
            To ``resize_to`` pixels: all of a squashed photo, else the middle of the long side.

        Raises
        ------
        PhotoError
            As ``resized``.
        """
        resized = self.resized(height, width)
        kept = resized if self.resize == "squash" else (min(resized),) * 2
        first = [_margin(full, n) - _margin(k, n) for full, k, n in zip(resized, kept, self.size, strict=True)]
        return self._window(height, width, first, kept)

    def _window(self, height: int, width: int, first: Sequence[int], count: tuple[int, int]) -> Axes:
        resized = self.resized(height, width)
        return (
            axis_filter(height, resized[0], first[0], count[0], self.filter),
            axis_filter(width, resized[1], first[1], count[1], self.filter),
        )


def _margin(full: int, kept: int) -> int:
    """Return what torchvision's CenterCrop leaves out before the middle: halves to even."""
    return round((full - kept) / 2.0)
