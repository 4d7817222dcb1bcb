"""What every codec offers, and the values that cross its edge."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ..types import Metadata, Photo, Pixels

#: Quality when neither the caller nor the source asks for more: measured on attacked photos, 95 at 4:4:4 keeps what
#: 90 or 4:2:0 takes away.
DEFAULT_QUALITY = 95

Parsed = TypeVar("Parsed")  #: what a codec found in a file besides the header, for its own ``decode``


class Damaged(Exception):
    """Raised inside a codec: the bytes do not follow their format. ``decode`` turns it into a ``PhotoError``."""


class Refused(Exception):
    """Raised inside a codec: readable, but not without loss or guessing. Carries the reason and the fix."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}; {fix}")


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

    ``width`` and ``height`` are as stored, before ``orientation`` (EXIF's 1..8) is applied. ``channels`` is "rgb",
    "grey", "palette" or "cmyk"; ``depth`` is bits a channel (a palette's colours count as 8).
    """

    format: str
    width: int
    height: int
    frames: int = 1
    depth: int = 8
    channels: str = "rgb"
    alpha: bool = False
    orientation: int = 1
    lossless: bool = False

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) once the orientation is applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How to write a photo; every None means "as the source, or the careful default".

    ``format`` is a codec's name, None or "keep" for the source's. ``quality`` is 1..100; None is 95 or the source's
    where higher. ``subsampling`` is "444" (default: coarser ones smooth the protection away), "422", "420" or "keep"
    for the source's. ``lossless`` matters to WebP alone: None follows the source. ``metadata`` is "private", "keep"
    or "none" (see ``codecs.metadata``).
    """

    format: str | None = None
    quality: int | None = None
    subsampling: str = "444"
    lossless: bool | None = None
    metadata: str = "private"


@dataclass(frozen=True, slots=True)
class EncodeJob:
    """What a codec writes: checked pixels and metadata that already went through policy.

    ``grey``: the source was grey and the pixels still are, so one channel may be written.
    """

    pixels: Pixels
    alpha: npt.NDArray[np.uint8] | None
    grey: bool
    quality: int
    subsampling: str
    lossless: bool
    metadata: Metadata = field(default_factory=Metadata)


class Codec(Protocol[Parsed]):
    """One format family. Instances have no state; nothing heavy is imported before ``decode`` or ``encode``.

    A codec subclasses this protocol and says in its parameter what ``parse`` hands to ``decode``.
    """

    name: str
    suffixes: tuple[str, ...]  #: lower case with the dot; the first is the one written
    has_alpha: bool  #: the format can hold an alpha channel
    can_lossless: bool
    can_lossy: bool
    max_side: int  #: the format's own limit, in pixels

    def matches(self, data: bytes) -> bool:
        """Return whether the content's first bytes are this format's."""
        ...

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
        ...

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
        ...

    def encode(self, job: EncodeJob) -> bytes:
        """Return the finished file."""
        ...
