"""``Protector``: photos in, protected and verified photos out, batched; the stages themselves stand in ``stages``."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from . import stages
from .attacks import Victim
from .codecs import EncodeOptions, Limits, check_options
from .engines import ForwardEngine, load_engine
from .errors import UsageError
from .metrics import Metric, available, create
from .models import Classifier, load_classifier
from .recipes import Recipe
from .registry import METRICS
from .result import Result
from .sources import Source, name_of
from .stages import Work

#: Every record carries these keys; the value of a metric that was not asked for is None.
METRIC_KEYS = ("psnr", "ssim", "nima")

#: A group is closed before its photos hold more pixels than this, so that memory does not follow the photos' size.
_BATCH_PIXELS = 32_000_000

#: Batches that go through the stages together where photos leave an attack early. More would keep slots fuller (the
#: last ones of a group run half empty) and let the first results wait longer.
_REFILLS = 4


@dataclass(frozen=True, slots=True)
class _Networks:
    """What is loaded once and shared by every call: judges (fp32) and the attack's victims, in classifier order."""

    classifiers: tuple[Classifier, ...]
    victims: tuple[Victim, ...]


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
        self._device = device
        self._engine = engine
        self._precision = precision
        self._metrics = _metrics(metrics, models=self._models, device=device)
        self._loaded: _Networks | None = None
        self._lock = threading.Lock()

    @property
    def device(self) -> str:
        """What really runs, as "verdict on cpu (OpenVINO), attack on onnx OpenVINO bf16". Loads the networks."""
        networks = self._networks()
        parts = [f"verdict on {networks.classifiers[0].device}"]
        parts += [f"attack on {victim.device}" for victim in networks.victims[:1]]
        return ", ".join(parts)

    def warm_up(self, size: tuple[int, int] = (256, 256), batch: int = 1) -> None:
        """Loads the networks, prepares passes of ``batch`` photos and runs a grey photo of ``size`` (height, width)
        through every stage, so that the first real photo does not pay for it. ``protect`` works with a batch of 1."""
        grey = np.full((*size, 3), 128, np.uint8)
        grey[::7, ::5] = 90  # some structure: a constant photo would take the short cuts
        for victim in self._networks().victims:
            victim.prepare(batch)
        for _ in self.stream([grey], batch=batch):
            pass

    def close(self) -> None:
        """Frees the networks; a later call loads them again. Not while another thread uses this protector."""
        with self._lock:
            loaded, self._loaded = self._loaded, None
        if loaded is not None:
            for victim in loaded.victims:
                victim.close()
            for classifier in loaded.classifiers:
                classifier.close()

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
    ) -> Iterator[Result]:
        """Results in the order of ``sources``. Every network pass has ``batch`` slots, full or not: a photo's result
        depends on ``batch``, never on the photos beside it.

        A photo that fails yields a result with status "failed" and its error; it never ends the stream. With
        ``encode`` every photo is encoded as ``encoding`` says, judged on the decoded file, and carries its bytes.
        """
        if batch < 1:
            raise UsageError(f"batch is {batch}; it must be at least 1")
        paired = ((source, None) for source in sources) if labels is None else zip(sources, labels, strict=True)
        for works in self._groups(paired, batch * self._passes()):
            self._run(works, batch, encode)
            yield from (self._result(work, batch) for work in works)

    def _passes(self) -> int:
        """How many batches go through the stages together: more than one where photos leave the attack early, so that
        the next ones take their slots."""
        attack = self.recipe.attack
        return _REFILLS if attack is not None and attack.ends_early else 1

    def _groups(self, sources: Iterable[tuple[Source, int | Sequence[int] | None]], most: int) -> Iterator[list[Work]]:
        """Decoded photos, ``most`` at a time (fewer where photos are large)."""
        works: list[Work] = []
        pixels = 0
        for source, label in sources:
            work = Work(name_of(source), _indices(label))
            stages.each([work], partial(stages.decode_one, source, limits=self.limits, seed=self.seed))
            size = work.photo.pixels.size // 3 if work.alive else 0
            if works and (len(works) == most or pixels + size > _BATCH_PIXELS):
                yield works
                works, pixels = [], 0
            works.append(work)
            pixels += size
        if works:
            yield works

    def _run(self, works: list[Work], slots: int, encode: bool) -> None:
        networks = self._networks()
        stages.classify_originals(works, networks.classifiers, slots)
        stages.enhance_all(works, self.recipe.enhancement)
        stages.attack_all(works, self.recipe.attack, networks.victims, slots)
        if encode:
            self._encode_until_protected(works, slots, self.encoding)
        else:
            stages.verify_pixels(works, networks.classifiers, slots)
        stages.measure(works, self._metrics, METRIC_KEYS)

    def _encode_until_protected(self, works: Sequence[Work], slots: int, options: EncodeOptions) -> None:
        """Encodes and verifies; a photo whose file is not protected goes up the ladder of retries."""
        networks = self._networks()
        stages.encode_and_verify(works, networks.classifiers, options, self.limits, slots)
        stronger = self.recipe.attack.stronger() if self.recipe.attack is not None else None
        if not self.retry or stronger is None:
            return
        for retry in stages.ladder(options):
            pending = [work for work in works if work.alive and not work.verdict.protected and retry.helps(work)]
            if retry.stronger:
                stages.attack_all(pending, stronger, networks.victims, slots)
            stages.encode_and_verify(pending, networks.classifiers, retry.options, self.limits, slots)

    def _save(self, work: Work, slots: int, result: Result, format_name: str) -> None:
        """``Result.save``'s way back: the same photo, encoded in ``format_name`` and judged as a file."""
        self._encode_until_protected([work], slots, replace(self.encoding, format=format_name))
        stages.measure([work], self._metrics, METRIC_KEYS)
        self._fill(result, work)

    def _result(self, work: Work, slots: int) -> Result:
        result = Result(work.name, self.recipe.word, ",".join(self.classifier_names))
        result._save = partial(
            self._save, work, slots
        )  # not bound to the result: a cycle would keep large photos alive
        self._fill(result, work)
        return result

    def _fill(self, result: Result, work: Work) -> None:
        result.device = self.device
        result.seconds, result.attempts, result.encoded = work.seconds, work.attempts, work.encoded
        if work.error is not None:
            result.status, result.reason, result.error = "failed", str(work.error), work.error
            return
        result._image, result._original, result._verdict = work.result_pixels, work.photo.pixels, work.verdict
        result.status = "protected" if work.verdict.protected else "unprotected"
        result.reason = "" if work.verdict.protected else _why_not(work)

    def _networks(self) -> _Networks:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> _Networks:
        classifiers = tuple(load_classifier(name, self._models, self._device) for name in self.classifier_names)
        if self.recipe.attack is None:
            return _Networks(classifiers, ())
        if not self.recipe.attack.needs_gradient:
            return _Networks(classifiers, tuple(ForwardEngine(classifier) for classifier in classifiers))
        victims = tuple(
            load_engine(c.model, self._engine, self._device, precision=self._precision) for c in classifiers
        )
        return _Networks(classifiers, victims)


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


def _why_not(work: Work) -> str:
    """Which classifier is not fooled, and what it still says."""
    for judgement, flee in zip(work.verdict.judgements, work.subject.flee, strict=True):
        if judgement.after.index in flee:
            return f"{judgement.classifier} still says {judgement.after.label} ({judgement.after.probability:.2f})"
    return "not protected"
