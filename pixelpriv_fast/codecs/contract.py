"""What every codec offers, and the values that cross its edge."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ..types import Metadata, Photo, Pixels
from ..words import MetadataPolicy

#: Quality when neither the caller nor the source asks for more: measured on attacked photos, 95 at 4:4:4 keeps what
#: 90 or 4:2:0 takes away.
DEFAULT_QUALITY = 95

#: What is said of a file that ends too early, but not before its pixels do.
CUT_BEHIND = "the file is cut off, but all pixels are there"

#: Chroma sampling of a written photo; "keep" is the source's.
Subsampling = Literal["444", "422", "420", "keep"]

#: What a file's pixels hold.
Channels = Literal["rgb", "grey", "palette", "cmyk"]

Parsed = TypeVar("Parsed")  #: what a codec found in a file besides the header, for its own ``decode``


class Damaged(Exception):
    """The bytes do not follow their format. Raised inside a codec; ``decode`` turns it into a ``PhotoError``."""


class Refused(Exception):
    """The file is whole, and cannot be read, or not without loss or guessing. Raised inside a codec with the fix."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}; {fix}")


def left_out(parts: Iterable[str]) -> tuple[str, ...]:
    """Return the notes of a photo whose file holds more than it.

    Parameters
    ----------
    parts : iterable of str
        What they are, for example "HDR gain map".

    Returns
    -------
    tuple of str
        A note for each.
    """
    return tuple(f"its {part} shows the unprotected photo and is left out" for part in parts)


def library(module: str, purpose: str, extra: str) -> Any:
    """Import a library that an extra of the package brings.

    Parameters
    ----------
    module : str
        The library's module, for example "pillow_heif".
    purpose : str
        What needs it, for the message.
    extra : str
        The extra that installs it.

    Returns
    -------
    module
        The library.

    Raises
    ------
    Refused
        If it is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.replace("_", "-")
        raise Refused(f"{purpose} needs the package {package}", f"pip install 'pixelpriv-fast[{extra}]'") from None


@dataclass(frozen=True, slots=True)
class Header:
    """What a photo file says of itself before any pixel is decoded.

    Attributes
    ----------
    format : str
        The codec's name.
    width, height : int
        Size in pixels as stored, after a crop that the file asks for, before the orientation is applied.
    frames : int
        Number of pictures that stand for themselves.
    depth : int
        Bits a channel; the colours of a palette count as 8.
    channels : {"rgb", "grey", "palette", "cmyk"}
        What the pixels hold.
    alpha : bool
        Whether there is an alpha channel.
    orientation : int
        EXIF's orientation, 1..8.
    lossless : bool
        Whether the file's own coding is.
    grouped_as : str
        What several pictures are to each other, for messages.
    decoded_pixels : int
        Number of pixels that are decoded, where a crop or tiles make them more than width x height; else 0.
    """

    format: str
    width: int
    height: int
    frames: int = 1
    depth: int = 8
    channels: Channels = "rgb"
    alpha: bool = False
    orientation: int = 1
    lossless: bool = False
    grouped_as: str = "an animation or multi-page file"
    decoded_pixels: int = 0

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) once the orientation is applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)

    @property
    def pixel_count(self) -> int:
        """Number of pixels that decoding makes memory for."""
        return max(self.width * self.height, self.decoded_pixels)


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How to write a photo; every None means "as the source, or the careful default".

    Attributes
    ----------
    format : str or None
        A codec's name; None or "keep" for the source's.
    quality : int or None
        1..100; None is 95 or the source's if higher.
    subsampling : {"444", "422", "420", "keep"}
        Chroma sampling; coarser than 4:4:4 smooths the protection away. "keep" is the source's.
    lossless : bool or None
        For formats that can do both, as WebP; None follows the source.
    metadata : {"private", "keep", "none"}
        What metadata is written, see ``codecs.metadata.policies``.
    """

    format: str | None = None
    quality: int | None = None
    subsampling: Subsampling = "444"
    lossless: bool | None = None
    metadata: MetadataPolicy = "private"


