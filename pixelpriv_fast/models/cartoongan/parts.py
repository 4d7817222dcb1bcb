"""The parts that CartoonGAN is cut into for large photos: small graphs from strips of rows to strips of rows.

A part ends where the next instance norm needs the whole photo's statistics. It reads the rows that its outputs depend on
and no others, so that a strip's outputs are those of the whole photo. Rows are counted in the trunk, which has a quarter of
the photo's height. The words are explained in the package's docstring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...words import Precision
from .graph import OUTPUT
from .layers import BLOCKS, DECODER_NORMS, ENCODER_NORMS, Edges, Layers, Tensors
from .writer import Axes

PHOTO, SUM, CONVOLVED, MEAN, VARIANCE = "photo", "sum", "convolved", "mean", "variance"
NEXT: Final = "next_"  #: before the names of what replaces what was read
TRUNK_CHANNELS: Final = 256  #: channels of the trunk
#: No strip may be lower than this, or the rows that one part reads would reach past the photo's edge.
MIN_ROWS: Final = 3


@dataclass(frozen=True, slots=True)
class StripPrecision:
    """Precisions of a run in strips; norms are always fp32.

    Attributes
    ----------
    convolutions : {"fp32", "fp16"}
        Of the convolutions.
    trunk : {"fp32", "fp16"}
        Of the trunk between two sweeps.
    """

    convolutions: Precision = "fp32"
    trunk: Precision = "fp32"


@dataclass(frozen=True, slots=True)
class EncoderPart:
    """From the photo to one group of the encoder's convolutions.

    Trunk rows [first, last) need photo rows [4 first - above, 4 last + below).

    Attributes
    ----------
    depth : {1, 2, 3}
        Number of groups.
    above, below : int
        Further rows of the photo that are read.
    """

    depth: int
    above: int
    below: int

    @property
    def norm(self) -> str:
        """The norm that the statistics are for."""
        return ENCODER_NORMS[self.depth - 1]

    @property
    def is_last(self) -> bool:
        """Whether it writes the trunk's beginning."""
        return self.depth == len(ENCODER_NORMS)

    def span(self, first: int, last: int, edges: Edges) -> slice:
        """Return the photo's rows that a strip needs.

        Parameters
        ----------
        first, last : int
            The strip: trunk rows [first, last).
        edges : Edges
            Which of its ends are the photo's.

        Returns
        -------
        slice
            Rows of the photo.
        """
        return slice(4 * first - self.above * (not edges.top), 4 * last + self.below * (not edges.bottom))

    def graph(self, folded: Tensors, edges: Edges, precision: StripPrecision) -> bytes:
        """Write the part: PHOTO -> MEAN, VARIANCE, and SUM if it is the last one.

        Parameters
        ----------
        folded : mapping of str to ndarray
            The weights.
        edges : Edges
            Which ends of the strip are the photo's.
        precision : StripPrecision
            Number formats.

        Returns
        -------
        bytes
            The ``.onnx``.
        """
        layers = Layers(folded, precision=precision.convolutions, edges=edges, given=True)
        rows = layers.encode(layers.writer.input(PHOTO, (1, 3, "height", "width")), self.depth)
        return _model(layers, {SUM: rows} if self.is_last else {}, rows, precision)


@dataclass(frozen=True, slots=True)
class TrunkPart:
    """One convolution of a residual block, from rows [first - 1, last + 1).

    Attributes
    ----------
    block : int
        The block, of ``BLOCKS``.
    which : {1, 2}
        Its first or second convolution.
    """

    block: int
    which: int

    @property
    def norm(self) -> str:
        """The norm that the statistics are for."""
        return f"in{self.block:02}_{self.which}"

    @property
    def reads(self) -> tuple[str, ...]:
        """The arrays of the trunk that it reads: the second convolution reads what the first one wrote."""
        if self.which == 2:
            return (CONVOLVED,)
        return (SUM,) if self.block == BLOCKS[0] else (SUM, CONVOLVED)

    @property
    def writes(self) -> tuple[str, ...]:
        """The arrays of the trunk that it writes."""
        return (CONVOLVED,) if self.which == 2 else (SUM, CONVOLVED)

    def graph(self, folded: Tensors, precision: StripPrecision) -> bytes:
        """Write the part: what it reads, with one more row above and below -> what it writes, MEAN, VARIANCE.

        Parameters
        ----------
        folded : mapping of str to ndarray
            The weights.
        precision : StripPrecision
            Number formats.

        Returns
        -------
        bytes
            The ``.onnx``.
        """
        layers = Layers(folded, precision=precision.convolutions, edges=Edges(False, False), given=True)
        if self.which == 2:
            x = layers.norm(layers.load(CONVOLVED, TRUNK_CHANNELS, precision.trunk), f"in{self.block:02}_1")
        else:
            x = _sum(layers, self.block, precision)
        rows = layers.residual(x, f"conv{self.block:02}_{self.which}")
        kept = {CONVOLVED: rows} if self.which == 2 else {SUM: layers.slice_rows(x, 1, 1), CONVOLVED: rows}
        return _model(layers, kept, rows, precision)


