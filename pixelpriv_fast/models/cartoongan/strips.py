"""CartoonGAN on photos too large to be run whole: strip by strip, exactly, in memory that is known beforehand.

An instance norm needs the mean and variance of the whole photo before one pixel can go on. So the network is run in
passes: each pass computes one norm's statistics over all strips, and what lies between two passes is either kept or
made again. Kept are two arrays of 256 channels at a quarter of the photo's size (the running sum of the residual
blocks, and what was convolved last); everything at half and full size, which would be many times that, is made again
when it is needed, for 29 % more multiply-adds in all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...runtime import Session
from ...types import Floats, Pixels
from .graph import BLOCKS, EPS, OUTPUT, Edges, Tensors
from .parts import (
    CONVOLVED,
    DECODER,
    ENCODER,
    LEAST_ROWS,
    MEAN,
    NEXT,
    PHOTO,
    SUM,
    TRUNK,
    VARIANCE,
    DecoderPart,
    EncoderPart,
    Numbers,
    TrunkPart,
)
from .planes import planar, rounded_photo

Array = npt.NDArray[Any]
#: The trunk's two arrays, (rows, channels, columns): a strip of rows is one piece of memory.
Kept = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Strip:
    """Rows [first, last) of the trunk, at a quarter of the photo's height."""

    first: int
    last: int
    edges: Edges