@dataclass(frozen=True, slots=True)
class EncodeJob:
    """What a codec writes: checked pixels and metadata that already went through policy.

    Attributes
    ----------
    pixels : array of uint8, shape (height, width, 3)
        RGB, contiguous.
    alpha : array of uint8, shape (height, width), or None
        The alpha channel.
    grey : bool
        Whether one channel may be written: the source was grey and the pixels still are.
    quality : int
        1..100; counts where the coding is lossy.
    subsampling : str
        "444", "422" or "420"; counts where the coding is lossy.
    lossless : bool
        Whether to code without loss.
    metadata : Metadata
        What to write beside the pixels.
    """

    pixels: Pixels
    alpha: npt.NDArray[np.uint8] | None
    grey: bool
    quality: int
    subsampling: str
    lossless: bool
    metadata: Metadata = field(default_factory=Metadata)


class Codec(ABC, Generic[Parsed]):
    """One format family. Everything that the rest of the house must know of a format is an attribute here.

    Instances have no state; nothing heavy is imported before ``decode`` or ``encode``. A codec says in its parameter
    what ``parse`` hands to ``decode``.

    Attributes
    ----------
    name : str
        The row's name in ``CODECS``, and the class's in lower case.
    suffixes : tuple of str
        In lower case, with the dot; the first is the one that is written.
    has_alpha : bool
        Whether the format can hold an alpha channel.
    can_lossless, can_lossy : bool
        How it can code pixels.
    max_side : int
        The format's own limit, in pixels.
    has_colour_chunks : bool
        Whether ``encode`` writes PNG's statements about colours; an ICC profile says the same elsewhere.
    can_write : bool
        Whether ``encode`` works.
    extra : str or None
        The extra of the package without which it can neither be read nor written.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    has_alpha: ClassVar[bool]
    can_lossless: ClassVar[bool]
    can_lossy: ClassVar[bool]
    max_side: ClassVar[int]
    has_colour_chunks: ClassVar[bool] = False
    can_write: ClassVar[bool] = True
    extra: ClassVar[str | None] = None

    @abstractmethod
    def matches(self, data: bytes) -> bool:
        """Return whether the content's first bytes are this format's."""

    @abstractmethod
    def parse(self, data: bytes) -> tuple[Header, Parsed]:
        """Read everything but the pixels, in time independent of the pixel count.

        Parameters
        ----------
        data : bytes
            The whole file; it is not trusted.

        Returns
        -------
        header : Header
            What the limits are checked against.
        parsed : Parsed
            What else was found and ``decode`` needs, so that nothing is read twice.

        Raises
        ------
        Damaged, Refused
            If the file does not follow its format, or cannot be read faithfully.
        """

    @abstractmethod
    def decode(self, data: bytes, header: Header, parsed: Parsed) -> Photo:
        """Decode the pixels; may raise anything, because the bytes are not trusted.

        Parameters
        ----------
        data : bytes
            The whole file.
        header : Header
            As ``parse`` returned it; it has passed the limits.
        parsed : Parsed
            As ``parse`` returned it.

        Returns
        -------
        Photo
            The photo, upright, with its metadata.
        """

    @abstractmethod
    def encode(self, job: EncodeJob) -> bytes:
        """Return the finished file."""

    def decode_plain(self, data: bytes) -> Pixels:
        """Decode a file that ``encode`` has just written from RGB pixels alone.

        Parameters
        ----------
        data : bytes
            The whole file; it is trusted, and holds neither metadata nor transparency.

        Returns
        -------
        array of uint8, shape (height, width, 3)
            The pixels that ``decode`` gives. Codecs for which reading all else takes time do without it.
        """
        header, parsed = self.parse(data)
        return self.decode(data, header, parsed).pixels
