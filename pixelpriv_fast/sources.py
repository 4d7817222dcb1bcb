"""What a caller may hand over as a photo: a path, bytes, a PIL image or a uint8 RGB array."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from .codecs import Limits, decode
from .errors import PhotoError
from .types import Photo

Source: TypeAlias = "str | os.PathLike[str] | bytes | np.ndarray[Any, Any] | Any"


def name_of(source: Source) -> str:
    """How messages call the source."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return f"<{type(source).__name__}>"


def load(source: Source, limits: Limits) -> Photo:
    """The decoded photo. Raises ``PhotoError`` for anything that is none or cannot be read."""
    if isinstance(source, str | os.PathLike):
        return decode(read_file(Path(source), limits), name=os.fspath(source), limits=limits)
    if isinstance(source, bytes | bytearray | memoryview):
        return decode(bytes(source), name=name_of(source), limits=limits)
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if hasattr(source, "convert") and hasattr(source, "getexif"):  # a PIL image, without importing PIL here
        from .codecs import from_pil

        return from_pil(source)
    raise PhotoError(
        f"cannot read a photo from {type(source).__name__}; give a path, bytes, a PIL image or a uint8 RGB array"
    )


def read_file(path: Path, limits: Limits) -> bytes:
    """The file's bytes, opened for reading only; refused by its size before it is read."""
    try:
        if not path.is_file():
            raise PhotoError(f"{path}: no such file" if not path.exists() else f"{path}: not a regular file")
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise PhotoError(f"{path}: {size} bytes, the limit is {limits.max_bytes}; raise it with --max-bytes")
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read: {error.strerror or error}") from error


def _from_array(array: np.ndarray[Any, Any]) -> Photo:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise PhotoError(
            f"array of {array.dtype} and shape {array.shape}; expected uint8 RGB of shape (height, width, 3)"
        )
    return Photo(np.ascontiguousarray(array), format="png", lossless=True)
