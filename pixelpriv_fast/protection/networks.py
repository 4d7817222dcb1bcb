"""The networks behind a ``Protector``: those that judge and those that are attacked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..attacks import Attack, Victim
from ..engines import ForwardEngine, ScoreEngine, load_engine, load_score_engine, rough_beside
from ..engines.ranking.ranker import Ranker
from ..errors import ModelError
from ..models import Classifier, StampedModel, Store, load_classifier, load_model


@dataclass(frozen=True, slots=True)
class Networks:
    """What is loaded once and shared by every call.

    Attributes
    ----------
    classifiers : tuple of Classifier
        The judges, fp32.
    victims : tuple of Victim
        What the attack works on, in the classifiers' order; () without an attack.
    scorer : ScoreEngine or None
        The network whose rating the attack raises; None where no attack of the recipe asks for one.
    rankers : tuple of Ranker
        What answers roughly beside the victims, in their order; () where no attack asks or nothing is gained.
    """

    classifiers: tuple[Classifier, ...]
    victims: tuple[Victim, ...]
    scorer: ScoreEngine | None = None
    rankers: tuple[Ranker, ...] = ()

    @property
    def device(self) -> str:
        """What really runs, as "verdict on cpu (OpenVINO), attack on onnx OpenVINO bf16"."""
        parts = [f"verdict on {self.classifiers[0].device}"]
        parts += [f"attack on {victim.device}" for victim in self.victims[:1]]
        parts += [f"appeal on {self.scorer.device}"] if self.scorer is not None else []
        return ", ".join(parts)

    @property
    def repeatable(self) -> bool:
        """Whether all of them are, see ``GradientEngine.repeatable``; judges are where the CPU runs them."""
        judges = (judge.session.provider.device == "cpu" for judge in self.classifiers)
        return all(judges) and all(engine.repeatable for engine in self.engines)

    def close(self) -> None:
        """Free them all."""
        for engine in (*self.engines, *self.rankers):
            engine.close()
        for classifier in self.classifiers:
            classifier.close()

    @property
    def engines(self) -> tuple[Victim | ScoreEngine, ...]:
        """Everything that the attack works with."""
        return self.victims if self.scorer is None else (*self.victims, self.scorer)


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Which networks to load, and how they run.

    Attributes
    ----------
    classifiers : tuple of str
        Their names.
    attacks : tuple of Attack
        What the victims are for.
    models : Path or None
        A folder to look in first.
    device : str
        "auto", "cpu" or "cuda", or a provider's name.
    engine : str
        The gradient engine: "auto", "torch" or "onnx".
    precision : str
        Of gradients and of ranking: "auto", "fp32", "bf16" or "fp16".
    """

    classifiers: tuple[str, ...]
    attacks: tuple[Attack, ...]
    models: Path | None
    device: str
    engine: str
    precision: str

    @property
    def ready(self) -> bool:
        """Whether the classifiers' files are there, so that loading them builds nothing. Unknown names are refused."""
        store = Store(self.models)
        files = [store.find_known(name) for name in self.classifiers if not name.endswith(".onnx")]
        return None not in files

    @property
    def classes(self) -> int:
        """The number of classes that every classifier has, read off their files. Raises ``ModelError`` where one is missing."""
        return min(len(load_model(name, self.models).stamp.labels or ()) for name in self.classifiers)

    def load(self, batch: int) -> Networks:
        """Load a judge for each classifier, and what the attack needs.

        That is nothing, the judges themselves, or a gradient engine for each, prepared for ``batch`` photos in a call, and
        a score engine if it asks for appeal.

        Raises
        ------
        ModelError
            If a network is missing or damaged.
        DeviceError
            If the device cannot be had.
        """
        models = [load_model(name, self.models) for name in self.classifiers]
        if not self.attacks:
            return Networks(self._judges(models), ())
        if not any(attack.needs_gradient for attack in self.attacks):
            judges = self._judges(models)
            return Networks(judges, tuple(ForwardEngine(judge, self.precision) for judge in judges))

        def prepared(model: StampedModel) -> Victim:
            victim = load_engine(model, engine=self.engine, device=self.device, precision=self.precision)
            victim.prepare(batch)
            return victim

        scorer = self._scorer()  # before anything is compiled: it may be missing
        with ThreadPoolExecutor(1) as beside:  # both compile for half a second
            victims = beside.map(prepared, models)
            judges = self._judges(models)
            if scorer is not None:
                scorer.prepare(batch)
            found = tuple(victims)
            return Networks(judges, found, scorer, self._rankers(judges, found))

    def _scorer(self) -> ScoreEngine | None:
        if not any(attack.wants_appeal for attack in self.attacks):
            return None
        try:
            return load_score_engine(models=self.models, device=self.device, precision=self.precision)
        except ModelError as error:
            raise type(error)(f"appeal needs a network that rates photos: {error}") from error

    def _rankers(self, judges: Sequence[Classifier], victims: Sequence[Victim]) -> tuple[Ranker, ...]:
        """Make what answers roughly, in the gradients' precision: a trial of 8 bits would be felt in a short run."""
        if not any(attack.asks_roughly for attack in self.attacks):
            return ()
        made = [rough_beside(judge, victim.precision) for judge, victim in zip(judges, victims, strict=True)]
        rankers = tuple(ranker for ranker in made if ranker is not None)
        return rankers if len(rankers) == len(made) else ()

    def _judges(self, models: list[StampedModel]) -> tuple[Classifier, ...]:
        return tuple(load_classifier(model, None, self.device) for model in models)


class LazyNetworks:
    """Networks that are loaded when they are first asked for. May be shared by threads.

    Parameters
    ----------
    options : NetworkOptions
        Which networks to load.
    """

    def __init__(self, options: NetworkOptions) -> None:
        self.options = options
        self._loaded: Networks | None = None
        self._lock = threading.Lock()

    def get(self, batch: int = 1) -> Networks:
        """Return the networks; the call that loads them prepares the victims for ``batch`` photos at a time."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self.options.load(batch)
            return self._loaded

    def close(self) -> None:
        """Free the networks (a forked child only lets go of them); a later call loads them again."""
        loaded, self._loaded = self._loaded, None  # no lock: in a forked child nothing might ever release it
        if loaded is not None:
            loaded.close()