@dataclass(frozen=True, slots=True)
class DecoderPart:
    """From the trunk to one group of the decoder's convolutions.

    Rows [first, last) of the trunk need rows [first - above, last + below).

    Attributes
    ----------
    depth : {1, 2, 3}
        Number of groups; 3 gives the picture.
    above, below : int
        Further rows of the trunk that are read.
    surplus : (int, int)
        Rows above and below that come out and are cut off.
    """

    depth: int
    above: int
    below: int
    surplus: tuple[int, int]

    @property
    def norm(self) -> str:
        """The norm that the statistics are for."""
        return DECODER_NORMS[self.depth - 1]

    @property
    def is_last(self) -> bool:
        """Whether it gives the picture, and no statistics."""
        return self.depth > len(DECODER_NORMS)

    def span(self, first: int, last: int, edges: Edges) -> slice:
        """Return the trunk's rows that a strip needs.

        Parameters
        ----------
        first, last : int
            The strip: trunk rows [first, last).
        edges : Edges
            Which of its ends are the photo's.

        Returns
        -------
        slice
            Rows of the trunk.
        """
        return slice(first - self.above * (not edges.top), last + self.below * (not edges.bottom))

    def graph(self, folded: Tensors, edges: Edges, precision: StripPrecision) -> bytes:
        """Write the part: SUM, CONVOLVED -> OUTPUT if it is the last one, else MEAN, VARIANCE.

        Parameters
        ----------
        folded : mapping of str to ndarray
            The weights.
        edges : Edges
            Which ends of the strip are the photo's.
        precision : StripPrecision
            Number formats.

        Returns
        -------
        bytes
            The ``.onnx``.
        """
        layers = Layers(folded, precision=precision.convolutions, edges=edges, given=True)
        rows = layers.decode(_sum(layers, BLOCKS[-1] + 1, precision), self.depth)
        rows = layers.slice_rows(rows, self.surplus[0] * (not edges.top), self.surplus[1] * (not edges.bottom))
        if self.is_last:
            return layers.writer.model({OUTPUT: (rows, (1, 3, "rows", "columns"), "fp32")})
        return _model(layers, {}, rows, precision)


ENCODER: Final = (EncoderPart(1, 3, 3), EncoderPart(2, 6, 5), EncoderPart(3, 12, 9))
DECODER: Final = (DecoderPart(1, 1, 1, (1, 0)), DecoderPart(2, 1, 2, (1, 2)), DecoderPart(3, 2, 3, (2, 2)))


def _sum(layers: Layers, block: int, precision: StripPrecision) -> str:
    """Write what residual block ``block`` begins with: the sum so far plus the norm of the last convolution."""
    x = layers.load(SUM, TRUNK_CHANNELS, precision.trunk)
    if block == BLOCKS[0]:
        return layers.norm(x, ENCODER_NORMS[-1])
    y = layers.norm(layers.load(CONVOLVED, TRUNK_CHANNELS, precision.trunk), f"in{block - 1:02}_2", relu=False)
    return layers.writer.op("Add", x, y)


def _model(layers: Layers, kept: dict[str, str], measured: str, precision: StripPrecision) -> bytes:
    mean, variance = layers.moments(measured)
    strip: Axes = (1, TRUNK_CHANNELS, "rows", "columns")
    outputs: dict[str, tuple[str, Axes, Precision]] = {
        NEXT + name: (layers.store(value, precision.trunk), strip, precision.trunk) for name, value in kept.items()
    }
    outputs |= {name: (value, (1, "channels", 1, 1), "fp32") for name, value in ((MEAN, mean), (VARIANCE, variance))}
    return layers.writer.model(outputs)
