"""A preprocessing and its transpose as torch operations: tables gathered tap by tap, the same on every device.

Pixels stand last-axis-colour, (n, height, width, 3), so that a network's input in channels-last order is a view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ...kernels.filters import AxisFilter
from ...models.preprocess import Preprocess


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """One direction of one axis: output i is ``sum(weights[t, i] * input[index[t, i]])`` over taps t.

    Attributes
    ----------
    index : Tensor of int64, shape (taps, outputs)
        Input read by each tap of each output.
    weights : Tensor of float32, shape (taps, outputs)
        Its weight.

    Notes
    -----
    Choice: a gather a tap rather than one matrix product. A product would be rounded to TF32 wherever the process
    allows that, costs more than the network itself on a photo of 12 megapixels, and sums in another order.
    """

    index: torch.Tensor
    weights: torch.Tensor

    @classmethod
    def forward(cls, axis: AxisFilter, device: torch.device) -> Axis:
        """Make the table from pixels to samples, as the kernel ``resize_lattice`` reads them.

        Parameters
        ----------
        axis : AxisFilter
            The filter.
        device : torch.device
            Where the table is needed.

        Returns
        -------
        Axis
            The table.
        """
        taps = np.arange(axis.weights.shape[1])
        return cls._of(axis.starts[:, None] + taps, axis.weights, device)

    @classmethod
    def transposed(cls, axis: AxisFilter, size: int, device: torch.device) -> Axis:
        """Make the table from samples back to pixels.

        Windows never start earlier than those before, so a pixel's readers are neighbours, and a pixel without readers
        gets weight 0.

        Parameters
        ----------
        axis : AxisFilter
            The filter.
        size : int
            Number of pixels.
        device : torch.device
            Where the table is needed.

        Returns
        -------
        Axis
            The table.
        """
        outputs, taps = axis.weights.shape
        pixels = np.arange(size)
        first = np.searchsorted(axis.starts + taps, pixels, side="right")
        last = np.searchsorted(axis.starts, pixels, side="right")
        reader = first[:, None] + np.arange(max(1, int((last - first).max())))
        inside = reader < last[:, None]
        reader = np.minimum(reader, outputs - 1)
        tap = np.clip(pixels[:, None] - axis.starts[reader], 0, taps - 1)
        return cls._of(reader, np.where(inside, axis.weights[reader, tap], 0.0), device)

    @classmethod
    def _of(cls, index: npt.NDArray[np.integer], weights: npt.NDArray[np.floating], device: torch.device) -> Axis:
        return cls(
            torch.from_numpy(index.T.astype(np.int64, order="C")).to(device),
            torch.from_numpy(weights.T.astype(np.float32, order="C")).to(device),
        )

    def __call__(self, values: torch.Tensor, dim: int) -> torch.Tensor:
        """Apply the table.

        Parameters
        ----------
        values : Tensor of float32
            What is resampled.
        dim : int
            The axis along which it is.

        Returns
        -------
        Tensor of float32
            The outputs.
        """
        shape = [1] * values.ndim
        shape[dim] = -1
        total = values.index_select(dim, self.index[0]) * self.weights[0].view(shape)
        for tap in range(1, len(self.index)):
            total.addcmul_(values.index_select(dim, self.index[tap]), self.weights[tap].view(shape))
        return total


@dataclass(frozen=True, slots=True, eq=False)
class DeviceGeometry:
    """``Preprocess.exact`` and ``Preprocess.adjoint`` of a whole batch of photos of one size.

    Attributes
    ----------
    rows, columns : Axis
        From pixels to samples.
    rows_back, columns_back : Axis
        From samples to pixels.
    order, order_back : Tensor of int64, shape (3,)
        Order of the channels, and its inverse.
    gain, bias : Tensor of float32, shape (3,)
        What normalises the channels.
    """

    rows: Axis
    columns: Axis
    rows_back: Axis
    columns_back: Axis
    order: torch.Tensor
    order_back: torch.Tensor
    gain: torch.Tensor
    bias: torch.Tensor

    @classmethod
    def of(cls, preprocess: Preprocess, size: tuple[int, int], device: torch.device) -> DeviceGeometry:
        """Make the geometry of a photo size.

        Parameters
        ----------
        preprocess : Preprocess
            The network's preprocessing.
        size : (int, int)
            Height and width of the photos.
        device : torch.device
            Where they are.

        Returns
        -------
        DeviceGeometry
            The tables.

        Raises
        ------
        PhotoError
            If the photos are too small.
        """
        rows, columns = preprocess.geometry.axes(*size)
        order, gain, bias = (torch.from_numpy(array.copy()).to(device) for array in preprocess.channels)
        return cls(
            Axis.forward(rows, device),
            Axis.forward(columns, device),
            Axis.transposed(rows, size[0], device),
            Axis.transposed(columns, size[1], device),
            order.long(),
            order.long().argsort(),
            gain,
            bias,
        )

    def input(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return inputs (n, 3, h, w) float32, channels last, of pixels (n, H, W, 3) float32 in grey levels."""
        small = self.columns(self.rows(pixels, 1), 2).index_select(3, self.order)
        return torch.addcmul(self.bias, small, self.gain).permute(0, 3, 1, 2)

    def adjoint(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return the pixels' gradient (n, H, W, 3) float32, per grey level, of the input's (n, 3, h, w)."""
        small = (gradient.permute(0, 2, 3, 1).float() * self.gain).index_select(3, self.order_back)
        return self.columns_back(self.rows_back(small, 1), 2)
