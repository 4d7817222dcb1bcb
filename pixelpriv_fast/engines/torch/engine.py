"""Gradients by PyTorch: frozen weights, folded batch norms, channels last, and the input's gradient alone.

Choice: no ``torch.compile`` on a CPU. On two busy cores it compiled for 31 to 48 s a network and precision (8 to 12 s on
quiet ones), and its gradients at batch 8 took longer than these: SqueezeNet 0.41 s against 0.26 s in fp32, EfficientNet
1.26 s against 0.48 s (best of nine interleaved rounds).
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ...errors import ModelError
from ...models import CARDS, StampedModel, in_slots, load_state_dict, pass_size
from ...models.architectures import network
from ...runtime.forks import Guard, let_torch_compute
from ...runtime.providers import UNTRIED
from ...types import Floats, Logits
from ...words import Precision
from ..checks import checked_gradient, checked_logits
from ..protocol import ROUGH_ERRORS, ClassSets
from ..walker import Walker
from .exact import call_rules
from .folding import folded
from .graphs import Array, Program, Programs
from .precision import DTYPES, gradient_precision, torch_device
from .step import input_gradient
from .walker import TorchWalker

if TYPE_CHECKING:
    from ...models.preprocess import Preprocess

#: Photos in one pass where the caller does not say; more run in chunks. Past this nothing gets faster, only larger.
MAX_BATCH = 32
#: Photos in one pass on a CPU. Choice: fp32 steps of 4, 8 and 32 SqueezeNet-Places365 photos ran at 37, 70 and 51 photos a
#: second on two cores, of EfficientNet-Lite0 at 21, 36 and 13; bf16 ones at 127, 124, 118 and 50, 54, 49
#: (``benchmarks/engine_steps.py --engines torch --batches 4,8,32``).
_MOST_ON_CPU = 8


@dataclass(frozen=True, slots=True, eq=False)
class TorchEngine:
    """A ``GradientEngine`` on one torch device. Made by ``TorchEngine.of``; changes no global setting of torch.

    ``module`` computes gradients in ``precision``, ``exact`` logits in fp32 (the same module where that is the
    precision). ``walker``: takes whole steps on the device; None on a CPU, where the host's kernels are faster.
    """

    name: str
    preprocess: Preprocess
    classes: int
    device: str
    precision: Precision
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
        """``module`` maps (n, 3, h, w) float32 to (n, classes) logits; it is taken over: frozen, folded and moved.

        ``device``: "auto", "cpu" or "cuda". ``precision`` of gradients: "auto", "fp32", "bf16" or "fp16". Raises
        ``DeviceError`` for a wish that this machine cannot meet, ``ModelError`` where the module's answers have
        another shape.
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
    def rough_precision(self) -> str:
        return self.precision

    @property
    def rough_error(self) -> float:
        return ROUGH_ERRORS[self.precision]

    @property
    def repeatable(self) -> bool:
        return self.torch_device.type == "cpu"

    @property
    def most(self) -> int | None:
        return _MOST_ON_CPU if self.torch_device.type == "cpu" else None

    @property
    def walker(self) -> Walker | None:
        return self.device_walker() if self.torch_device.type == "cuda" else None

    def device_walker(self) -> TorchWalker:
        """The walker on whatever device this is."""
        dtype = DTYPES[self.precision]
        return TorchWalker(
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

    def logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.logits``."""
        self.guard.check()
        (logits,) = in_slots(self._logits, self._size(inputs, slots), inputs)
        return checked_logits(self.name, logits)

    def rough_logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.rough_logits``."""
        self.guard.check()
        run = self._logits if self.precision == "fp32" else self._rough_logits
        (logits,) = in_slots(run, self._size(inputs, slots), inputs)
        return checked_logits(self.name, logits)

    def gradient(self, inputs: Floats, accepted: ClassSets, slots: int | None = None) -> tuple[Logits, Floats]:
        """See ``GradientEngine.gradient``."""
        self.guard.check()
        size = self._size(inputs, slots)
        run = self._run(size)
        logits, gradient = in_slots(lambda *rows: run(rows), size, inputs, accepted)
        return checked_logits(self.name, logits), checked_gradient(self.name, gradient)

    def prepare(self, slots: int) -> None:
        """See ``GradientEngine.prepare``: the first pass makes the libraries' plans, on a GPU a recording. Its answers are
        not looked at: a network may have no gradient at zeros."""
        self.guard.check()
        slots = pass_size(slots, self.most)
        inputs = np.zeros((slots, 3, *self.preprocess.size), np.float32)
        accepted = np.zeros((slots, self.classes), np.bool_)
        accepted[:, 0] = True
        self._run(slots)((inputs, accepted))
        self._logits(inputs)

    def close(self) -> None:
        """See ``GradientEngine.close``: gives back what recordings hold of the GPU's memory."""
        self.guard.close()
        if not self.guard.foreign:
            self.programs.clear()

    def _size(self, inputs: Floats, slots: int | None) -> int:
        """The static number of photos in one pass."""
        return pass_size(slots or min(len(inputs), MAX_BATCH), self.most)

    def _logits(self, inputs: Floats) -> list[Logits]:
        return self._forward(self.exact, torch.float32, inputs)

    def _rough_logits(self, inputs: Floats) -> list[Logits]:
        return self._forward(self.module, DTYPES[self.precision], inputs)

    def _forward(self, module: torch.nn.Module, dtype: torch.dtype, inputs: Floats) -> list[Logits]:
        with call_rules(self.torch_device):
            x = torch.from_numpy(np.ascontiguousarray(inputs)).to(self.torch_device, dtype)
            answer: torch.Tensor = module(x.contiguous(memory_format=torch.channels_last))
            return [answer.float().cpu().numpy()]

    def _run(self, slots: int) -> Callable[[Sequence[Array]], list[Array]]:
        """(inputs, accepted) of ``slots`` photos -> [logits, gradient]."""
        return self._gradient if self.torch_device.type == "cpu" else self._program(slots)

    def _gradient(self, rows: Sequence[Array]) -> list[Array]:
        """On a CPU: nothing shared, so threads do not wait for each other."""
        with call_rules(self.torch_device):
            return [result.numpy() for result in self._static(*(torch.from_numpy(row) for row in rows))]

    def _program(self, slots: int) -> Program:
        def make() -> Program:
            inputs = torch.zeros((slots, 3, *self.preprocess.size), device=self.torch_device)
            accepted = torch.zeros((slots, self.classes), dtype=torch.bool, device=self.torch_device)
            accepted[:, 0] = True
            return Program(self._static, (inputs, accepted), self.torch_device)

        return self.programs.get(("gradient", slots), make)

    def _static(self, inputs: torch.Tensor, accepted: torch.Tensor) -> tuple[torch.Tensor, ...]:
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        logits, gradient = input_gradient(self.module, DTYPES[self.precision], inputs, accepted)
        return logits, gradient.contiguous(memory_format=torch.contiguous_format)


def load(model: StampedModel, device: str = "auto", precision: str = "auto") -> TorchEngine:
    """The engine of a stamped classifier. Raises ``ModelError`` for one whose architecture is not known here."""
    stamp = model.stamp
    card = CARDS.get(stamp.name)
    if card is None or stamp.kind != "classifier" or stamp.preprocess is None:
        raise ModelError(f"{stamp.name}: PyTorch has no architecture for it; known: {', '.join(CARDS)}")
    return TorchEngine.of(stamp.name, network(card, load_state_dict(model)), stamp.preprocess, device, precision)