def cut(rows: int, height: int) -> list[Strip]:
    """``rows`` of the trunk in strips of at most ``height``, none lower than ``LEAST_ROWS`` unless it is the only
    one."""
    count = max(1, min(math.ceil(rows / max(height, LEAST_ROWS)), rows // LEAST_ROWS))
    ends = [rows * index // count for index in range(count + 1)]
    return [Strip(first, last, Edges(first == 0, last == rows)) for first, last in itertools.pairwise(ends)]


def kept_bytes(height: int, width: int, numbers: Numbers) -> int:
    """What the trunk's two arrays take for a photo of (height, width): 128 bytes a pixel in fp32, 64 in fp16."""
    return 2 * TRUNK * (height // 4) * (width // 4) * (2 if numbers.trunk == "fp16" else 4)


class Moments:
    """Mean and variance of a whole from those of its strips (Chan, Golub & LeVeque 1983), in float64."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: npt.NDArray[np.float64] = np.zeros(1)
        self._squares: npt.NDArray[np.float64] = np.zeros(1)

    def add(self, count: int, mean: Floats, variance: Floats) -> None:
        """``count`` rows with ``mean`` and (biased) ``variance`` a channel; all rows are of one length.

        Raises ``ModelError`` when they are not finite: 65,504 is the largest number of fp16.
        """
        if not (np.isfinite(mean).all() and np.isfinite(variance).all()):
            raise ModelError("the network's values leave the range of 16 bit; run it with precision fp32")
        total = self._count + count
        away = mean.astype(np.float64) - self._mean
        self._mean = self._mean + away * (count / total)
        self._squares = self._squares + variance.astype(np.float64) * count + away**2 * (self._count * count / total)
        self._count = total

    def affine(self, scale: Floats, shift: Floats) -> tuple[Floats, Floats]:
        """The norm as gain and offset, of the shape that was added."""
        shape = self._mean.shape
        gain = scale.reshape(shape) / np.sqrt(self._squares / self._count + EPS)
        offset = shift.reshape(shape) - self._mean * gain
        return gain.astype(np.float32), offset.astype(np.float32)


class StripRunner:
    """Runs one photo at a time. ``create``: ONNX bytes -> session; ``height``: of strips, in rows of the trunk."""

    def __init__(self, folded: Tensors, create: Callable[[bytes], Session], numbers: Numbers, height: int) -> None:
        self._folded = folded
        self._create = create
        self._numbers = numbers
        self._height = height

    def __call__(self, photo: Pixels) -> Pixels:
        """photo: uint8 (h, w, 3), both sides multiples of 4 and at least 8 -> the same."""
        shape = (photo.shape[0] // 4, TRUNK, photo.shape[1] // 4)
        kept: Kept = {name: np.empty(shape, self._numbers_type) for name in (SUM, CONVOLVED)}
        run = _Run(self._folded, self._create, self._numbers, cut(shape[0], self._height), kept)
        for part in ENCODER:
            run.encode(part, photo)
        for block in BLOCKS:
            run.convolve(TrunkPart(block, 1))
            run.convolve(TrunkPart(block, 2))
        made = np.empty_like(photo)
        for last in DECODER:
            run.decode(last, made)
        return made

    @property
    def _numbers_type(self) -> type[np.floating[Any]]:
        return np.float16 if self._numbers.trunk == "fp16" else np.float32


class _Run:
    """One photo under way: what is kept of it, and the norms that are known so far."""

    def __init__(
        self,
        folded: Tensors,
        create: Callable[[bytes], Session],
        numbers: Numbers,
        strips: Sequence[Strip],
        kept: Kept,
    ) -> None:
        self._folded, self._create, self._numbers = folded, create, numbers
        self._strips, self._kept = strips, kept
        self._known: dict[str, Floats] = {}

    def encode(self, part: EncoderPart, photo: Pixels) -> None:
        """A pass over the photo, for a norm's statistics and at last for the trunk's beginning."""
        moments = Moments()
        with _Sessions(lambda edges: self._create(part.graph(self._folded, edges, self._numbers))) as sessions:
            for strip in self._strips:
                rows = planar(photo[part.span(strip.first, strip.last, strip.edges)])
                self._take(strip, (SUM,) * part.keeps, sessions.run(strip.edges, {PHOTO: rows}, self._known), moments)
        self._learn(part.norm, moments)

    def convolve(self, part: TrunkPart) -> None:
        """A pass over the trunk, in place."""
        moments = Moments()
        with _Sessions(lambda _: self._create(part.graph(self._folded, self._numbers))) as sessions:
            for strip, feeds in self._with_neighbours(part.reads):
                self._take(strip, part.keeps, sessions.run(Edges(False, False), feeds, self._known), moments)
        self._learn(part.norm, moments)

    def decode(self, part: DecoderPart, made: Pixels) -> None:
        """A pass from the trunk up, for a norm's statistics and at last for the picture, which goes into ``made``."""
        moments = Moments()
        with _Sessions(lambda edges: self._create(part.graph(self._folded, edges, self._numbers))) as sessions:
            for strip in self._strips:
                rows = part.span(strip.first, strip.last, strip.edges)
                feeds = {name: _planes(array[rows]) for name, array in self._kept.items()}
                outputs = sessions.run(strip.edges, feeds, self._known)
                if part.keeps:
                    made[4 * strip.first : 4 * strip.last] = rounded_photo(outputs[OUTPUT])
                else:
                    self._take(strip, (), outputs, moments)
        if not part.keeps:
            self._learn(part.norm, moments)

    def _with_neighbours(self, names: Sequence[str]) -> Iterator[tuple[Strip, dict[str, Array]]]:
        """Each strip's rows with one more above and below: the neighbour's, or the reflection at the photo's ends.

        The pass overwrites what it has read, so the row above is a copy made before.
        """
        above = {name: self._kept[name][1].copy() for name in names}
        for strip in self._strips:
            below = strip.last - 2 if strip.edges.bottom else strip.last
            feeds = {}
            for name in names:
                rows = self._kept[name]
                feeds[name] = _planes(
                    np.concatenate((above[name][None], rows[strip.first : strip.last], rows[below][None]))
                )
                above[name] = rows[strip.last - 1].copy()
            yield strip, feeds

    def _take(self, strip: Strip, names: Sequence[str], outputs: dict[str, Array], moments: Moments) -> None:
        for name in names:
            self._kept[name][strip.first : strip.last] = outputs[NEXT + name][0].swapaxes(0, 1)
        moments.add(strip.last - strip.first, outputs[MEAN], outputs[VARIANCE])

    def _learn(self, norm: str, moments: Moments) -> None:
        scale, shift = self._folded[f"{norm}.scale"], self._folded[f"{norm}.shift"]
        self._known[f"{norm}.gain"], self._known[f"{norm}.offset"] = moments.affine(scale, shift)


class _Sessions:
    """The sessions of one pass, one for each kind of edges, closed when it ends."""

    def __init__(self, create: Callable[[Edges], Session]) -> None:
        self._create = create
        self._open: dict[Edges, Session] = {}

    def __enter__(self) -> _Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._open.values():
            session.close()

    def run(self, edges: Edges, feeds: dict[str, Array], known: dict[str, Floats]) -> dict[str, Array]:
        """The outputs by name, with the gains and offsets that the graph asks for out of ``known``."""
        if edges not in self._open:
            self._open[edges] = self._create(edges)
        session = self._open[edges]
        given = {spec.name: known[spec.name] for spec in session.inputs if spec.name not in feeds}
        names = (spec.name for spec in session.outputs)
        return dict(zip(names, session.run(feeds | given), strict=True))


def _planes(rows: Array) -> Array:
    """Trunk rows (h, channels, w) -> (1, channels, h, w)."""
    return np.ascontiguousarray(rows.swapaxes(0, 1)[None])
