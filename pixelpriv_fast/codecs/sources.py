"""What a caller may hand over as a photo: a path, bytes, a PIL image or a uint8 RGB array.

Three steps, so that a caller may look at the bytes in between: ``read`` (a path's bytes), ``open_content`` (parsed and
checked, no pixel decoded), ``OpenedSource.decode``. ``load`` takes all three.
"""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..errors import PhotoError
from ..photo_check import checked_photo
from ..types import Photo
from . import decoding
from .limits import Limits

Source: TypeAlias = "str | os.PathLike[str] | bytes | np.ndarray[Any, Any] | Any"

#: A photo that can be decoded: a file's bytes or pixels in memory. All have ``pixel_count`` and ``decode()``.
OpenedSource: TypeAlias = "decoding.Opened | _Array | _PillowImage"


def name_of(source: Source) -> str:
    """Return what messages call the source."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return f"<{type(source).__name__}>"


def load(source: Source, limits: Limits) -> Photo:
    """Read, open and decode a source.

    Parameters
    ----------
    source : path, bytes, PIL image or array
        The photo.
    limits : Limits
        Bounds of one photo.

    Returns
    -------
    Photo
        The decoded photo.

    Raises
    ------
    PhotoError
        If it is not a photo, or cannot be read or decoded.
    """
    return open_content(read(source, limits), name_of(source), limits).decode()


def weight(source: Source) -> int:
    """Return the number of bytes that ``read`` will load; 0 if already in memory or unknown."""
    if isinstance(source, str | os.PathLike):
        with contextlib.suppress(OSError, ValueError):
            return os.stat(source).st_size
    return 0


def read(source: Source, limits: Limits) -> Any:
    """Return a path's bytes, or the source itself if it is in memory.

    Parameters
    ----------
    source : path, bytes, PIL image or array
        The photo.
    limits : Limits
        Bounds of one photo; a file is refused by its size before it is read.

    Returns
    -------
    bytes, PIL image or array
        What ``open_content`` takes.

    Raises
    ------
    PhotoError
        If the file cannot be read or is too large.
    """
    if isinstance(source, str | os.PathLike):
        return read_file(Path(source), limits)
    return bytes(source) if isinstance(source, bytearray | memoryview) else source


def open_content(content: Any, name: str, limits: Limits) -> OpenedSource:
    """Open what ``read`` returned, without decoding it.

    Parameters
    ----------
    content : bytes, PIL image or array
        What ``read`` returned.
    name : str
        What errors call the photo.
    limits : Limits
        Bounds of one photo.

    Returns
    -------
    OpenedSource
        Its ``decode`` gives the photo.

    Raises
    ------
    PhotoError
        If it is not a photo, its header is damaged, or it exceeds the limits.
    """
    if isinstance(content, bytes):
        return decoding.open(content, name=name, limits=limits)
    if isinstance(content, np.ndarray):
        return _Array(content)
    if hasattr(content, "convert") and hasattr(content, "getexif"):  # a PIL image, recognised without importing PIL
        return _PillowImage(content)
    raise PhotoError(
        f"cannot read a photo from {type(content).__name__}; give a path, bytes, a PIL image or a uint8 RGB array"
    )


def read_file(path: Path, limits: Limits) -> bytes:
    """Return a file's bytes; it is opened for reading only, and refused by its size before it is read.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        ``max_bytes`` is what counts.

    Returns
    -------
    bytes
        The whole file.

    Raises
    ------
    PhotoError
        If it is not a regular file, is too large, or cannot be read.
    """
    try:
        if not path.is_file():
            raise PhotoError(f"{path}: no such file" if not path.exists() else f"{path}: not a regular file")
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise PhotoError(f"{path}: {size} bytes, the limit is {limits.max_bytes}; raise it with --max-bytes")
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class _Array:
    """Pixels in memory."""

    array: np.ndarray[Any, Any]

    @property
    def pixel_count(self) -> int:
        return self.array.size // 3

    def decode(self) -> Photo:
        return Photo(checked_photo(self.array, "array", PhotoError), format="png", lossless=True)


@dataclass(frozen=True, slots=True)
class _PillowImage:
    """A photo that a caller opened with Pillow."""

    image: Any

    @property
    def pixel_count(self) -> int:
        return math.prod(self.image.size)

    def decode(self) -> Photo:
        from .from_pillow import from_pil

        return from_pil(self.image)
