"""The contenders of ``attacks.py``: our engines in every precision they have, and three libraries as shipped and as tuned.

Tuned is what an expert can do without changing a library: batch norms folded, weights frozen, channels last, and bf16
by autocast or by casting the weights (which leaves nothing to cast in the loop); compiled is the same through
``torch.compile``, whose seconds of compiling are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import art.attacks.evasion
import art.estimators.classification
import foolbox
import numpy as np
import torch
import torchattacks
from networks import Photo, Subject
from numpy.typing import NDArray

from pixelpriv_fast.attacks import PGD
from pixelpriv_fast.attacks.task import AttackTask
from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.errors import PixelPrivError
from pixelpriv_fast.registry import ENGINES

EPSILON, STEP, STEPS = 4 / 255, 1 / 255, 10
PRECISIONS = ("fp32", "bf16")
PEERS = ("torchattacks", "foolbox", "art")
FORMS = ("as shipped", "tuned fp32", "tuned bf16", "tuned autocast bf16", "tuned compiled fp32", "tuned compiled bf16")

Labels = NDArray[np.int64]
Gradient = NDArray[np.float32]


@dataclass(frozen=True)
class Contender:
    """``attack`` turns photos and labels into 8-bit photos; ``gradient`` is that of its first step, for the cosine."""

    name: str
    form: str  #: "ours", "as shipped" or "tuned ..."
    precision: str
    attack: Callable[[Sequence[Photo], Labels], list[Photo]]
    gradient: Callable[[Sequence[Photo], Labels], Gradient]

    @property
    def title(self) -> str:
        return self.name if self.form == "ours" else f"{self.name}, {self.form}"


def contenders(
    subject: Subject, wanted: Sequence[str], forms: Sequence[str], say: Callable[[str], None]
) -> Iterator[Contender]:
    """Return the contenders of ``wanted`` (rows of ENGINES and names of PEERS) in ``forms`` that this machine can run.

    It prints why others cannot run.
    """
    for engine in (word for word in ENGINES if word in wanted and "ours" in forms):
        for precision in PRECISIONS:
            try:
                yield ours(subject, engine, precision)
            except PixelPrivError as error:
                say(f"{engine} {precision}: {error}")
    for peer in (word for word in PEERS if word in wanted):
        for form in (word for word in FORMS if word in forms):
            yield theirs(subject, peer, form)


def ours(subject: Subject, word: str, precision: str) -> Contender:
    engine = load_engine(subject.model, word, "cpu", None, precision)
    attack = PGD(epsilon=EPSILON, step=STEP, steps=STEPS, keep="last", stop="never")

    def run(photos: Sequence[Photo], labels: Labels) -> list[Photo]:
        flee = (tuple((int(label),) for label in labels),)
        task = AttackTask((engine,), flee, [0] * len(photos), batch=len(photos), judged=False)  # as the peers
        return [outcome.photo for outcome in attack.run(photos, task)]

    def gradient(photos: Sequence[Photo], labels: Labels) -> Gradient:
        inputs = np.stack([subject.preprocess.rounded(photo) for photo in photos])
        return engine.gradient(inputs, np.eye(engine.classes, dtype=bool)[labels])[1]

    return Contender(engine.device, "ours", engine.precision, run, gradient)


def theirs(subject: Subject, peer: str, form: str) -> Contender:
    precision = "bf16" if form.endswith("bf16") else "fp32"
    model = _model(subject, form)
    step = _STEPPERS[peer](model, subject)

    def run(photos: Sequence[Photo], labels: Labels) -> list[Photo]:
        pixels = _planar(photos, channels_last=form != "as shipped")
        attacked = step(pixels, torch.from_numpy(labels)).mul(255).round().clamp(0, 255).to(torch.uint8)
        return list(attacked.permute(0, 2, 3, 1).contiguous().numpy())

    def gradient(photos: Sequence[Photo], labels: Labels) -> Gradient:
        pixels = _planar(photos, channels_last=form != "as shipped").requires_grad_()
        loss = torch.nn.functional.cross_entropy(model(pixels), torch.from_numpy(labels), reduction="sum")
        (found,) = torch.autograd.grad(loss, pixels)
        order, gain, _ = subject.preprocess.channels
        return np.asarray(found[:, order.tolist()].numpy() / gain[:, None, None])

    return Contender(peer, form, precision, run, gradient)


def _model(subject: Subject, form: str) -> torch.nn.Module:
    if form == "as shipped":
        return subject.as_shipped()
    if form == "tuned autocast bf16":
        return Autocast(subject.as_tuned(torch.float32))
    model = subject.as_tuned(torch.bfloat16 if form.endswith("bf16") else torch.float32)
    if "compiled" in form:
        model.compile(dynamic=False)
    return model


class Autocast(torch.nn.Module):
    """``module`` under autocast, with bf16 where torch considers it safe."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module
        self.eval()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return self.module(pixels).float()


def _planar(photos: Sequence[Photo], channels_last: bool) -> torch.Tensor:
    pixels = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2).float().div(255)
    return pixels.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)


Stepper = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _torchattacks(model: torch.nn.Module, subject: Subject) -> Stepper:
    return torchattacks.PGD(model, EPSILON, STEP, STEPS, random_start=False)


def _foolbox(model: torch.nn.Module, subject: Subject) -> Stepper:
    """Use ``run`` instead of a call, which would classify once more."""
    victim = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
    attack = foolbox.attacks.LinfPGD(abs_stepsize=STEP, steps=STEPS, random_start=False)
    return lambda pixels, labels: attack.run(victim, pixels, foolbox.Misclassification(labels), epsilon=EPSILON)


def _art(model: torch.nn.Module, subject: Subject) -> Stepper:
    classifier = art.estimators.classification.PyTorchClassifier(
        model,
        torch.nn.CrossEntropyLoss(),
        (3, *subject.preprocess.size),
        subject.judge.classes,
        clip_values=(0.0, 1.0),
        device_type="cpu",
    )
    attack = art.attacks.evasion.ProjectedGradientDescentPyTorch(
        classifier, eps=EPSILON, eps_step=STEP, max_iter=STEPS, batch_size=1024, verbose=False
    )
    return lambda pixels, labels: torch.from_numpy(attack.generate(pixels.numpy(), y=labels.numpy()))


_STEPPERS: dict[str, Callable[[torch.nn.Module, Subject], Stepper]] = {
    "torchattacks": _torchattacks,
    "foolbox": _foolbox,
    "art": _art,
}
