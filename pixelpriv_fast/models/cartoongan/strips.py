"""CartoonGAN on photos too large to be run whole: strip by strip, exactly, in memory that is known beforehand.

An instance norm needs the mean and variance of the whole photo before one pixel can go on. So the network is run in
sweeps: each computes one norm's statistics over all strips. The trunk's two arrays, 256 channels at a quarter of the
photo's size, stay in memory between sweeps (the words are explained in the package's docstring); everything at half and full
size, which would be many times that, is computed again when it is needed, for 29 % more multiply-adds in all.
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
from .graph import OUTPUT
from .layers import BLOCKS, EPS, Edges, Tensors
from .parts import (
    CONVOLVED,
    DECODER,
    ENCODER,
    MEAN,
    MIN_ROWS,
    NEXT,
    PHOTO,
    SUM,
    TRUNK_CHANNELS,
    VARIANCE,
    DecoderPart,
    EncoderPart,
    StripPrecision,
    TrunkPart,
)
from .planes import planar, rounded_photo

Array = npt.NDArray[Any]
#: The trunk's two arrays, (rows, channels, columns): a strip of rows is one piece of memory.
Trunk = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Strip:
    """Rows of the trunk, which has a quarter of the photo's height.

    Attributes
    ----------
    first, last : int
        Rows [first, last).
    edges : Edges
        Which of its ends are the photo's.
    """

    first: int
    last: int
    edges: Edges


def cut(rows: int, height: int) -> list[Strip]:
    """Cut the trunk into strips.

    Parameters
    ----------
    rows : int
        Height of the trunk.
    height : int
        Maximum height of a strip.

    Returns
    -------
    list of Strip
        The strips from the top; none is lower than ``MIN_ROWS`` unless it is the only one.
    """
    count = max(1, min(math.ceil(rows / max(height, MIN_ROWS)), rows // MIN_ROWS))
    ends = [rows * index // count for index in range(count + 1)]
    return [Strip(first, last, Edges(first == 0, last == rows)) for first, last in itertools.pairwise(ends)]


def trunk_bytes(height: int, width: int, precision: StripPrecision) -> int:
    """Compute the memory of the trunk's two arrays: 128 bytes per pixel of the photo in fp32, 64 in fp16.

    Parameters
    ----------
    height, width : int
        Size of the photo.
    precision : StripPrecision
        Number formats.

    Returns
    -------
    int
        Bytes.
    """
    return 2 * TRUNK_CHANNELS * (height // 4) * (width // 4) * (2 if precision.trunk == "fp16" else 4)


class Moments:
    """Mean and variance of a whole from those of its strips (Chan, Golub & LeVeque 1983), in float64."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: npt.NDArray[np.float64] = np.zeros(1)
        self._squares: npt.NDArray[np.float64] = np.zeros(1)

    def add(self, count: int, mean: Floats, variance: Floats) -> None:
        """Add the statistics of one strip; all its rows are of one length.

        Parameters
        ----------
        count : int
            Number of rows.
        mean : ndarray
            Their mean by channel.
        variance : ndarray
            Their biased variance by channel.

        Raises
        ------
        ModelError
            If they are not finite: 65,504 is the largest number of fp16.
        """
        if not (np.isfinite(mean).all() and np.isfinite(variance).all()):
            raise ModelError("the network's values leave the range of 16 bit; run it with precision fp32")
        total = self._count + count
        away = mean.astype(np.float64) - self._mean
        self._mean = self._mean + away * (count / total)
        self._squares = self._squares + variance.astype(np.float64) * count + away**2 * (self._count * count / total)
        self._count = total

    def affine(self, scale: Floats, shift: Floats) -> tuple[Floats, Floats]:
        """Return the norm as an affine map.

        Parameters
        ----------
        scale, shift : ndarray
            The norm's parameters by channel.

        Returns
        -------
        tuple of ndarray of float32
            Gain and offset, of the shape that was added.
        """
        shape = self._mean.shape
        gain = scale.reshape(shape) / np.sqrt(self._squares / self._count + EPS)
        offset = shift.reshape(shape) - self._mean * gain
        return gain.astype(np.float32), offset.astype(np.float32)


