"""Bytes to Photo: sniffed, bounded, upright; every failure one line that names the photo, the value and the fix."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..errors import PhotoError, UsageError
from ..types import Photo
from .contract import Codec, Header, Refused
from .limits import Limits, refuse_bytes, refuse_header
from .sniff import codec_of_content

T = TypeVar("T")


def peek(data: bytes, *, name: str = "<bytes>") -> Header:
    """What the file says of itself, without decoding pixels and without judging it by limits.

    Raises ``PhotoError`` for content that is no known photo or whose header is damaged.
    """
    return _guarded(data, name, lambda: _peek(data)[1])


def check(data: bytes, *, name: str = "<bytes>", limits: Limits = Limits()) -> Header:  # noqa: B008 (frozen)
    """``peek``, and everything that ``decode`` would refuse by the header alone. Raises ``PhotoError``."""
    return _guarded(data, name, lambda: _check(data, limits)[1])


def decode(data: bytes, *, name: str = "<bytes>", limits: Limits = Limits()) -> Photo:  # noqa: B008 (frozen)
    """The photo in ``data``: uint8 RGB (height, width, 3), upright, its metadata as raw blocks.

    ``name`` is what errors call it. Nothing is allocated for pixels before the header passed ``limits``. A file that is
    cut off, fails a checksum or makes its decoder warn is an error, never half a photo. Raises ``PhotoError``.
    """

    def work() -> Photo:
        codec, header = _check(data, limits)
        return codec.decode(data, header)

    return _guarded(data, name, work)


def _peek(data: bytes) -> tuple[Codec, Header]:
    codec = codec_of_content(data)
    return codec, codec.peek(data)


def _check(data: bytes, limits: Limits) -> tuple[Codec, Header]:
    refuse_bytes(len(data), limits)
    codec, header = _peek(data)
    refuse_header(header, limits)
    return codec, header


def _guarded(data: bytes, name: str, work: Callable[[], T]) -> T:
    if not isinstance(data, bytes):
        raise UsageError(f"photo data must be bytes, not {type(data).__name__}; read the file or call bytes() first")
    try:
        return work()
    except Refused as refused:
        raise PhotoError(_line(name, str(refused))) from None
    except MemoryError:
        raise PhotoError(_line(name, "not enough memory to decode it; lower max_pixels or free memory")) from None
    # Broad on purpose: the bytes are not trusted, and on damaged files the decoders are known to raise at least eight
    # kinds of exceptions, OSError, SyntaxError, TypeError and EOFError among them.
    except Exception as error:
        seen = str(error) or type(error).__name__
        raise PhotoError(
            _line(name, f"the file is damaged ({seen}); restore it from a copy or leave it out")
        ) from error


def _line(name: str, message: str) -> str:
    """One line whatever the name and the decoder's words hold."""
    return "".join(c if c.isprintable() else "?" for c in f"{name}: {message}")
