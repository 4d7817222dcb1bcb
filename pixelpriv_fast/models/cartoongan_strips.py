"""CartoonGAN on photos too large to be run whole: strip by strip, exactly, in memory that is known beforehand.

An instance norm needs the mean and variance of the whole photo before one pixel can go on. So the network is run in
passes: each pass computes one norm's statistics over all strips, and what lies between two passes is either kept or made
again. Kept are two arrays of 256 channels at a quarter of the photo's size (the residual stream and the convolution
under way); everything at half and full size, which would be many times that, is made again when it is needed, for 29 % more
multiply-adds in all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..runtime import Session
from ..types import Floats, Pixels
from .cartoongan_graph import BLOCKS, EPS, Edges, Tensors
from .cartoongan_parts import DECODER, ENCODER, LEAST_ROWS, MEAN, ROWS, STRIP, TRUNK, VARIANCE, Part, residual_parts
from .planes import planar, rounded_photo

Affine = dict[str, Floats]
Trunk = npt.NDArray[np.floating]

#: Bytes that a strip's layers hold a pixel of the photo at the full size (four maps of 64 channels in fp32).
_STRIP_BYTES = 1024
#: Rows of the photo that the strips of the last part share with their neighbours: computed twice, and held.
_SHARED_ROWS = 24


@dataclass(frozen=True, slots=True)
class Strip:
    """Rows [first, last) of the trunk, at a quarter of the photo's height."""

    first: int
    last: int
    edges: Edges


