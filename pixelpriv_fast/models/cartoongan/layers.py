"""CartoonGAN's layers, written as ONNX nodes: for the whole photo (``graph.py``) or for a strip of it (``parts.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...words import Precision
from .writer import GraphWriter

Tensors = Mapping[str, npt.NDArray[np.float32]]

EPS = 1e-5
BLOCKS = range(4, 12)
MIDDLE = np.array(127.5, np.float32)  #: of the grey levels
_DOWN = (("conv02_1", "conv02_2"), ("conv03_1", "conv03_2"))
_UP = (("deconv01_1", "deconv01_2"), ("deconv02_1", "deconv02_2"))
ENCODER_NORMS = ("in01_1", "in02_1", "in03_1")
DECODER_NORMS = ("in12_1", "in13_1")


class Edges(NamedTuple):
    """Which ends of a strip are the photo's own: there padding is made, elsewhere the neighbour's rows come along.

    Attributes
    ----------
    top, bottom : bool
        Whether the end is the photo's.
    """

    top: bool = True
    bottom: bool = True


class Layers:
    """The network's layers, written for the whole photo or for a strip.

    Parameters
    ----------
    folded : mapping of str to ndarray
        What :func:`fold` returns.
    precision : {"fp32", "fp16"}
        Precision of weights and convolutions.
    edges : Edges, optional
        Which ends of the strip are the photo's; both by default.
    given : bool
        Whether instance norms are ``x * gain + offset`` with inputs ``<norm>.gain`` and ``<norm>.offset``, (1, channels, 1, 1).
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
        """Write the encoder.

        Parameters
        ----------
        x : str
            The photo, (n, 3, h, w).
        depth : {1, 2, 3}
            Number of groups of convolutions.

        Returns
        -------
        str
            Output of the last group, before its norm.
        """
        x = self._narrow(self.writer.op("Sub", x, self.writer.constant("middle", MIDDLE)))
        x = self._conv(self._reflect(x, 3), "conv01_1")
        for index, (first, second) in enumerate(_DOWN[: depth - 1]):
            x = self.norm(x, ENCODER_NORMS[index])
            x = self._conv(self._conv(x, first, stride=2, zeros=1), second, zeros=1)
        return x

    def residual(self, x: str, name: str) -> str:
        """Write one convolution of a residual block.

        Parameters
        ----------
        x : str
            A value (n, 256, h, w).
        name : str
            Name of the convolution.

        Returns
        -------
        str
            Its output, before its norm.
        """
        return self._conv(self._reflect(x, 1), name)

    def decode(self, x: str, depth: int) -> str:
        """Write the decoder.

        Parameters
        ----------
        x : str
            The trunk's end, (n, 256, h, w).
        depth : {1, 2, 3}
            Number of groups of convolutions.

        Returns
        -------
        str
            Output of the last group before its norm; for 3 the picture, in 0..1.
        """
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
        """Write an instance norm, in fp32.

        Parameters
        ----------
        x : str
            Its input.
        name : str
            Its name.
        relu : bool
            Whether a ReLU follows.

        Returns
        -------
        str
            Its output.
        """
        x = self._wide(x)
        if self._given:
            gain, offset = (self.writer.input(f"{name}.{word}", (1, self._channels(name), 1, 1)) for word in _GIVEN)
            x = self.writer.op("Add", self.writer.op("Mul", x, gain), offset)
        else:
            scale, shift = (self._tensor(f"{name}.{word}", "fp32") for word in ("scale", "shift"))
            x = self.writer.op("InstanceNormalization", x, scale, shift, epsilon=EPS)
        return self._narrow(self.writer.op("Relu", x) if relu else x)

    def moments(self, x: str) -> tuple[str, str]:
        """Write mean and biased variance of each channel, (n, channels, 1, 1) in fp32; two reductions, so nothing cancels."""
        x = self._wide(x)
        mean = self.writer.op("ReduceMean", x, axes=[2, 3])
        away = self.writer.op("Sub", x, mean)
        return mean, self.writer.op("ReduceMean", self.writer.op("Mul", away, away), axes=[2, 3])

    def load(self, name: str, channels: int, precision: Precision) -> str:
        """Add an input (1, channels, height, width).

        Parameters
        ----------
        name : str
            Its name.
        channels : int
            Number of channels.
        precision : {"fp32", "fp16"}
            How it is stored.

        Returns
        -------
        str
            The input in the precision of the convolutions.
        """
        x = self.writer.input(name, (1, channels, "height", "width"), precision=precision)
        return x if precision == self._precision else self.writer.cast(x, self._precision)

    def store(self, x: str, precision: Precision) -> str:
        """Bring a value to the precision in which it is stored.

        Parameters
        ----------
        x : str
            The value.
        precision : {"fp32", "fp16"}
            How it is stored.

        Returns
        -------
        str
            The value in that precision.
        """
        return x if precision == self._precision else self.writer.cast(x, precision)

    def slice_rows(self, x: str, top: int, bottom: int) -> str:
        """Cut rows off.

        Parameters
        ----------
        x : str
            The value.
        top, bottom : int
            Numbers of rows.

        Returns
        -------
        str
            ``x`` without its first and last rows.
        """
        if top == bottom == 0:
            return x
        end = -bottom if bottom else np.iinfo(np.int64).max
        bounds = {"first": top, "end": end, "rows_axis": 2}
        constants = [self.writer.constant(name, np.array([value], np.int64)) for name, value in bounds.items()]
        return self.writer.op("Slice", x, *constants)

    def _channels(self, norm: str) -> int:
        return int(self._tensors[f"{norm}.scale"].shape[0])

    def _reflect(self, x: str, size: int) -> str:
        """Pad by reflection at the sides, and at the top and bottom where these are the photo's."""
        top, bottom = size * self._edges.top, size * self._edges.bottom
        pads = np.array([0, 0, top, size, 0, 0, bottom, size], np.int64)
        return self.writer.op("Pad", x, self.writer.constant(f"reflect_{size}", pads), mode="reflect")

    def _conv(self, x: str, name: str, *, stride: int = 1, zeros: int = 0) -> str:
        pads = [zeros * self._edges.top, zeros, zeros * self._edges.bottom, zeros]
        return self.writer.op("Conv", x, *self._weights(name), strides=[stride, stride], pads=pads)

    def _double(self, x: str, name: str) -> str:
        """Write a transposed 3x3 convolution to twice the size, without a strip's last row, which lacks its lower neighbour."""
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
