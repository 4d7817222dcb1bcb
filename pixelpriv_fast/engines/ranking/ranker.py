"""Rough logits of one classifier: in 8 bits where they pay, else in 16, or in fp32 where nothing is faster."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from time import perf_counter

import numpy as np

from ...errors import DeviceError, ModelError
from ...graph import build_forward, build_quantised, build_ranged, parse, proof_key
from ...models import Preprocess, StampedModel
from ...runtime import Provider, version
from ...runtime.device import fast_int8, threads
from ...runtime.forks import Guard
from ...types import Floats, Logits
from ...words import Precision
from ..checks import checked_logits
from ..onnx.batches import CompiledBatch, CompiledBatches, Key, batch_and_requests, compiled, in_flight
from ..records import keep_record, read_record
from .decision import RankingChoice, quickest, rough_error
from .protocol import RankingPrecision, RankingRequest, Ranks
from .synthetic_photos import synthetic_candidates

_LOG = logging.getLogger(__name__)

#: (inputs, batch) -> logits in fp32.
Exact = Callable[[Floats, int | None], Logits]

#: ``Ranks.error`` where it was not measured. Choice: above the errors of bf16 on three networks
#: (``benchmarks/decisions/spatial_agreement.py`` prints them); fp16 has three bits more.
ASSUMED_ERRORS: Mapping[Precision, float] = {"fp32": 0.0, "bf16": 0.1, "fp16": 0.02}

#: Synthetic photos of a trial, the candidates of each (the number that the attack has by default), and timed rounds.
_PHOTOS, _CANDIDATES, _ROUNDS = 4, 11, 3
#: Version of trials; a change makes kept ones void.
_TRIAL = 2


class Ranker(Ranks):
    """Rough logits of one classifier on one provider. Everything is made on first use. Any thread may call.

    Parameters
    ----------
    model : StampedModel
        The classifier.
    provider : Provider
        What runs it.
    precision : Precision
        The provider's fastest precision that is not 8-bit.
    requested : {"auto", "int8", "fp32", "bf16", "fp16"}
        "auto" for what pays, "int8", or ``precision`` and nothing else.
    exact : callable
        (inputs, batch) -> logits in fp32: what judges.
    """

    def __init__(
        self, model: StampedModel, provider: Provider, precision: Precision, requested: RankingRequest, exact: Exact
    ) -> None:
        self._model, self._provider, self._requested, self._exact = model, provider, requested, exact
        self._default = RankingChoice(precision, ASSUMED_ERRORS[precision])
        self._chosen = None if requested in ("auto", "int8") else self._default
        self._lock = threading.Lock()
        self._batches = CompiledBatches(self._make)
        self._guard = Guard(f"{model.stamp.name} ranking's")

    @property
    def choice(self) -> RankingChoice:
        """How candidates are ranked. The first call of all may try it out."""
        self._guard.check()
        with self._lock:
            if self._chosen is None:
                self._chosen = self._found()
            return self._chosen

    @property
    def precision(self) -> RankingPrecision:
        """The precision of rough logits."""
        return self.choice.precision

    @property
    def error(self) -> float:
        """Standard deviation of rough log-odds over one photo's candidates."""
        return self.choice.error

    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        """Compute rough logits."""
        choice = self.choice
        if choice.precision == "fp32":
            return checked_logits(self._model.stamp.name, self._exact(inputs, batch))
        key = choice.precision, in_flight(self._provider, batch or len(inputs))
        (logits,) = self._batches.get(key)(inputs)
        return checked_logits(self._model.stamp.name, logits)

    def close(self) -> None:
        """Close every session. A forked child closes nothing."""
        self._guard.close()
        if not self._guard.foreign:
            self._batches.close()

    def _make(self, key: Key) -> CompiledBatch:
        return self._compiled(self.choice, key[1])

    def _compiled(self, choice: RankingChoice, wanted: int) -> CompiledBatch:
        """Compile ``choice`` for batches of ``wanted`` candidates."""
        batch, requests = batch_and_requests(self._provider, in_flight(self._provider, wanted))
        model, shape, logits = parse(self._model.data), self._shape(batch), self._model.stamp.output
        if choice.precision != "int8":
            built = build_forward(model, shape, logits=logits)
            return compiled(built.SerializeToString(), self._provider, choice.precision, requests)
        built = build_quantised(model, shape, np.array(choice.ranges, np.float32), logits=logits)
        return compiled(built.SerializeToString(), self._provider, "fp32", requests)

    def _shape(self, batch: int) -> tuple[int, int, int, int]:
        return batch, 3, *self._preprocess.size

    @property
    def _preprocess(self) -> Preprocess:
        assert self._model.stamp.preprocess is not None  # engines are made of classifiers
        return self._model.stamp.preprocess

    def _found(self) -> RankingChoice:
        """Return the choice that was kept, else try now and keep it, where 8 bits are in question at all."""
        if self._requested == "auto" and not (self._provider.device == "cpu" and fast_int8()):
            return self._default
        setting = f"ranking {_TRIAL}, {self._requested}:{self._provider.name}:{self._default.precision}:{threads()}"
        key = proof_key(self._model.data, setting, version(self._provider.name))
        path = self._model.folder / "rankings" / f"{key}.json" if self._model.folder is not None else None
        try:
            return RankingChoice.from_dict(read_record(path))
        except (KeyError, TypeError, ValueError):
            pass
        try:
            choice = self._tried()
        except (ModelError, DeviceError) as error:
            if self._requested == "int8":
                raise DeviceError(f"{self._model.stamp.name} cannot be ranked in 8 bits: {error}") from error
            _LOG.info("%s: no ranking in 8 bits: %s", self._model.stamp.name, error)
            return self._default
        keep_record(path, choice.as_dict())
        return choice

    def _tried(self) -> RankingChoice:
        """Choose 8 bits, the default or fp32 alone: the least time for the candidates of synthetic photos."""
        _LOG.info("trying what ranks %s on %s, once", self._model.stamp.name, self._provider.title)
        candidates = synthetic_candidates(self._preprocess, _PHOTOS, _CANDIDATES)
        inputs = candidates.reshape(-1, *candidates.shape[2:])
        exact, ranges = self._ranged(inputs)
        with ExitStack() as stack:
            ours = stack.enter_context(closing(self._compiled(RankingChoice("int8", 0.0, ranges), _CANDIDATES)))
            shape = (_PHOTOS, _CANDIDATES, -1)
            exact, rough = exact.reshape(shape), ours(inputs)[0].reshape(shape)
            choice = RankingChoice("int8", rough_error(exact, rough), ranges)
            if self._requested == "int8":
                return choice
            calls: dict[str, Callable[[Floats], object]] = {"int8": ours, "fp32": self._one_by_one}
            if self._default.precision not in calls:
                calls[self._default.precision] = stack.enter_context(
                    closing(self._compiled(self._default, _CANDIDATES))
                )
            seconds = _timed(calls, candidates[0])
        words = ", ".join(f"{name} {1e3 * value:.1f}" for name, value in seconds.items())
        _LOG.info("ms a candidate: %s; error in int8 %.3f", words, choice.error)
        choices = dict.fromkeys((self._default, choice, RankingChoice("fp32", 0.0)))
        return quickest(exact, [(one, seconds[one.precision]) for one in choices], seconds["fp32"])

    def _one_by_one(self, inputs: Floats) -> None:
        """Compute in fp32, as those are judged that a ranking leaves."""
        for row in inputs:
            self._exact(row[None], 1)

    def _ranged(self, inputs: Floats) -> tuple[Logits, tuple[tuple[float, ...], ...]]:
        """Return the logits in fp32, and the ranges of what the layers read."""
        batch, requests = batch_and_requests(self._provider, in_flight(self._provider, _CANDIDATES))
        built = build_ranged(parse(self._model.data), self._shape(batch), logits=self._model.stamp.output)
        with closing(compiled(built.SerializeToString(), self._provider, "fp32", requests)) as measured:
            logits, seen = measured(inputs)
        return logits, tuple(tuple(map(float, ends)) for ends in (seen[:, 0].min(axis=0), seen[:, 1].max(axis=0)))


def _timed(calls: Mapping[str, Callable[[Floats], object]], inputs: Floats) -> dict[str, float]:
    """Return the minimum seconds that a candidate of ``inputs`` takes by each call."""
    best = dict.fromkeys(calls, math.inf)
    for round_ in range(1 + _ROUNDS):
        for name, call in calls.items():
            begin = perf_counter()
            call(inputs)
            if round_:  # the first one makes buffers
                best[name] = min(best[name], (perf_counter() - begin) / len(inputs))
    return best