def cut(rows: int, height: int) -> list[Strip]:
    """``rows`` of the trunk in strips of about ``height``, none lower than ``LEAST_ROWS`` unless it is the only one."""
    count = max(1, min(math.ceil(rows / max(height, LEAST_ROWS)), rows // LEAST_ROWS))
    ends = [rows * index // count for index in range(count + 1)]
    return [
        Strip(first, last, Edges(first == 0, last == rows)) for first, last in zip(ends[:-1], ends[1:], strict=True)
    ]


def trunk_bytes(height: int, width: int, dtype: npt.DTypeLike) -> int:
    """What the two kept arrays take for a photo of (height, width)."""
    return 2 * TRUNK * (height // 4) * (width // 4) * np.dtype(dtype).itemsize


def strip_rows(width: int, budget: int) -> int:
    """How many rows of the trunk a strip may have to stay within ``budget`` bytes; at least ``LEAST_ROWS``."""
    rows = budget // (_STRIP_BYTES * width) - _SHARED_ROWS
    return max(LEAST_ROWS, rows // 4)


class Moments:
    """Mean and variance of a whole from those of its strips (Chan, Golub & LeVeque 1983), in float64."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: npt.NDArray[np.float64] = np.zeros(1)
        self._squares: npt.NDArray[np.float64] = np.zeros(1)

    def add(self, count: int, mean: Floats, variance: Floats) -> None:
        """``count`` pixels with ``mean`` and (biased) ``variance`` a channel."""
        total = self._count + count
        away = mean.astype(np.float64) - self._mean
        self._mean = self._mean + away * (count / total)
        self._squares = self._squares + variance.astype(np.float64) * count + away**2 * (self._count * count / total)
        self._count = total

    def affine(self, scale: Floats, shift: Floats) -> tuple[Floats, Floats]:
        """The norm as gain and offset, each of the shape that was added. Raises ``ModelError`` when it is not finite."""
        shape = self._mean.shape
        gain = scale.reshape(shape) / np.sqrt(self._squares / self._count + EPS)
        offset = shift.reshape(shape) - self._mean * gain
        if not (np.isfinite(gain).all() and np.isfinite(offset).all()):
            raise ModelError("the network's values leave the range of its arithmetic; run it in f32")
        return gain.astype(np.float32), offset.astype(np.float32)


class StripRunner:
    """Runs one photo. ``create``: ONNX bytes -> session; ``dtype``: of the kept arrays; ``height``: of strips, in trunk rows."""

    def __init__(
        self, folded: Tensors, create: Callable[[bytes], Session], dtype: npt.DTypeLike = np.float32, height: int = 32
    ) -> None:
        self._folded = folded
        self._create = create
        self._dtype = np.dtype(dtype)
        self._height = height

    def __call__(self, photo: Pixels) -> Pixels:
        """photo: uint8 (h, w, 3), both sides multiples of 4 and at least 8 -> the same."""
        strips = cut(photo.shape[0] // 4, self._height)
        known: Affine = {}
        x = self._encode(photo, strips, known)
        y = np.empty_like(x)
        for block in BLOCKS:
            first, second = residual_parts(block)
            self._convolve(first, strips, x, y, known)
            self._convolve(second, strips, y, y, known)
            _each_rows(x, y, known, second.norm, residual=True)
        del y
        return self._decode(photo.shape, strips, x, known)

    def _encode(self, photo: Pixels, strips: list[Strip], known: Affine) -> Trunk:
        trunk = np.empty((photo.shape[0] // 4, TRUNK, photo.shape[1] // 4), self._dtype)
        for part in ENCODER:
            feeds = (
                (strip, planar(photo[slice(*part.span(strip.first, strip.last, strip.edges))])) for strip in strips
            )
            for strip, rows in self._pass(part, feeds, known):
                trunk[strip.first : strip.last] = rows[0].swapaxes(0, 1)
        _each_rows(trunk, trunk, known, ENCODER[-1].norm, residual=False)
        return trunk

    def _convolve(self, part: Part, strips: list[Strip], source: Trunk, target: Trunk, known: Affine) -> None:
        """One convolution of the trunk; ``target`` may be ``source``: a strip's last row is copied before it is overwritten."""
        for strip, rows in self._pass(part, _with_rows_above(part, strips, source), known):
            target[strip.first : strip.last] = rows[0].swapaxes(0, 1)

    def _decode(self, shape: tuple[int, ...], strips: list[Strip], trunk: Trunk, known: Affine) -> Pixels:
        photo = np.empty(shape, np.uint8)
        for part in DECODER:
            feeds = (
                (strip, _as_input(trunk[slice(*part.span(strip.first, strip.last, strip.edges))])) for strip in strips
            )
            for strip, rows in self._pass(part, feeds, known):
                photo[4 * strip.first : 4 * strip.last] = rounded_photo(rows)
        return photo

    def _pass(self, part: Part, feeds: Iterator[tuple[Strip, Floats]], known: Affine) -> Iterator[tuple[Strip, Floats]]:
        """Runs ``part`` on every strip, yields the rows where it keeps them, and adds its norm to ``known``."""
        sessions: dict[Edges, Session] = {}
        moments = Moments()
        for strip, rows in feeds:
            if strip.edges not in sessions:
                sessions[strip.edges] = self._create(part.graph(self._folded, strip.edges))
            session = sessions[strip.edges]
            given = {spec.name: known[spec.name] for spec in session.inputs if spec.name != STRIP}
            outputs = dict(zip(part.outputs, session.run({STRIP: rows, **given}), strict=True))
            if part.measures:
                moments.add(strip.last - strip.first, outputs[MEAN], outputs[VARIANCE])
            if part.keeps:
                yield strip, outputs[ROWS]
        for session in sessions.values():
            session.close()
        if part.measures:
            scale, shift = (self._folded[f"{part.norm}.{word}"] for word in ("scale", "shift"))
            known[f"{part.norm}.gain"], known[f"{part.norm}.offset"] = moments.affine(scale, shift)


def _with_rows_above(part: Part, strips: list[Strip], source: Trunk) -> Iterator[tuple[Strip, Floats]]:
    """Each strip's input, reading the row above it from a copy made before the strip above was overwritten."""
    above: Trunk | None = None
    for strip in strips:
        start, end = part.span(strip.first, strip.last, strip.edges)
        rows = source[start:end].astype(np.float32)
        if above is not None:
            rows[0] = above
        above = source[strip.last - 1].astype(np.float32)
        yield strip, np.ascontiguousarray(rows.swapaxes(0, 1)[None])


def _as_input(rows: Trunk) -> Floats:
    """Trunk rows (h, channels, w) -> float32 (1, channels, h, w)."""
    return np.ascontiguousarray(rows.swapaxes(0, 1)[None], np.float32)


def _each_rows(x: Trunk, y: Trunk, known: Affine, norm: str, *, residual: bool) -> None:
    """In place and row by row: ``x += norm(y)`` for a residual sum, else ``x = relu(norm(x))``."""
    gain, offset = known[f"{norm}.gain"][0, :, 0], known[f"{norm}.offset"][0, :, 0]
    for row in range(len(x)):
        value = y[row] * gain + offset
        x[row] = x[row] + value if residual else np.maximum(value, 0)
