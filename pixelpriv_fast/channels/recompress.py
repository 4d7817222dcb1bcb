"""A service's recompression: the real encoder and decoder, and the way back past their quantisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from .. import kernels
from ..codecs import EncodeOptions, check_options, recode
from ..errors import UsageError, checked_word
from ..registry import Examples
from ..types import Floats, Pixels
from .contract import Applied, Channel

Format: TypeAlias = Literal["jpeg", "webp", "avif"]
Sampling: TypeAlias = Literal["444", "422", "420"]

#: Of each sampling, whether two chroma samples become one along the height, and along the width.
_HALVED: Final[Mapping[str, tuple[bool, bool]]] = {"444": (False, False), "422": (False, True), "420": (True, True)}

#: Formats that have one sampling only.
_FIXED: Final[Mapping[str, Sampling]] = {"webp": "420"}


@dataclass(frozen=True, slots=True)
class Recompress(Channel):
    """The photo encoded with loss and decoded again.

    The pullback takes the quantisation of coefficients as the identity. The transform is orthonormal and the quantisation table
    cancels, so what is left of a codec is its mean of neighbouring chroma samples and their interpolation: the kernel
    ``chroma_adjoint``. At 4:4:4 nothing is.

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
        check_options(EncodeOptions(self.format, self.quality, self.subsampling, lossless=False))
        only = _FIXED.get(self.format, self.subsampling)
        if self.subsampling != only:
            raise UsageError(f"subsampling is {self.subsampling!r}; {self.format} has {only!r} alone")

    def _at(self, photo: Pixels) -> Applied:
        halved = _HALVED[self.subsampling]

        def back(gradient: Floats) -> Floats:
            return kernels.chroma_adjoint(gradient, *halved) if any(halved) else gradient

        return Applied(recode(photo, self.format, self.quality, self.subsampling), back)
