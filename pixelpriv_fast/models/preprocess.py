"""From a photo of any size to a network's input, and back for gradients: a checkpoint's preprocessing as data.

``rounded`` is what the classifier does (Pillow's 8-bit resize, centre crop, normalise): verdicts use it. ``exact`` is
the same without rounding to 8 bits in between: attacks differentiate it, and ``adjoint`` and ``step`` are its exact
transpose. Both cost memory for a few rows, never for a float copy of the photo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import kernels
from ..errors import PhotoError, UsageError
from ..kernels.filters import FILTERS, AxisFilter, axis_filter
from ..runtime.device import threads
from ..types import Floats, Pixels

Offsets: TypeAlias = npt.NDArray[np.int8]
_Starts: TypeAlias = npt.NDArray[np.int32]
_Tables: TypeAlias = tuple[_Starts, Floats, _Starts, Floats]

RESIZES = ("none", "squash", "short_side")
ORDERS = {"RGB": (0, 1, 2), "BGR": (2, 1, 0)}


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a network wants its photos. Frozen, comparable, and JSON both ways: it is stamped into the ``.onnx``.

    ``resize``: "none" leaves the photo's size (it must reach ``size``); "squash" brings it to ``resize_to`` whatever
    its shape; "short_side" brings the short side to ``resize_to[0]`` and the long side to ``int(n * long / short)``,
    as torchvision does. The centre ``size`` is then cut out. Photos smaller than that are enlarged by the resize.
    ``mean`` and ``std`` are in grey levels, in ``order``: input channel c is ``(pixel[order[c]] - mean[c]) / std[c]``.
    Raises ``UsageError`` for values that do not fit together.
    """

    size: tuple[int, int]  #: the network's input (height, width)
    resize: str = "none"
    resize_to: tuple[int, int] | None = None  #: (height, width)
    filter: str = "bilinear"  #: "bilinear", "bicubic" or "box", antialiased as in Pillow
    order: str = "RGB"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)

    def __post_init__(self) -> None:
        if self.resize not in RESIZES or self.filter not in FILTERS or self.order not in ORDERS:
            known = f"resize: {RESIZES}, filter: {FILTERS}, order: {tuple(ORDERS)}"
            raise UsageError(f"preprocess {self.resize!r}, {self.filter!r}, {self.order!r}: not known; known {known}")
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
        """Plain lists, numbers and strings; ``from_json`` reads them back to an equal value."""
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
        """Reads what ``to_json`` wrote. Raises ``UsageError`` for a missing, superfluous or misshapen entry."""
        try:
            resize_to = data["resize_to"]
            read = cls(
                size=_pair(data["size"]),
                resize=str(data["resize"]),
                resize_to=None if resize_to is None else _pair(resize_to),
                filter=str(data["filter"]),
                order=str(data["order"]),
                mean=_triple(data["mean"]),
                std=_triple(data["std"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"preprocess {dict(data)!r} cannot be read: {error!r}") from error
        if superfluous := set(data) - set(read.to_json()):
            raise UsageError(f"preprocess has unknown entries: {', '.join(sorted(superfluous))}")
        return read

    def resized(self, height: int, width: int) -> tuple[int, int]:
        """The (height, width) that a photo is resized to before the crop. Raises ``PhotoError`` where the crop does
        not fit (only with resize "none")."""
        if self.resize_to is None:
            if height < self.size[0] or width < self.size[1]:
                wanted = f"{self.size[1]}x{self.size[0]}"
                raise PhotoError(f"photo of {width}x{height} is smaller than the {wanted} that the classifier reads")
            return height, width
        if self.resize == "squash":
            return self.resize_to
        short = self.resize_to[0]
        return (short, int(short * width / height)) if height <= width else (int(short * height / width), short)

    def identity(self, height: int, width: int) -> bool:
        """Whether photos of this size are read without resampling: then ``rounded`` and ``exact`` are the same."""
        rows, columns = self.axes(height, width)
        return rows.identity and columns.identity

    def rounded(self, photo: Pixels) -> Floats:
        """What the classifier sees. photo: uint8 (H, W, 3) RGB -> float32 (3, h, w), normalised."""
        return kernels.normalise(_resized(photo, self.axes(*photo.shape[:2])), *affine(self))

    def reduced(self, photo: Pixels) -> Pixels:
        """A photo of ``resize_to`` pixels that is read without resampling, and is to the network what ``photo`` is:
        the resized photo, of whose long side the middle is kept. uint8 (H, W, 3) -> (h, w, 3)."""
        return _resized(photo, self._reduction(*photo.shape[:2]))

    def lift(self, photo: Pixels, wanted: Floats, bound: int, rounds: int) -> Pixels:
        """The photo with the smallest change, within ``bound`` grey levels and 0..255, that moves ``reduced`` of it by
        ``wanted`` float32 (h, w, 3) levels, as nearly as ``rounds`` corrections get (see the kernel ``lift``). Only for
        photos that the resize reduces along both sides."""
        rows, columns = self._reduction(*photo.shape[:2])
        tables = rows.starts, rows.weights, columns.starts, columns.weights
        return kernels.lift(photo, wanted, *tables, bound, rounds, threads())

    def reads_like(self, other: Preprocess) -> bool:
        """Whether both read the same pixels: they differ in ``order``, ``mean`` and ``std`` at most."""
        return replace(self, order=other.order, mean=other.mean, std=other.std) == other

    def warped(self, photo: Pixels, motions: npt.NDArray[np.float64], edge: str = "soft", fill: int = 0) -> Floats:
        """What the classifier sees of the photo's rotated and translated candidates, rounded to 8 bits as saved.

        motions: (n, 3) float64 rows of degrees, tx and ty in pixels (see the kernel ``warp_u8``) -> (n, 3, h, w). Where
        the photo is read without resampling, the candidates are written straight into the input.
        """
        rows, columns = self.axes(*photo.shape[:2])
        if not self.identity(*photo.shape[:2]):
            # One candidate at a time: a large photo's candidates together would not fit into memory.
            return np.stack([self.rounded(kernels.warp_u8(photo, m[None], edge, fill)[0]) for m in motions])
        out = np.empty((len(motions), 3, *self.size), np.float32)
        top, left = int(rows.starts[0]), int(columns.starts[0])
        kernels.warp_input(photo, motions, *affine(self), out, "NCHW", top, left, edge, fill)
        return out

    def exact(self, photo: Pixels, offsets: Offsets, units: int = 1) -> Floats:
        """The same without rounding, of ``photo + offsets / units``. photo, offsets (H, W, 3) -> (3, h, w)."""
        return kernels.resize_lattice(photo, offsets, units, *self._tables(photo), *affine(self))

    def unscaled(self, values: Floats) -> Floats:
        """The same of a photo in real numbers that is read without resampling. float32 (H, W, 3) -> (3, h, w)."""
        order, gain, bias = affine(self)
        rows, columns = self.axes(*values.shape[:2])
        top, left = int(rows.starts[0]), int(columns.starts[0])
        cut = values[top : top + self.size[0], left : left + self.size[1]]
        return np.ascontiguousarray((cut[..., order] * gain + bias).transpose(2, 0, 1))

    def adjoint(self, gradient: Floats, out: Floats) -> None:
        """Adds the photo's gradient, per grey level, to ``out`` float32 (H, W, 3); ``gradient`` is (3, h, w)."""
        order, gain, _ = affine(self)
        kernels.resize_adjoint(gradient, *self._tables(out), order, gain, out)

    def step(
        self,
        photo: Pixels,
        offsets: Offsets,
        gradient: Floats,
        *,
        step: int,
        bound: int,
        units: int = 1,
        extra: Floats | None = None,
        out: Floats | None = None,
    ) -> None:
        """Moves ``offsets`` in place by ``step`` units along the sign of the photo's gradient (``adjoint`` of
        ``gradient``, plus ``extra`` (H, W, 3)), within ``bound`` units and 0..255. Needs no float photo.

        ``out`` float32 (3, h, w) receives ``exact`` of the moved photo, to the bit, while its rows are in the cache."""
        tables = self._tables(photo)
        kernels.lattice_step(photo, offsets, units, gradient, *tables, *affine(self), step, bound, extra, out)

    def axes(self, height: int, width: int) -> tuple[AxisFilter, AxisFilter]:
        """The tables of rows and columns for photos of this size."""
        resized = self.resized(height, width)
        return self._window(
            height, width, [_margin(full, kept) for full, kept in zip(resized, self.size, strict=True)], self.size
        )

    def _reduction(self, height: int, width: int) -> tuple[AxisFilter, AxisFilter]:
        """Tables of a larger window, whose own middle is the one of ``axes``."""
        resized = self.resized(height, width)
        kept = resized if self.resize == "squash" else (min(resized),) * 2
        first = [_margin(full, n) - _margin(k, n) for full, k, n in zip(resized, kept, self.size, strict=True)]
        return self._window(height, width, first, kept)

    def _window(
        self, height: int, width: int, first: Sequence[int], count: tuple[int, int]
    ) -> tuple[AxisFilter, AxisFilter]:
        resized = self.resized(height, width)
        return (
            axis_filter(height, resized[0], first[0], count[0], self.filter),
            axis_filter(width, resized[1], first[1], count[1], self.filter),
        )

    def _tables(self, photo: Pixels | Floats) -> _Tables:
        rows, columns = self.axes(*photo.shape[:2])
        return rows.starts, rows.weights, columns.starts, columns.weights


@lru_cache(maxsize=64)
def affine(preprocess: Preprocess) -> tuple[npt.NDArray[np.int32], Floats, Floats]:
    """Channel order, and gain and bias that say the same as mean and std."""
    order = np.array(ORDERS[preprocess.order], np.int32)
    gain = 1.0 / np.array(preprocess.std, np.float64)
    bias = -np.array(preprocess.mean, np.float64) * gain
    arrays = order, gain.astype(np.float32), bias.astype(np.float32)
    for array in arrays:
        array.flags.writeable = False
    return arrays


def _margin(full: int, kept: int) -> int:
    """What torchvision's CenterCrop leaves out before the middle: halves to even."""
    return round((full - kept) / 2.0)


def _resized(photo: Pixels, axes: tuple[AxisFilter, AxisFilter]) -> Pixels:
    rows, columns = axes
    return kernels.resize_u8(photo, rows.starts, rows.fixed, columns.starts, columns.fixed, threads())


def _pair(values: Any) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)


def _triple(values: Any) -> tuple[float, float, float]:
    first, second, third = values
    return float(first), float(second), float(third)
