"""Gradients by PyTorch: frozen weights, folded batch norms, channels last, and the input's gradient alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import DeviceError, ModelError
from ..models import CARDS, StampedModel, in_slots, load_state_dict
from ..models.architectures import network
from ..types import Floats, Logits
from .protocol import ClassSets
from .torch_folding import folded

if TYPE_CHECKING:
    from ..models.preprocess import Preprocess

#: Photos in one pass; more run in chunks. Past this size nothing gets faster, only larger.
MAX_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class TorchEngine:
    """A ``GradientEngine`` on one torch device. Made by ``TorchEngine.of``; changes no global setting of torch."""

    name: str
    preprocess: Preprocess
    classes: int
    device: str
    precision: str
    module: torch.nn.Module
    torch_device: torch.device

    @classmethod
    def of(cls, name: str, module: torch.nn.Module, preprocess: Preprocess, device: str = "auto") -> TorchEngine:
        """``module`` maps (n, 3, h, w) float32 to (n, classes) logits; it is taken over: frozen, folded and moved.

        ``device``: "auto", "cpu" or "cuda". Raises ``DeviceError`` where CUDA is asked for and does not work,
        ``ModelError`` where the module's answers have another shape.
        """
        target = _torch_device(device)
        module = module.eval().requires_grad_(False)
        module = folded(module.float().cpu(), preprocess.size).requires_grad_(False)
        module = module.to(device=target, memory_format=torch.channels_last)  # type: ignore[call-overload]
        engine = cls(name, preprocess, 0, f"torch {target.type} fp32", "fp32", module, target)
        answer = engine._forward(np.zeros((1, 3, *preprocess.size), np.float32))
        if answer.ndim != 2 or answer.shape[0] != 1 or answer.shape[1] < 2:
            raise ModelError(f"{name}: answers of shape {tuple(answer.shape)}, expected (photos, classes)")
        return cls(name, preprocess, int(answer.shape[1]), engine.device, "fp32", module, target)

    def prepare(self, slots: int) -> None:
        """See ``GradientEngine.prepare``: nothing is compiled."""

    def close(self) -> None:
        """See ``GradientEngine.close``."""

    def logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.logits``."""
        if slots is not None:
            return in_slots(lambda full: [self.logits(full)], slots, inputs)[0]
        chunks = [self._forward(inputs[i : i + MAX_BATCH]) for i in range(0, len(inputs), MAX_BATCH)]
        return self._finite(np.concatenate([chunk.cpu().numpy() for chunk in chunks]))

    def gradient(self, inputs: Floats, accepted: ClassSets, slots: int | None = None) -> tuple[Logits, Floats]:
        """See ``GradientEngine.gradient``."""
        if slots is not None:
            z, g = in_slots(self.gradient, slots, inputs, accepted)
            return z, g
        parts = [
            self._gradient(inputs[i : i + MAX_BATCH], accepted[i : i + MAX_BATCH])
            for i in range(0, len(inputs), MAX_BATCH)
        ]
        logits, gradients = zip(*parts, strict=True)
        return self._finite(np.concatenate(logits)), np.concatenate(gradients)

    def _forward(self, inputs: Floats) -> torch.Tensor:
        with torch.inference_mode():
            answer: torch.Tensor = self.module(self._load(inputs))
        return answer

    def _gradient(self, inputs: Floats, accepted: ClassSets) -> tuple[Logits, Floats]:
        x = self._load(inputs).requires_grad_()
        with torch.enable_grad():
            z = self.module(x)
        seed = _seed(z.detach(), torch.from_numpy(accepted).to(self.torch_device))
        (gradient,) = torch.autograd.grad(z, x, seed)
        planar = gradient.contiguous(memory_format=torch.contiguous_format)
        return z.detach().cpu().numpy(), planar.cpu().numpy()

    def _load(self, inputs: Floats) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(inputs)).to(self.torch_device)
        return tensor.contiguous(memory_format=torch.channels_last)

    def _finite(self, logits: Logits) -> Logits:
        if not np.isfinite(logits).all():
            raise ModelError(f"{self.name}: its logits are not finite; its weights are damaged, import them again")
        return logits


def load(model: StampedModel, device: str = "auto", precision: str = "auto") -> TorchEngine:
    """The engine of a stamped classifier. Raises ``ModelError`` for one whose architecture is not known here."""
    stamp = model.stamp
    card = CARDS.get(stamp.name)
    if card is None or stamp.kind != "classifier" or stamp.preprocess is None:
        raise ModelError(f"{stamp.name}: PyTorch has no architecture for it; known: {', '.join(CARDS)}")
    return TorchEngine.of(stamp.name, network(card, load_state_dict(model)), stamp.preprocess, device)


def _seed(z: torch.Tensor, accepted: torch.Tensor) -> torch.Tensor:
    """The derivative of the log-odds of leaving the accepted set by the logits."""
    outside = z.masked_fill(accepted, -torch.inf).softmax(1)
    return outside - z.masked_fill(~accepted, -torch.inf).softmax(1)


def _torch_device(device: str) -> torch.device:
    works = torch.cuda.is_available()
    if device == "cuda" and not works:
        raise DeviceError("device 'cuda' was asked for, but this PyTorch finds no CUDA GPU; use --device cpu or auto")
    return torch.device("cuda" if works and device != "cpu" else "cpu")
