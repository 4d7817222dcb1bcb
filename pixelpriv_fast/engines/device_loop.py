"""Several steps of a lattice attack taken on the network's device, without looking at them from the host."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from ..types import Offsets, Pixels
from .protocol import ClassSets


class DeviceLoop(Protocol):
    """The loop of a lattice attack on the device. Calls leave no state behind; any thread may call."""

    @abstractmethod
    def run(
        self,
        starts: Pixels,
        offsets: Offsets,
        accepted: ClassSets,
        *,
        step: int,
        bound: int,
        units: int,
        steps: int,
        batch: int | None = None,
    ) -> Offsets:
        """Take ``steps`` times ``GradientEngine.gradient`` and ``Preprocess.step`` for photos of one size.

        Parameters
        ----------
        starts : ndarray of uint8, shape (n, H, W, 3)
            The photos.
        offsets : ndarray of int8, shape (n, H, W, 3)
            Offsets before the first step, in units of which ``units`` make a grey level.
        accepted : ndarray of bool, shape (n, classes)
            As for ``GradientEngine.gradient``.
        step : int
            Step size in units; a negative one descends.
        bound : int
            Radius of the ball in units.
        units : int
            Units in a grey level.
        steps : int
            Number of steps, at least 1.
        batch : int or None
            As for ``GradientEngine.gradient``.

        Returns
        -------
        ndarray of int8, shape (n, H, W, 3)
            Offsets inside the ball and 0..255 by construction. They differ from the host's only where a gradient is
            at rounding level.

        Raises
        ------
        ModelError, PhotoError
            As ``GradientEngine.gradient``.
        """


@runtime_checkable
class OffersDeviceLoop(Protocol):
    """An engine that may have a device-side loop."""

    @property
    def device_loop(self) -> DeviceLoop | None:
        """The loop, or None where the host is as fast."""
