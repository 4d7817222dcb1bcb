"""CartoonGAN's generator as an ONNX graph between photos: RGB 0..255 in, RGB 0..1 out, any batch, height and width.

The same function as the bare module up to floating-point rounding, in the form that runs fastest:

* Input: the first layer's weights take RGB and the division by 127.5 in. What is left is ``x - 127.5``, which bf16
  holds exactly for every grey level (``x / 127.5 - 1`` it does not: 0.3 to 0.5 dB less).
* Output: ``0.5 tanh(y) + 0.5 = sigmoid(2 y)``; the 2 and the order of the channels are in the last weights.
* Biases of convolutions that feed an instance norm are left out: the mean takes them away again.
* The last convolution (7x7, 64 -> 3) computes four neighbouring pixels at once, as 8x8 with stride 2 and 12 outputs:
  two to three times faster, since three outputs leave most of a vector unit idle.
* Instance norms are single nodes in fp32, whatever the type around them.

The same layers also make the parts that a large photo is run through strip by strip (``strips.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from ...words import Precision
from .writer import GraphWriter

Tensors = Mapping[str, npt.NDArray[np.float32]]

EPS = 1e-5
INPUT, OUTPUT = "pixels", "cartoon"
BLOCKS = range(4, 12)
_MID = np.array(127.5, np.float32)
_DOWN = (("conv02_1", "conv02_2"), ("conv03_1", "conv03_2"))
_UP = (("deconv01_1", "deconv01_2"), ("deconv02_1", "deconv02_2"))
ENCODER_NORMS = ("in01_1", "in02_1", "in03_1")
DECODER_NORMS = ("in12_1", "in13_1")
#: Convolutions whose bias an instance norm cancels; of the others it reaches a zero border, so it counts.
_BIASED = ("conv02_1", "conv03_1", "deconv01_1", "deconv02_1")


class Edges(NamedTuple):
    """Which ends of a strip are the photo's own: there padding is made, elsewhere the neighbour's rows come along."""

    top: bool = True
    bottom: bool = True


def fold(tensors: Tensors) -> dict[str, npt.NDArray[np.float32]]:
    """The checkpoint's tensors as the graph holds them, under the same names."""
    made = {name: value for name, value in tensors.items() if not name.endswith(".bias")}
    made |= {f"{name}.bias": tensors[f"{name}.bias"] for name in _BIASED}
    made["conv01_1.weight"] = tensors["conv01_1.weight"][:, ::-1] / _MID
    last = 2 * tensors["deconv03_1.weight"][::-1]
    block = np.zeros((2, 2, 3, last.shape[1], 8, 8), np.float32)
    for down in (0, 1):
        for right in (0, 1):
            block[down, right, :, :, down : down + 7, right : right + 7] = last
    made["deconv03_1.weight"] = block.reshape(12, *block.shape[3:])
    made["deconv03_1.bias"] = np.tile(2 * tensors["deconv03_1.bias"][::-1], 4)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in made.items()}


def photo_graph(tensors: Tensors) -> bytes:
    """ONNX bytes of the whole network from the checkpoint's tensors."""
    return folded_graph(fold(tensors))


def folded_graph(folded: Tensors, precision: Precision = "fp32") -> bytes:
    """ONNX bytes of the whole network from ``fold``'s tensors. ``precision``: "fp32", or "fp16" for weights and
    convolutions in 16 bit (inputs, outputs and instance norms stay fp32)."""
    if precision not in ("fp32", "fp16"):
        raise UsageError(f"a graph is written in fp32 or fp16, not {precision!r}; bf16 is the runtime's own option")
    layers = Layers(folded, precision=precision)
    x = layers.norm(layers.encode(layers.writer.input(INPUT, ("batch", 3, "height", "width")), 3), ENCODER_NORMS[2])
    for block in BLOCKS:
        y = layers.norm(layers.residual(x, f"conv{block:02}_1"), f"in{block:02}_1")
        y = layers.norm(layers.residual(y, f"conv{block:02}_2"), f"in{block:02}_2", relu=False)
        x = layers.writer.op("Add", x, y)
    return layers.writer.model({OUTPUT: (layers.decode(x, 3), ("batch", 3, "height_out", "width_out"), "fp32")})


