"""``Protector``: photos in, protected and verified photos out, batched; the stages themselves stand in ``stages``."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..codecs import EncodeOptions, Limits, check_options
from ..codecs.sources import Source, name_of, weight
from ..engines import load_engine
from ..enhance.contract import NetworkEnhancement
from ..errors import UsageError
from ..metrics import Metric, available, create
from ..models import Store, load_model
from ..registry import METRICS
from . import steps as stages
from .deadline import Patience
from .flow import Steps, flow
from .networks import Networks, load_networks
from .recipes import Recipe
from .result import Result
from .retries import RETRY_SLOTS, ladder
from .steps import Look, Skip, Work

#: Every record carries these keys; the value of a metric that was not asked for is None.
METRIC_KEYS = ("psnr", "ssim", "nima")

#: Raised where other files are written for the same settings. 2: passes of other sizes, other searches and lifts; 3: lifts
#: in integers, photos side by side.
_GENERATION = 3

#: What photos on their way through the stages may hold together by default, in bytes; one photo may hold more.
MEMORY = 2 << 30

#: Batches that go together where photos leave an attack early. More would keep slots fuller, and results wait longer.
_REFILLS = 4


class Protector:
    """Protects photos with one recipe against one or several classifiers. May be shared by threads.

    ``recipe``: a word such as "contrast+least_likely" or a ``Recipe``. ``classifier``: one name or several; the attack
    then works on the mean of their losses and a photo is protected only if every one is fooled. ``models``: a folder
    searched before ``$PIXELPRIV_MODELS`` and the user's data folder. ``device``: "auto", "cpu" or "cuda".
    ``engine``: who computes gradients, "auto", "torch" or "onnx"; ``precision``: theirs, "auto", "fp32", "bf16" or
    "fp16" (what stops an attack and what a verdict says is always fp32). ``seed``: the user's seed; each photo's own comes
    from it and the photo's content. ``encoding``: format, quality and metadata policy of saved files; ``metrics``:
    names from the registry, measured on the result against the oriented original; None takes every one whose network,
    if it has one, is in the store. ``retry``: whether a file that
    encoding made visible again is attacked further and encoded better; False keeps the recipe's own rules only.
    ``timeout``: seconds that a photo may take, its share of what a batch does together; None waits. ``workers``: threads
    that decode and encode beside the networks; None is one a core. They change the speed and nothing else. ``memory``:
    bytes that photos on their way may hold together; a larger photo goes alone.

    Networks are loaded on first use or by ``warm_up``. Raises ``UsageError``, ``ModelError`` or ``DeviceError``.
    """

    def __init__(
        self,
        recipe: str | Recipe = "contrast+least_likely",
        *,
        classifier: str | Sequence[str] = "efficientnet_lite0",
        models: str | Path | None = None,
        device: str = "auto",
        engine: str = "auto",
        precision: str = "auto",
        seed: int = 0,
        encoding: EncodeOptions | None = None,
        limits: Limits | None = None,
        metrics: Sequence[str] | None = None,
        retry: bool = True,
        timeout: float | None = None,
        workers: int | None = None,
        memory: int = MEMORY,
    ) -> None:
        self._models = Path(models) if models is not None else None
        self.recipe = Recipe.parse(recipe).equipped(models=self._models, device=device)
        self.classifier_names = (classifier,) if isinstance(classifier, str) else tuple(classifier)
        if not self.classifier_names:
            raise UsageError("no classifier given; name at least one, for example 'efficientnet_lite0'")
        self.encoding = encoding or EncodeOptions()
        check_options(self.encoding)
        self.limits = limits or Limits()
        self.seed = seed
        self.retry = retry
        self.timeout = timeout
        self.workers = workers or len(os.sched_getaffinity(0))
        self.memory = memory
        self._device = device
        self._engine = engine
        self._precision = precision
        self._metrics = _metrics(metrics, models=self._models, device=device)
        self._loaded: Networks | None = None
        self._lock = threading.Lock()

    @property
    def device(self) -> str:
        """What really runs, see ``Networks.device``. Loads the networks."""
        return self._networks().device

    @property
    def repeatable(self) -> bool:
        """Whether the networks promise a photo the same bytes whatever is beside it. Loads them."""
        return self._networks().repeatable

    @property
    def ready(self) -> bool:
        """Whether the classifiers' files are there, so that loading them builds nothing."""
        store = Store(self._models)
        return all(name.endswith(".onnx") or store.find(name) is not None for name in self.classifier_names)

    def settings(self) -> dict[str, Any]:
        """Everything that a photo's file depends on besides the photo and rounding, as plain values that JSON can hold:
        the recipe's fields, the networks' hashes, the encoding, the seed. Loads the networks."""
        networks = self._networks()
        enhancement = self.recipe.enhancement
        models = {c.name: c.model.sha256 for c in networks.classifiers}
        if isinstance(enhancement, NetworkEnhancement):
            models[enhancement.network] = Store(self._models).load(enhancement.network).sha256
        return self.recipe.parameters() | {
            "classifiers": [c.name for c in networks.classifiers],
            "models": models,
            "precision": [victim.precision for victim in networks.victims],
            "encoding": asdict(self.encoding),
            "retry": self.retry,
            "seed": self.seed,
            "generation": _GENERATION,
        }

    def load(self, batch: int = 1) -> None:
        """Loads the networks, prepared for ``batch`` photos at a time. Raises ``ModelError`` or ``DeviceError``."""
        for victim in self._networks(batch).victims:
            victim.prepare(batch)

    def warm_up(self, size: tuple[int, int] = (256, 256), batch: int = 1) -> None:
        """Loads the networks for ``batch`` photos at a time and runs a grey photo of ``size`` (height, width) through
        every stage, so that the first real photo does not pay for it. ``protect`` works with a batch of 1."""
        grey = np.full((*size, 3), 128, np.uint8)
        grey[::7, ::5] = 90  # some structure: a constant photo would take the short cuts
        self.load(batch)
        for _ in self.stream([grey], batch=batch):
            pass

    def close(self) -> None:
        """Frees the networks (in a forked child it only lets go of them); a later call loads them again. Not while
        another thread uses this protector."""
        loaded, self._loaded = self._loaded, None  # no lock: in a forked child nobody might ever release it
        if loaded is not None:
            loaded.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def protect(self, source: Source, *, label: int | Sequence[int] | None = None) -> Result:
        """Protects one photo (path, bytes, PIL image, or (height, width, 3) uint8 RGB array) and returns its result,
        judged on the 8-bit pixels; ``result.save`` judges the file. ``label``: the accepted class or classes where
        they are known. Raises ``PhotoError`` when the photo cannot be read."""
        (result,) = self.stream([source], batch=1, labels=[label])
        if result.error is not None:
            raise result.error
        return result

    def stream(
        self,
        sources: Iterable[Source],
        batch: int = 16,
        *,
        labels: Iterable[int | Sequence[int] | None] | None = None,
        encode: bool = False,
        skip: Skip | None = None,
        look: Look | None = None,
    ) -> Iterator[Result]:
        """Results in the order of ``sources``, ``batch`` at a time. Every network pass has as many slots, or as few as
        its engine is fastest with, full or not: a photo's result depends on ``batch``, never on the photos beside it.

        Sources are read and decoded ahead and files encoded behind, in threads; closing the generator ends them. A
        photo that fails yields a result with status "failed" and its error; it never ends the stream. With ``encode``
        every photo is encoded as ``encoding`` says, judged on the decoded file, and carries its bytes. ``skip`` is
        asked, in any thread, with each file and the sha256 of its bytes before it is decoded; where it gives a reason,
        the result's status is "skipped". ``look`` is shown, in any thread, each photo that did not fail.
        """
        if batch < 1:
            raise UsageError(f"batch is {batch}; it must be at least 1")
        paired = ((source, None) for source in sources) if labels is None else zip(sources, labels, strict=True)
        patience = Patience(self.timeout)
        works = (Work(name_of(source), source, _indices(label), patience) for source, label in paired)
        steps = Steps(
            weigh=lambda work: weight(work.source),
            read=partial(stages.read_one, limits=self.limits, skip=skip),
            prepare=self._prepare,
            together=partial(self._attack, batch=batch),
            finish=partial(self._finish, batch=batch, encode=encode, look=look),
            abandoned=patience.gone.set,
        )
        for work in flow(works, steps, workers=self.workers, batch=self.together(batch), memory=self.memory):
            work.patience = Patience()  # ``Result.save`` has all the time
            yield self._result(work, batch)

    def together(self, batch: int) -> int:
        """How many photos go through the stages together: more than a ``batch`` where photos leave the attack early, so
        that the next ones take their slots."""
        attack = self.recipe.attack
        return batch * (_REFILLS if attack is not None and attack.ends_early else 1)

    def _prepare(self, work: Work) -> None:
        stages.decode_one(work, limits=self.limits, seed=self.seed)
        stages.enhance_all([work], self.recipe.enhancement)

    def _attack(self, works: list[Work], *, batch: int) -> None:
        networks = self._networks(batch)
        stages.classify_originals(works, networks.classifiers, batch)
        stages.attack_all(works, self.recipe.attack, networks.victims, batch)

    def _finish(self, works: list[Work], *, batch: int, encode: bool, look: Look | None) -> None:
        if encode:
            self._encode_until_protected(works, batch, self.encoding)
        else:
            stages.verify_pixels(works, self._networks().classifiers, batch)
        stages.measure(works, self._metrics, METRIC_KEYS)
        if look is not None:
            stages.show(works, look)

    def _encode_until_protected(self, works: Sequence[Work], batch: int, options: EncodeOptions) -> None:
        """Encodes and verifies; a photo whose file is not protected goes up the ladder of retries."""
        networks = self._networks()
        stages.encode_and_verify(works, networks.classifiers, options, self.limits, batch)
        stronger = self.recipe.attack.stronger() if self.recipe.attack is not None else None
        if not self.retry or stronger is None:
            return
        for retry in ladder(options):
            pending = [work for work in works if work.alive and not work.verdict.protected and retry.helps(work)]
            if retry.stronger:
                stages.attack_all(pending, stronger, networks.victims, RETRY_SLOTS)
            stages.encode_and_verify(pending, networks.classifiers, retry.options, self.limits, RETRY_SLOTS)

    def _save(self, work: Work, batch: int, result: Result, format_name: str) -> None:
        """``Result.save``'s way back: the same photo, encoded in ``format_name`` and judged as a file."""
        self._encode_until_protected([work], batch, replace(self.encoding, format=format_name))
        stages.measure([work], self._metrics, METRIC_KEYS)
        self._fill(result, work)

    def _result(self, work: Work, batch: int) -> Result:
        result = Result(work.name, self.recipe.word, ",".join(self.classifier_names))
        # Not bound to the result: a cycle would keep large photos alive.
        result._save = partial(self._save, work, batch)
        self._fill(result, work)
        return result

    def _fill(self, result: Result, work: Work) -> None:
        result.device = self.device
        result.seconds, result.attempts, result.encoded = work.seconds, work.attempts, work.encoded
        result.source_sha256 = work.sha256
        if work.error is not None:
            result.status, result.reason, result.error = "failed", str(work.error), work.error
            return
        if work.skipped is not None:
            result.status, result.reason = "skipped", work.skipped
            return
        result._image, result._original, result._verdict = work.result_pixels, work.photo.pixels, work.verdict
        result.status = "protected" if work.verdict.protected else "unprotected"
        result.reason = "" if work.verdict.protected else stages.why_not(work)

    def _networks(self, batch: int = 1) -> Networks:
        """What is loaded; the call that loads it prepares the victims for ``batch`` photos at a time."""
        with self._lock:
            if self._loaded is None:
                models = [load_model(name, self._models) for name in self.classifier_names]
                victim = partial(load_engine, engine=self._engine, device=self._device, precision=self._precision)
                self._loaded = load_networks(models, self.recipe.attack, self._device, victim, batch, self._precision)
            return self._loaded


def protect(source: Source, recipe: str | Recipe = "contrast+least_likely", **options: Any) -> Result:
    """Protects one photo: ``Protector(recipe, **options).protect(source)``. For more than one photo keep a
    ``Protector``: it loads its networks once."""
    label = options.pop("label", None)
    return Protector(recipe, **options).protect(source, label=label)


def _metrics(names: Sequence[str] | None, **options: Any) -> dict[str, Metric]:
    if names is not None:
        return {METRICS.canonical(name): create(name, **options) for name in names}
    every = {name: create(name, **options) for name in METRICS}
    return {name: metric for name, metric in every.items() if available(metric)}


def _indices(label: int | Sequence[int] | None) -> tuple[int, ...]:
    if label is None:
        return ()
    return (label,) if isinstance(label, int) else tuple(label)
