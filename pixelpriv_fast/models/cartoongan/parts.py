"""The parts that CartoonGAN is cut into for large photos: small graphs that turn strips of rows into strips of rows.

A part ends where the next instance norm needs the whole photo's statistics. It reads the rows that its outputs depend
on and makes no use of others, so a strip's outputs are those of the whole photo. Rows are counted in the trunk, which
has a quarter of the photo's height.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...words import Precision
from .graph import BLOCKS, DECODER_NORMS, ENCODER_NORMS, OUTPUT, Edges, Layers, Tensors
from .writer import Axes

PHOTO, SUM, CONVOLVED, MEAN, VARIANCE = "photo", "sum", "convolved", "mean", "variance"
NEXT: Final = "next_"  #: before the names of what replaces what was read
TRUNK: Final = 256  #: channels of the trunk
#: No strip may be lower than this, or the rows that one part reads would reach past the photo's edge.
LEAST_ROWS: Final = 3


@dataclass(frozen=True, slots=True)
class Numbers:
    """Precision of the convolutions (norms stay fp32), and of the trunk between two parts; fp32 or fp16 each."""

    convolutions: Precision = "fp32"
    trunk: Precision = "fp32"


@dataclass(frozen=True, slots=True)
class EncoderPart:
    """Photo -> the ``depth``-th group's convolutions. Trunk rows [first, last) need photo rows
    [4 first - above, 4 last + below)."""

    depth: int
    above: int
    below: int

    @property
    def norm(self) -> str:
        """The norm that the statistics are for."""
        return ENCODER_NORMS[self.depth - 1]

    @property
    def keeps(self) -> bool:
        """Whether the rows are wanted too: the trunk's."""
        return self.depth == len(ENCODER_NORMS)

    def span(self, first: int, last: int, edges: Edges) -> slice:
        return slice(4 * first - self.above * (not edges.top), 4 * last + self.below * (not edges.bottom))

    def graph(self, folded: Tensors, edges: Edges, numbers: Numbers) -> bytes:
        """ONNX bytes: PHOTO -> MEAN, VARIANCE, and SUM if kept (the place in which the trunk begins)."""
        layers = Layers(folded, precision=numbers.convolutions, edges=edges, given=True)
        rows = layers.encode(layers.writer.input(PHOTO, (1, 3, "height", "width")), self.depth)
        return _model(layers, {SUM: rows} if self.keeps else {}, rows, numbers)


@dataclass(frozen=True, slots=True)
class TrunkPart:
    """The ``which``-th (1 or 2) convolution of residual block ``block``, from rows [first - 1, last + 1)."""

    block: int
    which: int

    @property
    def norm(self) -> str:
        return f"in{self.block:02}_{self.which}"

    @property
    def reads(self) -> tuple[str, ...]:
        """What is taken from the trunk: by the second convolution what the first one made."""
        if self.which == 2:
            return (CONVOLVED,)
        return (SUM,) if self.block == BLOCKS[0] else (SUM, CONVOLVED)

    @property
    def keeps(self) -> tuple[str, ...]:
        return (CONVOLVED,) if self.which == 2 else (SUM, CONVOLVED)

    def graph(self, folded: Tensors, numbers: Numbers) -> bytes:
        """ONNX bytes: what it reads, with a row more above and below -> what it keeps, MEAN, VARIANCE."""
        layers = Layers(folded, precision=numbers.convolutions, edges=Edges(False, False), given=True)
        if self.which == 2:
            x = layers.norm(layers.load(CONVOLVED, TRUNK, numbers.trunk), f"in{self.block:02}_1")
        else:
            x = _sum(layers, self.block, numbers)
        rows = layers.residual(x, f"conv{self.block:02}_{self.which}")
        kept = {CONVOLVED: rows} if self.which == 2 else {SUM: layers.slice_rows(x, 1, 1), CONVOLVED: rows}
        return _model(layers, kept, rows, numbers)


@dataclass(frozen=True, slots=True)
class DecoderPart:
    """Trunk -> the ``depth``-th group of the way up (3: the picture). Rows [first, last) of the trunk need rows
    [first - above, last + below); ``surplus``: rows above and below that come out and are not wanted."""

    depth: int
    above: int
    below: int
    surplus: tuple[int, int]

    @property
    def norm(self) -> str:
        return DECODER_NORMS[self.depth - 1]

    @property
    def keeps(self) -> bool:
        """Whether the rows are wanted, and no statistics: the picture's."""
        return self.depth > len(DECODER_NORMS)

    def span(self, first: int, last: int, edges: Edges) -> slice:
        return slice(first - self.above * (not edges.top), last + self.below * (not edges.bottom))

    def graph(self, folded: Tensors, edges: Edges, numbers: Numbers) -> bytes:
        """ONNX bytes: SUM, CONVOLVED -> OUTPUT if kept, else MEAN, VARIANCE."""
        layers = Layers(folded, precision=numbers.convolutions, edges=edges, given=True)
        rows = layers.decode(_sum(layers, BLOCKS[-1] + 1, numbers), self.depth)
        rows = layers.slice_rows(rows, self.surplus[0] * (not edges.top), self.surplus[1] * (not edges.bottom))
        if self.keeps:
            return layers.writer.model({OUTPUT: (rows, (1, 3, "rows", "columns"), "fp32")})
        return _model(layers, {}, rows, numbers)


ENCODER: Final = (EncoderPart(1, 3, 3), EncoderPart(2, 6, 5), EncoderPart(3, 12, 9))
DECODER: Final = (DecoderPart(1, 1, 1, (1, 0)), DecoderPart(2, 1, 2, (1, 2)), DecoderPart(3, 2, 3, (2, 2)))


def _sum(layers: Layers, block: int, numbers: Numbers) -> str:
    """What residual block ``block`` begins with: the sum so far plus the norm of what was convolved last."""
    x = layers.load(SUM, TRUNK, numbers.trunk)
    if block == BLOCKS[0]:
        return layers.norm(x, ENCODER_NORMS[-1])
    y = layers.norm(layers.load(CONVOLVED, TRUNK, numbers.trunk), f"in{block - 1:02}_2", relu=False)
    return layers.writer.op("Add", x, y)


def _model(layers: Layers, kept: dict[str, str], measured: str, numbers: Numbers) -> bytes:
    mean, variance = layers.moments(measured)
    strip: Axes = (1, TRUNK, "rows", "columns")
    outputs: dict[str, tuple[str, Axes, Precision]] = {
        NEXT + name: (layers.store(value, numbers.trunk), strip, numbers.trunk) for name, value in kept.items()
    }
    outputs |= {name: (value, (1, "channels", 1, 1), "fp32") for name, value in ((MEAN, mean), (VARIANCE, variance))}
    return layers.writer.model(outputs)
