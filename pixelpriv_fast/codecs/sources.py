"""What a caller may hand over as a photo: a path, bytes, a PIL image or a uint8 RGB array."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..errors import PhotoError
from ..types import Photo
from . import Limits, check, decode

Source: TypeAlias = "str | os.PathLike[str] | bytes | np.ndarray[Any, Any] | Any"


def name_of(source: Source) -> str:
    """How messages call the source."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return f"<{type(source).__name__}>"


def load(source: Source, limits: Limits) -> Photo:
    """The decoded photo. Raises ``PhotoError`` for anything that is none or cannot be read."""
    return decoded(read(source, limits), name_of(source), limits)


def weight(source: Source) -> int:
    """The bytes that ``read`` will read; 0 where they are there already or cannot be."""
    if isinstance(source, str | os.PathLike):
        with contextlib.suppress(OSError, ValueError):
            return os.stat(source).st_size
    return 0


def read(source: Source, limits: Limits) -> Any:
    """What ``decoded`` needs: a file's bytes, or the picture itself. Raises ``PhotoError``."""
    if isinstance(source, str | os.PathLike):
        return read_file(Path(source), limits)
    return bytes(source) if isinstance(source, bytearray | memoryview) else source


def pixels_of(content: Any, name: str, limits: Limits) -> int:
    """Width x height of what ``read`` returned, without decoding it. Raises ``PhotoError`` for what ``limits`` or a
    damaged header rule out."""
    if isinstance(content, bytes):
        width, height = check(content, name=name, limits=limits).upright_size
        return width * height
    if isinstance(content, np.ndarray):
        return content.size // 3
    return math.prod(content.size) if _is_pil(content) else 0


def decoded(content: Any, name: str, limits: Limits) -> Photo:
    """The photo in what ``read`` returned. Raises ``PhotoError``."""
    if isinstance(content, bytes):
        return decode(content, name=name, limits=limits)
    if isinstance(content, np.ndarray):
        return _from_array(content)
    if _is_pil(content):
        from . import from_pil

        return from_pil(content)
    raise PhotoError(
        f"cannot read a photo from {type(content).__name__}; give a path, bytes, a PIL image or a uint8 RGB array"
    )


def _is_pil(content: Any) -> bool:
    """Whether it is a PIL image, without importing PIL here."""
    return hasattr(content, "convert") and hasattr(content, "getexif")


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
