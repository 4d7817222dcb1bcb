"""Test photos made in code: plausible pictures with structure at every scale, no file needed."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image


def scene(height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """A smooth landscape of coloured blobs with edges and grain, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 226, (5, 6, 3), dtype=np.uint8)
    base = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.int16).copy()
    for _ in range(6):
        y, x = rng.integers(0, height), rng.integers(0, width)
        base[y : y + max(1, height // 4), x : x + max(1, width // 5)] += rng.integers(-60, 61, 3).astype(np.int16)
    base += rng.integers(-6, 7, (height, width, 1)).astype(np.int16)
    return np.clip(base, 0, 255).astype(np.uint8)


def encoded(pixels: npt.NDArray[np.uint8], format_name: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format_name, **options)
    return buffer.getvalue()
