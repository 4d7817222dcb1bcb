"""Bytes to Photo: sniffed, bounded, upright; every failure one line that names the photo, the value and the fix.

A file is parsed once, by ``open``; what was found travels in ``Opened`` to ``Opened.decode``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..errors import PhotoError, UsageError
from ..types import Photo
from .contract import Codec, Damaged, Header, Refused
from .formats import codec_of_content
from .limits import Limits, refuse_bytes, refuse_header

_LOG = logging.getLogger(__name__)
T = TypeVar("T")

#: Words of a decoder that say what it lacks, not what the file lacks.
_LACKING = ("not implemented", "unsupported", "not supported", "no decoder", "no decoding plugin")
_OUT_OF_MEMORY = ("out of memory", "cannot allocate memory")
_CONVERT = "convert it to 8-bit JPEG or PNG with the program that made it"


@dataclass(frozen=True, slots=True)
class Opened:
    """A photo file that was parsed up to its pixels and is within the limits.

    Attributes
    ----------
    data : bytes
        The whole file.
    name : str
        What errors call the photo.
    codec : Codec
        The format's codec, found by the content.
    header : Header
        What the file says of itself.
    parsed : object
        What else the codec found, for its own ``decode``.
    """

    data: bytes = field(repr=False)
    name: str
    codec: Codec[Any]
    header: Header
    parsed: Any = field(repr=False)

    @property
    def pixel_count(self) -> int:
        """Number of pixels that decoding makes memory for."""
        return self.header.pixel_count

    def decode(self) -> Photo:
        """Decode the pixels.

        Returns
        -------
        Photo
            uint8 RGB (height, width, 3), upright, its metadata as raw blocks.

        Raises
        ------
        PhotoError
            If the file is cut off, fails a checksum or makes its decoder warn: never half a photo.
        """
        photo = guarded(self.data, self.name, lambda: self.codec.decode(self.data, self.header, self.parsed))
        for note in photo.notes:
            _LOG.warning("%s", _line(self.name, note))
        return photo


def open(data: bytes, *, name: str = "<bytes>", limits: Limits = Limits()) -> Opened:  # noqa: B008 (frozen)
    """Parse a photo file up to its pixels and check it against the limits.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What errors call the photo.
    limits : Limits
        Bounds of one photo; nothing is allocated for pixels before the header passed them.

    Returns
    -------
    Opened
        The parsed file; its ``decode`` gives the photo.

    Raises
    ------
    PhotoError
        If the content is not a known photo, is damaged, or exceeds the limits.
    UsageError
        If ``data`` is not bytes.
    """

    def work() -> Opened:
        refuse_bytes(len(data), limits)
        opened = _parse(data, name)
        refuse_header(opened.header, limits)
        return opened

    return guarded(data, name, work)


def peek(data: bytes, *, name: str = "<bytes>") -> Header:
    """Return what a photo file says of itself, without judging it by limits.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What errors call the photo.

    Returns
    -------
    Header
        Size, depth, number of frames and so on.

    Raises
    ------
    PhotoError
        If the content is not a known photo or its header is damaged.
    """
    return guarded(data, name, lambda: _parse(data, name).header)


def decode(data: bytes, *, name: str = "<bytes>", limits: Limits = Limits()) -> Photo:  # noqa: B008 (frozen)
    """Open a photo file and decode it.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What errors call the photo.
    limits : Limits
        Bounds of one photo.

    Returns
    -------
    Photo
        uint8 RGB (height, width, 3), upright, its metadata as raw blocks.

    Raises
    ------
    PhotoError
        See ``open`` and ``Opened.decode``.
    """
    return open(data, name=name, limits=limits).decode()


def _parse(data: bytes, name: str) -> Opened:
    codec = codec_of_content(data)
    header, parsed = codec.parse(data)
    return Opened(data, name, codec, header, parsed)


def guarded(data: bytes, name: str, work: Callable[[], T]) -> T:
    """Do what a codec does with a file, and say in one line why it cannot.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What errors call the photo.
    work : callable
        What is to be done.

    Returns
    -------
    object
        What ``work`` returns.

    Raises
    ------
    PhotoError
        For whatever ``work`` raises.
    UsageError
        If ``data`` is not bytes.
    """
    if not isinstance(data, bytes):
        raise UsageError(f"photo data must be bytes, not {type(data).__name__}; read the file or call bytes() first")
    try:
        return work()
    except Refused as refused:
        raise PhotoError(_line(name, str(refused))) from None
    # Broad on purpose: the bytes are not trusted, and on damaged files the decoders are known to raise at least eight
    # kinds of exceptions, OSError, SyntaxError, TypeError and EOFError among them.
    except Exception as error:
        raise PhotoError(_line(name, _reason(error))) from error


def _reason(error: Exception) -> str:
    """Say what an error of a codec means: too little memory, a library or a feature that is lacking, else damage."""
    seen = str(error) or type(error).__name__
    words = "" if isinstance(error, Damaged) else seen.lower()  # our own parsers know what they say
    if isinstance(error, MemoryError) or any(lack in words for lack in _OUT_OF_MEMORY):
        return "not enough memory to decode it; lower max_pixels or free memory"
    if isinstance(error, ImportError):
        return f"a library that decodes it cannot be loaded ({seen}); install pixelpriv-fast again"
    if any(lack in words for lack in _LACKING):
        return f"it uses a feature that its decoder does not have ({seen}); {_CONVERT}"
    return f"the file is damaged ({seen}); restore it from a copy or leave it out"


def _line(name: str, message: str) -> str:
    """Make one line of a message, whatever a decoder's words hold; a name stays as it is, for its readers to escape."""
    return f"{name}: {''.join(c if c.isprintable() else '?' for c in message)}"
