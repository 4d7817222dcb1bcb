"""The parts that CartoonGAN is cut into for large photos: small graphs that turn strips of rows into strips of rows.

A part ends where the next instance norm needs the whole photo's statistics. Every part reads the rows that its outputs
depend on and not one more, so a strip's outputs are those of the whole photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .cartoongan_graph import DECODER_NORMS, ENCODER_NORMS, INPUT, OUTPUT, Edges, Layers, Tensors

STRIP, ROWS, MEAN, VARIANCE = INPUT, OUTPUT, "mean", "variance"
TRUNK = 256  #: channels at a quarter of the photo's size


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of the trunk ``[first, last)`` need input rows ``[reads * first - above, reads * last + below)`` and end up as
    output rows ``[writes * first, writes * last)``; ``surplus``: rows above and below that are made but not wanted."""

    name: str
    reads: int
    writes: int
    above: int
    below: int
    surplus: tuple[int, int] = (0, 0)
    norm: str = ""  #: the norm that the output's statistics are for
    keeps: bool = False  #: whether the rows themselves are wanted
    measures: bool = True  #: whether their statistics are

    def span(self, first: int, last: int, edges: Edges) -> tuple[int, int]:
        """The input rows for trunk rows [first, last)."""
        above = 0 if edges.top else self.above
        below = 0 if edges.bottom else self.below
        return self.reads * first - above, self.reads * last + below

    def graph(self, folded: Tensors, edges: Edges) -> bytes:
        """ONNX bytes. Inputs: ``STRIP`` and the gains and offsets of the norms inside; outputs: ``ROWS`` if kept,
        ``MEAN`` and ``VARIANCE`` (1, channels, 1, 1) over exactly the wanted rows if measured."""
        layers = Layers(folded, edges=edges, given=True)
        writer, planar = layers.writer, (1, self._inputs, "height", "width")
        out = self._crop(layers, self._layers(layers, writer.input(STRIP, planar)), edges)
        outputs = {ROWS: (out, (1, "channels", "rows", "columns"))} if self.keeps else {}
        if self.measures:
            mean = writer.op("ReduceMean", out, axes=[2, 3])
            away = writer.op("Sub", out, mean)
            variance = writer.op("ReduceMean", writer.op("Mul", away, away), axes=[2, 3])
            outputs |= {name: (value, (1, "channels", 1, 1)) for name, value in ((MEAN, mean), (VARIANCE, variance))}
        return writer.model(outputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the graph's outputs, in order."""
        return (ROWS,) * self.keeps + (MEAN, VARIANCE) * self.measures

    @property
    def _inputs(self) -> int:
        return 3 if self.name.startswith("encode") else TRUNK

    def _layers(self, layers: Layers, x: str) -> str:
        kind, _, detail = self.name.partition(" ")
        if kind == "encode":
            return layers.encode(x, int(detail))
        if kind == "decode":
            return layers.decode(x, int(detail))
        return layers.residual(layers.norm(x, kind) if kind else x, detail)

    def _crop(self, layers: Layers, x: str, edges: Edges) -> str:
        top = 0 if edges.top else self.surplus[0]
        bottom = 0 if edges.bottom else self.surplus[1]
        if top == bottom == 0:
            return x
        return layers.slice_rows(x, top, bottom)


ENCODER: Final = (
    Part("encode 1", 4, 4, 3, 3, norm=ENCODER_NORMS[0]),
    Part("encode 2", 4, 2, 6, 5, norm=ENCODER_NORMS[1]),
    Part("encode 3", 4, 1, 12, 9, norm=ENCODER_NORMS[2], keeps=True),
)
DECODER: Final = (
    Part("decode 1", 1, 2, 1, 1, (1, 0), norm=DECODER_NORMS[0]),
    Part("decode 2", 1, 4, 1, 2, (1, 2), norm=DECODER_NORMS[1]),
    Part("decode 3", 1, 4, 2, 3, (2, 2), keeps=True, measures=False),
)
#: No strip may be lower than this, or the rows that one part reads would reach past the photo's edge.
LEAST_ROWS: Final = 3


def residual_parts(block: int) -> tuple[Part, Part]:
    """The two convolutions of a residual block; the second one begins with the first one's norm."""
    names = f"{block:02}_1", f"{block:02}_2"
    first = Part(f" conv{names[0]}", 1, 1, 1, 1, norm=f"in{names[0]}", keeps=True)
    return first, Part(f"in{names[0]} conv{names[1]}", 1, 1, 1, 1, norm=f"in{names[1]}", keeps=True)
