"""The torch engine's device-side loop: whole steps as one program a photo size, recorded in a CUDA graph on a GPU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...models import in_batches
from ...models.preprocess import Preprocess
from ...runtime.forks import Guard
from ...types import Offsets, Pixels
from ..checks import checked_gradient
from ..device_loop import DeviceLoop
from ..protocol import ClassSets
from .graphs import Array, Program, Programs
from .resize import DeviceGeometry
from .step import lattice_step


@dataclass(frozen=True, slots=True, eq=False)
class TorchDeviceLoop(DeviceLoop):
    """A lattice attack's steps as one torch program a photo size.

    Attributes
    ----------
    name : str
        The classifier's name.
    module : torch.nn.Module
        The network, in ``dtype``.
    dtype : torch.dtype
        Its number format.
    preprocess : Preprocess
        What makes its inputs.
    classes : int
        Number of classes.
    device : torch.device
        Where it is.
    programs : Programs
        Recorded functions; the keys of this class begin with "loop".
    guard : Guard
        Notices calls after a fork.
    max_batch : int
        Maximum number of photos in a program where the caller does not say.
    """

    name: str
    module: torch.nn.Module
    dtype: torch.dtype
    preprocess: Preprocess
    classes: int
    device: torch.device
    programs: Programs
    guard: Guard
    max_batch: int

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
        """Run the steps as one program."""
        self.guard.check()
        batch = batch or min(len(starts), self.max_batch)
        size = starts.shape[1], starts.shape[2]
        program = self.programs.get(("loop", batch, size), lambda: self._program(batch, size))
        numbers = [np.array(number, np.int16) for number in (step, bound, units)]

        def run(*rows: Array) -> list[Array]:
            return program([*rows, *numbers, np.array(np.inf, np.float32)], steps)

        moved, flattest = in_batches(run, batch, starts, offsets, accepted)
        checked_gradient(self.name, flattest[:, None])
        return moved

    def _program(self, batch: int, size: tuple[int, int]) -> Program:
        geometry = DeviceGeometry.of(self.preprocess, size, self.device)

        def take_one_step(
            start: torch.Tensor,
            offsets: torch.Tensor,
            accepted: torch.Tensor,
            step: torch.Tensor,
            bound: torch.Tensor,
            units: torch.Tensor,
            flattest: torch.Tensor,
        ) -> tuple[torch.Tensor, ...]:
            moved, steepest = lattice_step(
                self.module, self.dtype, geometry, start, offsets, accepted, step, bound, units
            )
            steepest = steepest + 0 * steepest  # infinity becomes NaN, which a minimum keeps
            return offsets.copy_(moved), flattest.copy_(torch.minimum(flattest, steepest))

        photos = (batch, *size, 3)
        accepted = torch.zeros(batch, self.classes, dtype=torch.bool)
        accepted[:, 0] = True
        buffers = [
            torch.zeros(photos, dtype=torch.uint8),
            torch.zeros(photos, dtype=torch.int8),
            accepted,
            *(torch.ones((), dtype=torch.int16) for _ in range(3)),
            torch.ones(batch),
        ]
        return Program(take_one_step, [buffer.to(self.device) for buffer in buffers], self.device)
