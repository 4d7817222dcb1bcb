"""The networks behind a ``Protector``: those that judge and those that are attacked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..attacks import Attack, Victim
from ..engines import ForwardEngine
from ..models import Classifier, StampedModel, load_classifier


@dataclass(frozen=True, slots=True)
class Networks:
    """What is loaded once and shared by every call: judges (fp32) and the attack's victims, in classifier order."""

    classifiers: tuple[Classifier, ...]
    victims: tuple[Victim, ...]

    @property
    def device(self) -> str:
        """What really runs, as "verdict on cpu (OpenVINO), attack on onnx OpenVINO bf16"."""
        parts = [f"verdict on {self.classifiers[0].device}"]
        parts += [f"attack on {victim.device}" for victim in self.victims[:1]]
        return ", ".join(parts)

    @property
    def repeatable(self) -> bool:
        """Whether all of them are, see ``GradientEngine.repeatable``; judges are where the CPU runs them."""
        judges = (judge.session.provider.device == "cpu" for judge in self.classifiers)
        return all(judges) and all(victim.repeatable for victim in self.victims)

    def close(self) -> None:
        """Frees them all."""
        for victim in self.victims:
            victim.close()
        for classifier in self.classifiers:
            classifier.close()


def load_networks(
    models: Sequence[StampedModel],
    attack: Attack | None,
    device: str,
    load_victim: Callable[[StampedModel], Victim],
    slots: int,
    precision: str = "auto",
) -> Networks:
    """A judge of each model, and what ``attack`` needs: nothing, the judges themselves (ranking in ``precision``), or a
    victim of each by ``load_victim``, prepared for passes of ``slots`` photos. Raises ``ModelError`` or
    ``DeviceError``."""
    if attack is None or not attack.needs_gradient:
        judges = tuple(load_classifier(model, None, device) for model in models)
        return Networks(
            judges, tuple(ForwardEngine(judge, precision) for judge in judges) if attack is not None else ()
        )

    def prepared(model: StampedModel) -> Victim:
        victim = load_victim(model)
        victim.prepare(slots)
        return victim

    with ThreadPoolExecutor(1) as beside:  # both compile for half a second
        victims = beside.map(prepared, models)
        return Networks(tuple(load_classifier(model, None, device) for model in models), tuple(victims))