class Layers:
    """The network's layers, written for the whole photo or for a strip with ``edges``.

    ``given``: instance norms become ``x * gain + offset`` with inputs ``<norm>.gain`` and ``<norm>.offset``,
    (1, channels, 1, 1).
    """

    def __init__(
        self, folded: Tensors, *, precision: Precision = "fp32", edges: Edges | None = None, given: bool = False
    ) -> None:
        self.writer = GraphWriter()
        self._tensors = folded
        self._precision: Precision = precision
        self._edges = edges or Edges()
        self._given = given

    def encode(self, x: str, depth: int) -> str:
        """Photo (n, 3, h, w) -> the raw output of the ``depth``-th of three groups, before its norm."""
        x = self._narrow(self.writer.op("Sub", x, self.writer.constant("middle", _MID)))
        x = self._conv(self._reflect(x, 3), "conv01_1")
        for index, (first, second) in enumerate(_DOWN[: depth - 1]):
            x = self.norm(x, ENCODER_NORMS[index])
            x = self._conv(self._conv(x, first, stride=2, zeros=1), second, zeros=1)
        return x

    def residual(self, x: str, name: str) -> str:
        """One convolution of a residual block, (n, 256, h, w) -> the same, before its norm."""
        return self._conv(self._reflect(x, 1), name)

    def decode(self, x: str, depth: int) -> str:
        """The trunk's (n, 256, h, w) -> the raw output of group 1 or 2 of the decoder, or (3) the picture in 0..1."""
        for index, (first, second) in enumerate(_UP[:depth]):
            if index:
                x = self.norm(x, DECODER_NORMS[index - 1])
            x = self._conv(self._double(x, first), second, zeros=1)
        if depth < 3:
            return x
        x = self._reflect(self.norm(x, DECODER_NORMS[1]), 3)
        x = self.writer.op("DepthToSpace", self._conv(x, "deconv03_1", stride=2), blocksize=2, mode="DCR")
        return self.writer.op("Sigmoid", self._wide(x))

    def norm(self, x: str, name: str, *, relu: bool = True) -> str:
        """Instance norm in fp32, with ReLU or without."""
        x = self._wide(x)
        if self._given:
            gain, offset = (self.writer.input(f"{name}.{word}", (1, self._channels(name), 1, 1)) for word in _GIVEN)
            x = self.writer.op("Add", self.writer.op("Mul", x, gain), offset)
        else:
            scale, shift = (self._tensor(f"{name}.{word}", "fp32") for word in ("scale", "shift"))
            x = self.writer.op("InstanceNormalization", x, scale, shift, epsilon=EPS)
        return self._narrow(self.writer.op("Relu", x) if relu else x)

    def moments(self, x: str) -> tuple[str, str]:
        """Mean and biased variance of each channel (n, channels, 1, 1) in fp32, in two passes: nothing cancels."""
        x = self._wide(x)
        mean = self.writer.op("ReduceMean", x, axes=[2, 3])
        away = self.writer.op("Sub", x, mean)
        return mean, self.writer.op("ReduceMean", self.writer.op("Mul", away, away), axes=[2, 3])

    def load(self, name: str, channels: int, precision: Precision) -> str:
        """An input (1, channels, height, width), stored in ``precision``."""
        x = self.writer.input(name, (1, channels, "height", "width"), precision=precision)
        return x if precision == self._precision else self.writer.cast(x, self._precision)

    def store(self, x: str, precision: Precision) -> str:
        """``x`` as an output in ``precision``."""
        return x if precision == self._precision else self.writer.cast(x, precision)

    def slice_rows(self, x: str, top: int, bottom: int) -> str:
        """``x`` without its first ``top`` and last ``bottom`` rows."""
        if top == bottom == 0:
            return x
        end = -bottom if bottom else np.iinfo(np.int64).max
        bounds = {"first": top, "end": end, "rows_axis": 2}
        constants = [self.writer.constant(name, np.array([value], np.int64)) for name, value in bounds.items()]
        return self.writer.op("Slice", x, *constants)

    def _channels(self, norm: str) -> int:
        return int(self._tensors[f"{norm}.scale"].shape[0])

    def _reflect(self, x: str, size: int) -> str:
        """Reflection at the sides, and at the top and bottom where these are the photo's."""
        top, bottom = size * self._edges.top, size * self._edges.bottom
        pads = np.array([0, 0, top, size, 0, 0, bottom, size], np.int64)
        return self.writer.op("Pad", x, self.writer.constant(f"reflect_{size}", pads), mode="reflect")

    def _conv(self, x: str, name: str, *, stride: int = 1, zeros: int = 0) -> str:
        pads = [zeros * self._edges.top, zeros, zeros * self._edges.bottom, zeros]
        return self.writer.op("Conv", x, *self._weights(name), strides=[stride, stride], pads=pads)

    def _double(self, x: str, name: str) -> str:
        """Transposed 3x3 convolution to twice the size, without a strip's last row, which lacks its lower neighbour."""
        extra = [int(self._edges.bottom), 1]
        return self.writer.op(
            "ConvTranspose", x, *self._weights(name), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=extra
        )

    def _weights(self, name: str) -> list[str]:
        names = [f"{name}.weight", f"{name}.bias"]
        return [self._tensor(n, self._precision) for n in names if n in self._tensors]

    def _tensor(self, name: str, precision: Precision) -> str:
        value = self._tensors[name]
        return self.writer.constant(name, value.astype(np.float16) if precision == "fp16" else value)

    def _wide(self, x: str) -> str:
        return x if self._precision == "fp32" else self.writer.cast(x, "fp32")

    def _narrow(self, x: str) -> str:
        return x if self._precision == "fp32" else self.writer.cast(x, self._precision)


_GIVEN = ("gain", "offset")
