"""A service's recompression: the real encoder and decoder, and the way back past their quantisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from ..codecs import EncodeOptions, Limits, check_options, decode, encode
from ..errors import UsageError, checked_word
from ..registry import Examples
from ..types import Floats, Photo, Pixels
from .chroma import smoothed_back
from .contract import Applied, Channel

Format: TypeAlias = Literal["jpeg", "webp", "avif"]
Sampling: TypeAlias = Literal["444", "422", "420"]

#: Of each sampling, the axes (height 0, width 1) along which two chroma samples become one.
_HALVED: Final[Mapping[str, tuple[int, ...]]] = {"444": (), "422": (1,), "420": (0, 1)}

#: Formats that have one sampling only.
_FIXED: Final[Mapping[str, Sampling]] = {"webp": "420"}

#: Our own files, of photos that were taken already: no bound but the formats' own.
_ANY = Limits(max_pixels=1 << 40, max_bytes=1 << 40)


@dataclass(frozen=True, slots=True)
class Recompress(Channel):
    """The photo encoded with loss and decoded again.

    The pullback takes the quantisation of coefficients as the identity. The transform is orthonormal and the quantisation table
    cancels, so what is left of a codec is its mean of neighbouring chroma samples and their interpolation (``chroma``); at
    4:4:4 nothing is.

    Parameters
    ----------
    format : {"jpeg", "webp", "avif"}
        The format.
    quality : int
        The encoder's quality, 1 to 100.
    subsampling : {"444", "422", "420"}
        Chroma sampling; WebP has 4:2:0 alone.
    """

    format: Format = "jpeg"
    quality: int = 75
    subsampling: Sampling = "420"

    examples: ClassVar[Examples] = {
        "format": ("webp", {}),
        "quality": (40, {}),
        "subsampling": ("444", {}),
    }

    def __post_init__(self) -> None:
        checked_word("format of recompress", self.format, Format)
        checked_word("subsampling", self.subsampling, Sampling)
        check_options(self._options)
        only = _FIXED.get(self.format, self.subsampling)
        if self.subsampling != only:
            raise UsageError(f"subsampling is {self.subsampling!r}; {self.format} has {only!r} alone")

    @property
    def _options(self) -> EncodeOptions:
        return EncodeOptions(self.format, self.quality, self.subsampling, lossless=False, metadata="none")

    def _at(self, photo: Pixels) -> Applied:
        data = encode(photo, like=Photo(photo, self.format), options=self._options)
        axes = _HALVED[self.subsampling]

        def back(gradient: Floats) -> Floats:
            return smoothed_back(gradient, axes) if axes else gradient

        return Applied(decode(data, name=self.format, limits=_ANY).pixels, back)