class StripRunner:
    """Runs photos strip by strip, one at a time.

    Parameters
    ----------
    folded : mapping of str to ndarray
        The weights, see ``graph.fold``.
    create : callable
        ONNX bytes -> session.
    precision : StripPrecision
        Number formats.
    height : int
        Maximum height of a strip, in rows of the trunk.
    """

    def __init__(
        self, folded: Tensors, create: Callable[[bytes], Session], precision: StripPrecision, height: int
    ) -> None:
        self._folded = folded
        self._create = create
        self._precision = precision
        self._height = height

    def __call__(self, photo: Pixels) -> Pixels:
        """Draw ``photo``, uint8 (h, w, 3), both sides multiples of 4 and at least 8."""
        shape = (photo.shape[0] // 4, TRUNK_CHANNELS, photo.shape[1] // 4)
        trunk: Trunk = {name: np.empty(shape, self._trunk_type) for name in (SUM, CONVOLVED)}
        run = _PhotoRun(self._folded, self._create, self._precision, cut(shape[0], self._height), trunk)
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
    def _trunk_type(self) -> type[np.floating[Any]]:
        return np.float16 if self._precision.trunk == "fp16" else np.float32


class _PhotoRun:
    """One photo under way: its trunk, and the norms that are known so far."""

    def __init__(
        self,
        folded: Tensors,
        create: Callable[[bytes], Session],
        precision: StripPrecision,
        strips: Sequence[Strip],
        trunk: Trunk,
    ) -> None:
        self._folded, self._create, self._precision = folded, create, precision
        self._strips, self._trunk = strips, trunk
        self._known: dict[str, Floats] = {}

    def encode(self, part: EncoderPart, photo: Pixels) -> None:
        """Sweep over the photo, for a norm's statistics and at last for the trunk's beginning."""
        moments = Moments()
        with _Sessions(lambda edges: self._create(part.graph(self._folded, edges, self._precision))) as sessions:
            for strip in self._strips:
                rows = planar(photo[part.span(strip.first, strip.last, strip.edges)])
                self._take(strip, (SUM,) * part.is_last, sessions.run(strip.edges, {PHOTO: rows}, self._known), moments)
        self._finish_norm(part.norm, moments)

    def convolve(self, part: TrunkPart) -> None:
        """Sweep over the trunk, in place."""
        moments = Moments()
        with _Sessions(lambda _: self._create(part.graph(self._folded, self._precision))) as sessions:
            for strip, feeds in self._with_neighbours(part.reads):
                self._take(strip, part.writes, sessions.run(Edges(False, False), feeds, self._known), moments)
        self._finish_norm(part.norm, moments)

    def decode(self, part: DecoderPart, made: Pixels) -> None:
        """Sweep from the trunk up, for a norm's statistics and at last for the picture, which goes into ``made``."""
        moments = Moments()
        with _Sessions(lambda edges: self._create(part.graph(self._folded, edges, self._precision))) as sessions:
            for strip in self._strips:
                rows = part.span(strip.first, strip.last, strip.edges)
                feeds = {name: _planes(array[rows]) for name, array in self._trunk.items()}
                outputs = sessions.run(strip.edges, feeds, self._known)
                if part.is_last:
                    made[4 * strip.first : 4 * strip.last] = rounded_photo(outputs[OUTPUT])
                else:
                    self._take(strip, (), outputs, moments)
        if not part.is_last:
            self._finish_norm(part.norm, moments)

    def _with_neighbours(self, names: Sequence[str]) -> Iterator[tuple[Strip, dict[str, Array]]]:
        """Yield each strip's rows with one more above and below: the neighbour's, or the reflection at the photo's ends.

        The sweep overwrites what it has read, so the row above is a copy made before.
        """
        above = {name: self._trunk[name][1].copy() for name in names}
        for strip in self._strips:
            below = strip.last - 2 if strip.edges.bottom else strip.last
            feeds = {}
            for name in names:
                rows = self._trunk[name]
                feeds[name] = _planes(
                    np.concatenate((above[name][None], rows[strip.first : strip.last], rows[below][None]))
                )
                above[name] = rows[strip.last - 1].copy()
            yield strip, feeds

    def _take(self, strip: Strip, names: Sequence[str], outputs: dict[str, Array], moments: Moments) -> None:
        for name in names:
            self._trunk[name][strip.first : strip.last] = outputs[NEXT + name][0].swapaxes(0, 1)
        moments.add(strip.last - strip.first, outputs[MEAN], outputs[VARIANCE])

    def _finish_norm(self, norm: str, moments: Moments) -> None:
        scale, shift = self._folded[f"{norm}.scale"], self._folded[f"{norm}.shift"]
        self._known[f"{norm}.gain"], self._known[f"{norm}.offset"] = moments.affine(scale, shift)


class _Sessions:
    """The sessions of one sweep, one for each kind of edges, closed when it ends."""

    def __init__(self, create: Callable[[Edges], Session]) -> None:
        self._create = create
        self._open: dict[Edges, Session] = {}

    def __enter__(self) -> _Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._open.values():
            session.close()

    def run(self, edges: Edges, feeds: dict[str, Array], known: dict[str, Floats]) -> dict[str, Array]:
        """Return the outputs by name; the gains and offsets that the graph asks for come out of ``known``."""
        if edges not in self._open:
            self._open[edges] = self._create(edges)
        session = self._open[edges]
        given = {spec.name: known[spec.name] for spec in session.inputs if spec.name not in feeds}
        names = (spec.name for spec in session.outputs)
        return dict(zip(names, session.run(feeds | given), strict=True))


def _planes(rows: Array) -> Array:
    """Return trunk rows (h, channels, w) as (1, channels, h, w)."""
    return np.ascontiguousarray(rows.swapaxes(0, 1)[None])
