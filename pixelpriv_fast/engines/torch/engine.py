"""Gradients by PyTorch: frozen weights, folded batch norms, channels last, and the input's gradient alone.

Choice: no ``torch.compile`` on a CPU. It compiled for 8 to 48 s a network and precision, and its gradients at batch 8 took
1.6 to 2.6 times as long as these; no script in the tree measures it any more.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from ...errors import ModelError
from ...models import CARDS, StampedModel, equal_batch, in_batches, load_state_dict
from ...models.architectures import network
from ...runtime.forks import Guard, let_torch_compute
from ...runtime.providers import UNTRIED
from ...types import Floats, Logits
from ...words import Precision
from ..checks import checked_gradient, checked_logits
from ..device_loop import DeviceLoop
from ..protocol import ClassSets, GradientEngine
from .device_loop import TorchDeviceLoop
from .exact import call_rules
from .folding import folded
from .graphs import Array, Program, Programs
from .precision import DTYPES, gradient_precision, torch_device
from .step import input_gradient

if TYPE_CHECKING:
    from ...models.preprocess import Preprocess

#: Maximum number of photos in a network call where the caller does not say; more run in chunks. Past this nothing gets
#: faster, only larger.
MAX_BATCH = 32
#: The same on a CPU. Choice: the fastest of 4, 8 and 32 in fp32, and level with 4 in bf16
#: (``benchmarks/decisions/engine_steps.py --engines torch --batches 4,8,32``).
_MAX_BATCH_ON_CPU = 8


@dataclass(frozen=True, slots=True, eq=False)
class TorchEngine(GradientEngine):
    """A gradient engine on one torch device. Made by ``TorchEngine.of``; changes no global setting of torch.

    Attributes
    ----------
    name, preprocess, classes, device, precision
        As in ``GradientEngine``.
    module : torch.nn.Module
        Computes gradients, in ``precision``.
    exact : torch.nn.Module
        Computes logits, in fp32; the same module where that is the precision.
    torch_device : torch.device
        Where both are.
    programs : Programs
        Recorded functions.
    guard : Guard
        Notices calls after a fork.
    """

    # ``field()`` says that there is no default: without it the protocol's property of that name would be taken for one.
    name: str = field()
    preprocess: Preprocess = field()
    classes: int = field()
    device: str = field()
    precision: Precision = field()
    module: torch.nn.Module
    exact: torch.nn.Module
    torch_device: torch.device
    programs: Programs
    guard: Guard

    @classmethod
    def of(
        cls,
        name: str,
        module: torch.nn.Module,
        preprocess: Preprocess,
        device: str = "auto",
        precision: str = "fp32",
    ) -> TorchEngine:
        """Make an engine of a module.

        Parameters
        ----------
        name : str
            The classifier's name.
        module : torch.nn.Module
            Maps (n, 3, h, w) float32 to (n, classes) logits. It is taken over: frozen, folded and moved.
        preprocess : Preprocess
            What makes its inputs.
        device : {"auto", "cpu", "cuda"}
            Where it runs.
        precision : {"auto", "fp32", "bf16", "fp16"}
            Precision of gradients.

        Returns
        -------
        TorchEngine
            The engine.

        Raises
        ------
        DeviceError
            If this machine cannot meet the request.
        ModelError
            If the module's answers have another shape.
        """
        let_torch_compute()
        guard = Guard(f"{name} torch", torch=True)
        target = torch_device(device)
        word = gradient_precision(precision, target)
        module = module.eval().requires_grad_(False)
        module = folded(module.float().cpu(), preprocess.size).requires_grad_(False)
        exact = module.to(device=target, memory_format=torch.channels_last)  # type: ignore[call-overload]
        rough = exact if word == "fp32" else copy.deepcopy(exact).to(DTYPES[word])
        title = f"torch {target.type} {word}" + (f" ({UNTRIED})" if target.type == "cuda" else "")
        engine = cls(name, preprocess, 0, title, word, rough, exact, target, Programs(), guard)
        (answer,) = engine._logits(np.zeros((1, 3, *preprocess.size), np.float32))
        if answer.ndim != 2 or answer.shape[0] != 1 or answer.shape[1] < 2:
            raise ModelError(f"{name}: answers of shape {tuple(answer.shape)}, expected (photos, classes)")
        return dataclasses.replace(engine, classes=int(answer.shape[1]))

    @property
    def repeatable(self) -> bool:
        """Whether answers are bit-identical in any batch: on a CPU."""
        return self.torch_device.type == "cpu"

    @property
    def max_batch(self) -> int | None:
        """Preferred maximum number of photos per call."""
        return _MAX_BATCH_ON_CPU if self.torch_device.type == "cpu" else None

    @property
    def device_loop(self) -> DeviceLoop | None:
        """The device-side loop; None on a CPU, where the host's kernels are faster."""
        return self.loop_here() if self.torch_device.type == "cuda" else None

    def loop_here(self) -> TorchDeviceLoop:
        """Make the loop on whatever device this is."""
        dtype = DTYPES[self.precision]
        return TorchDeviceLoop(
            self.name,
            self.module,
            dtype,
            self.preprocess,
            self.classes,
            self.torch_device,
            self.programs,
            self.guard,
            MAX_BATCH,
        )

    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        """Compute logits in fp32."""
        self.guard.check()
        (logits,) = in_batches(self._logits, self._size(inputs, batch), inputs)
        return checked_logits(self.name, logits)

    def gradient(self, inputs: Floats, accepted: ClassSets, batch: int | None = None) -> tuple[Logits, Floats]:
        """Compute logits and gradients."""
        self.guard.check()
        size = self._size(inputs, batch)
        run = self._run(size)
        logits, gradient = in_batches(lambda *rows: run(rows), size, inputs, accepted)
        return checked_logits(self.name, logits), checked_gradient(self.name, gradient)

    def prepare(self, batch: int) -> None:
        """Let the libraries make their plans, on a GPU a recording, by a first call.

        Its answers are not looked at: a network may have no gradient at zeros.
        """
        self.guard.check()
        batch = equal_batch(batch, self.max_batch)
        inputs = np.zeros((batch, 3, *self.preprocess.size), np.float32)
        accepted = np.zeros((batch, self.classes), np.bool_)
        accepted[:, 0] = True
        self._run(batch)((inputs, accepted))
        self._logits(inputs)

    def close(self) -> None:
        """Give back what recordings hold of the GPU's memory."""
        self.guard.close()
        if not self.guard.foreign:
            self.programs.clear()

    def _size(self, inputs: Floats, batch: int | None) -> int:
        """Return the static number of photos in a network call."""
        return equal_batch(batch or min(len(inputs), MAX_BATCH), self.max_batch)

    def _logits(self, inputs: Floats) -> list[Logits]:
        with call_rules(self.torch_device):
            x = torch.from_numpy(np.ascontiguousarray(inputs)).to(self.torch_device, torch.float32)
            answer: torch.Tensor = self.exact(x.contiguous(memory_format=torch.channels_last))
            return [answer.float().cpu().numpy()]

    def _run(self, batch: int) -> Callable[[Sequence[Array]], list[Array]]:
        """Return what maps (inputs, accepted) of ``batch`` photos to [logits, gradient]."""
        return self._gradient if self.torch_device.type == "cpu" else self._program(batch)

    def _gradient(self, rows: Sequence[Array]) -> list[Array]:
        """Run on a CPU: nothing is shared, so threads do not wait for each other."""
        with call_rules(self.torch_device):
            return [result.numpy() for result in self._static(*(torch.from_numpy(row) for row in rows))]

    def _program(self, batch: int) -> Program:
        def make() -> Program:
            inputs = torch.zeros((batch, 3, *self.preprocess.size), device=self.torch_device)
            accepted = torch.zeros((batch, self.classes), dtype=torch.bool, device=self.torch_device)
            accepted[:, 0] = True
            return Program(self._static, (inputs, accepted), self.torch_device)

        return self.programs.get(("gradient", batch), make)

    def _static(self, inputs: torch.Tensor, accepted: torch.Tensor) -> tuple[torch.Tensor, ...]:
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        logits, gradient = input_gradient(self.module, DTYPES[self.precision], inputs, accepted)
        return logits, gradient.contiguous(memory_format=torch.contiguous_format)


def load(model: StampedModel, device: str = "auto", precision: str = "auto") -> TorchEngine:
    """Make the engine of a stamped classifier.

    Parameters
    ----------
    model : StampedModel
        The classifier.
    device : {"auto", "cpu", "cuda"}
        Where it runs.
    precision : {"auto", "fp32", "bf16", "fp16"}
        Precision of gradients.

    Returns
    -------
    TorchEngine
        The engine.

    Raises
    ------
    ModelError
        If its architecture is not known here.
    DeviceError
        If this machine cannot meet the request.
    """
    stamp = model.stamp
    card = CARDS.get(stamp.name)
    if card is None or stamp.kind != "classifier" or stamp.preprocess is None:
        raise ModelError(f"{stamp.name}: PyTorch has no architecture for it; known: {', '.join(CARDS)}")
    return TorchEngine.of(stamp.name, network(card, load_state_dict(model)), stamp.preprocess, device, precision)
