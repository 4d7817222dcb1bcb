"""What ranks an attack's candidates before fp32 judges those that are left: 8 bits where they pay, else 16, or nothing."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from time import perf_counter

import numpy as np

from ..errors import DeviceError, ModelError
from ..graph import build_forward, build_quantised, build_ranged, parse, proof_key
from ..models import Preprocess, StampedModel
from ..runtime import Provider, version
from ..runtime.device import fast_int8, threads
from ..runtime.forks import Guard
from ..types import Floats, Logits
from ..words import Precision
from .eight_bits import Rank, quickest, rough_error
from .made_photos import made_candidates
from .onnx.passes import Key, Pass, Passes, at_once, compiled, in_lanes
from .protocol import ROUGH_ERRORS
from .records import keep_record, read_record

_LOG = logging.getLogger(__name__)

#: (inputs, slots) -> logits in fp32.
Exact = Callable[[Floats, int | None], Logits]

#: Made photos of a trial, the candidates of each (as many as the attack has of itself), and how often each way is timed.
_PHOTOS, _CANDIDATES, _ROUNDS = 4, 11, 3
#: Counts changes that make kept trials void.
_TRIAL = 2


class Ranking:
    """The rough logits of one classifier on ``provider``; everything is made on first use. Any thread may call.

    ``precision``: the fastest but for 8 bits; ``wish``: "auto" for what pays, "int8", or ``precision`` and nothing else;
    ``exact``: what judges. Raises ``DeviceError`` where the provider fails or 8 bits that were asked for cannot be had.
    """

    def __init__(self, model: StampedModel, provider: Provider, precision: Precision, wish: str, exact: Exact) -> None:
        self._model, self._provider, self._wish, self._exact = model, provider, wish, exact
        self._other = Rank(precision, ROUGH_ERRORS[precision])
        self._rank = None if wish in ("auto", "int8") else self._other
        self._lock = threading.Lock()
        self._passes = Passes(self._make)
        self._guard = Guard(f"{model.stamp.name} ranking's")

    @property
    def rank(self) -> Rank:
        """What ranks. The first call of all may try it out."""
        self._guard.check()
        with self._lock:
            if self._rank is None:
                self._rank = self._found()
            return self._rank

    def logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.rough_logits``."""
        rank = self.rank
        if rank.precision == "fp32":
            return self._exact(inputs, slots)
        key = rank.precision, at_once(self._provider, slots or len(inputs))
        (logits,) = self._passes.get(key)(inputs)
        return logits

    def close(self) -> None:
        """Closes every session; in a forked child nothing."""
        self._guard.close()
        if not self._guard.foreign:
            self._passes.close()

    def _make(self, key: Key) -> Pass:
        return self._pass(self.rank, key[1])

    def _pass(self, rank: Rank, wanted: int) -> Pass:
        """``wanted``: the slots that the caller wants."""
        slots, lanes = in_lanes(self._provider, at_once(self._provider, wanted))
        model, shape, logits = parse(self._model.data), self._shape(slots), self._model.stamp.output
        if rank.precision != "int8":
            built = build_forward(model, shape, logits=logits)
            return compiled(built.SerializeToString(), self._provider, rank.precision, lanes)
        built = build_quantised(model, shape, np.array(rank.ranges, np.float32), logits=logits)
        return compiled(built.SerializeToString(), self._provider, "fp32", lanes)

    def _shape(self, slots: int) -> tuple[int, int, int, int]:
        return slots, 3, *self._preprocess.size

    @property
    def _preprocess(self) -> Preprocess:
        assert self._model.stamp.preprocess is not None  # engines are made of classifiers
        return self._model.stamp.preprocess

    def _found(self) -> Rank:
        """The rank that was kept, else tried now and kept, where 8 bits come into question at all."""
        if self._wish == "auto" and not (self._provider.device == "cpu" and fast_int8()):
            return self._other
        setting = f"ranking {_TRIAL}, {self._wish}:{self._provider.name}:{self._other.precision}:{threads()}"
        key = proof_key(self._model.data, setting, version(self._provider.name))
        path = self._model.folder / "rankings" / f"{key}.json" if self._model.folder is not None else None
        try:
            return Rank.from_dict(read_record(path))
        except (KeyError, TypeError, ValueError):
            pass
        try:
            rank = self._tried()
        except (ModelError, DeviceError) as error:
            if self._wish == "int8":
                raise DeviceError(f"{self._model.stamp.name} cannot be ranked in 8 bits: {error}") from error
            _LOG.info("%s: no ranking in 8 bits: %s", self._model.stamp.name, error)
            return self._other
        keep_record(path, rank.as_dict())
        return rank

    def _tried(self) -> Rank:
        """8 bits, the other way or fp32 alone: what takes the least time for the candidates of made photos."""
        _LOG.info("trying what ranks %s on %s, once", self._model.stamp.name, self._provider.title)
        candidates = made_candidates(self._preprocess, _PHOTOS, _CANDIDATES)
        inputs = candidates.reshape(-1, *candidates.shape[2:])
        exact, ranges = self._ranged(inputs)
        with ExitStack() as stack:
            ours = stack.enter_context(closing(self._pass(Rank("int8", 0.0, ranges), _CANDIDATES)))
            shape = (_PHOTOS, _CANDIDATES, -1)
            exact, rough = exact.reshape(shape), ours(inputs)[0].reshape(shape)
            rank = Rank("int8", rough_error(exact, rough), ranges)
            if self._wish == "int8":
                return rank
            calls: dict[str, Callable[[Floats], object]] = {"int8": ours, "fp32": self._one_by_one}
            if self._other.precision not in calls:
                calls[self._other.precision] = stack.enter_context(closing(self._pass(self._other, _CANDIDATES)))
            seconds = _timed(calls, candidates[0])
        words = ", ".join(f"{name} {1e3 * value:.1f}" for name, value in seconds.items())
        _LOG.info("ms a candidate: %s; error in int8 %.3f", words, rank.error)
        ranks = dict.fromkeys((self._other, rank, Rank("fp32", 0.0)))
        return quickest(exact, [(one, seconds[one.precision]) for one in ranks], seconds["fp32"])

    def _one_by_one(self, inputs: Floats) -> None:
        """In fp32, as those are judged that a ranking leaves."""
        for row in inputs:
            self._exact(row[None], 1)

    def _ranged(self, inputs: Floats) -> tuple[Logits, tuple[tuple[float, ...], ...]]:
        """The logits in fp32, and the ranges of what the layers read."""
        slots, lanes = in_lanes(self._provider, at_once(self._provider, _CANDIDATES))
        built = build_ranged(parse(self._model.data), self._shape(slots), logits=self._model.stamp.output)
        with closing(compiled(built.SerializeToString(), self._provider, "fp32", lanes)) as measured:
            logits, seen = measured(inputs)
        return logits, tuple(tuple(map(float, ends)) for ends in (seen[:, 0].min(axis=0), seen[:, 1].max(axis=0)))


def _timed(calls: Mapping[str, Callable[[Floats], object]], inputs: Floats) -> dict[str, float]:
    """The fewest seconds that a candidate of ``inputs`` takes by each."""
    best = dict.fromkeys(calls, math.inf)
    for round_ in range(1 + _ROUNDS):
        for name, call in calls.items():
            begin = perf_counter()
            call(inputs)
            if round_:  # the first one makes buffers
                best[name] = min(best[name], (perf_counter() - begin) / len(inputs))
    return best
