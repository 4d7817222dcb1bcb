"""What ranks an attack's candidates before fp32 judges the few that are left: 8 bits where they pay, else 16 or fp32."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import perf_counter

import numpy as np

from ..errors import DeviceError, ModelError
from ..graph import build_forward, build_quantised, build_ranged, parse, proof_key
from ..models import StampedModel
from ..runtime import Provider, version
from ..runtime.device import fast_int8, threads
from ..types import Floats, Logits
from .eight_bits import Rank, pays, rough_error
from .made_photos import made_candidates
from .onnx_passes import Key, Pass, Passes, at_once, compiled, in_lanes
from .protocol import ROUGH_ERRORS
from .records import keep_record, read_record

_LOG = logging.getLogger(__name__)

#: (inputs, slots) -> logits in fp32.
Exact = Callable[[Floats, int | None], Logits]

#: Made photos of a trial, the candidates of each (as many as the attack has of itself), and how often each way is timed.
_PHOTOS, _CANDIDATES, _ROUNDS = 4, 11, 3
#: Counts changes that make kept trials void.
_TRIAL = 1


class Ranking:
    """The rough logits of one classifier on ``provider``; everything is made on first use. Any thread may call.

    ``precision``: the fastest but for 8 bits; ``wish``: "auto" for what pays, "int8", or ``precision`` and nothing else;
    ``exact``: what judges. Raises ``DeviceError`` where the provider fails or 8 bits that were asked for cannot be had.
    """

    def __init__(self, model: StampedModel, provider: Provider, precision: str, wish: str, exact: Exact) -> None:
        self._model, self._provider, self._wish, self._exact = model, provider, wish, exact
        self._other = Rank(precision, ROUGH_ERRORS[precision])
        self._rank = None if wish in ("auto", "int8") else self._other
        self._lock = threading.Lock()
        self._passes = Passes(self._make)

    @property
    def rank(self) -> Rank:
        """What ranks. The first call of all may try it out."""
        with self._lock:
            if self._rank is None:
                self._rank = self._found()
            return self._rank

    def logits(self, inputs: Floats, slots: int | None = None) -> Logits:
        """See ``GradientEngine.rough_logits``."""
        if self.rank.precision == "fp32":
            return self._exact(inputs, slots)
        (logits,) = self._passes.get((self.rank.precision, at_once(self._provider, slots or len(inputs))))(inputs)
        return logits

    def close(self) -> None:
        """Closes every session."""
        self._passes.close()

    def _make(self, key: Key) -> Pass:
        return self._pass(self.rank, key[1])

    def _pass(self, rank: Rank, photos: int) -> Pass:
        slots, lanes = in_lanes(self._provider, photos)
        model, shape, logits = parse(self._model.data), self._shape(slots), self._model.stamp.output
        if rank.precision != "int8":
            built = build_forward(model, shape, logits=logits)
            return compiled(built.SerializeToString(), self._provider, rank.precision, lanes)
        built = build_quantised(model, shape, np.array(rank.ranges, np.float32), logits=logits)
        return compiled(built.SerializeToString(), self._provider, "fp32", lanes)

    def _shape(self, slots: int) -> tuple[int, int, int, int]:
        assert self._model.stamp.preprocess is not None  # engines are made of classifiers
        return slots, 3, *self._model.stamp.preprocess.size

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
        """8 bits or the other way, whichever takes less time for the candidates of made photos."""
        _LOG.info("trying what ranks %s on %s, once", self._model.stamp.name, self._provider.title)
        preprocess, photos = self._model.stamp.preprocess, at_once(self._provider, _CANDIDATES)
        assert preprocess is not None
        candidates = made_candidates(preprocess, _PHOTOS, _CANDIDATES)
        inputs = candidates.reshape(-1, *candidates.shape[2:])
        slots, lanes = in_lanes(self._provider, photos)
        built = build_ranged(parse(self._model.data), self._shape(slots), logits=self._model.stamp.output)
        passes = [compiled(built.SerializeToString(), self._provider, "fp32", lanes)]
        try:
            exact, seen = passes[0](inputs)
            ranges = np.stack([seen[:, 0].min(axis=0), seen[:, 1].max(axis=0)])
            ours = Rank("int8", 0.0, tuple(tuple(map(float, ends)) for ends in ranges))
            passes.append(self._pass(ours, photos))
            exact, rough = (rows.reshape(_PHOTOS, _CANDIDATES, -1) for rows in (exact, passes[1](inputs)[0]))
            ours = Rank("int8", rough_error(exact, rough), ours.ranges)
            if self._wish == "int8":
                return ours
            if self._other.precision != "fp32":
                passes.append(self._pass(self._other, photos))
            seconds = self._timed(passes[1], passes[-1] if len(passes) > 2 else None, candidates[0])
            better = pays(exact, (ours.error, self._other.error), seconds)
            _LOG.info("%s: seconds in int8, %s, fp32: %s", self._model.stamp.name, self._other.precision, seconds)
            return ours if better else self._other
        finally:
            for made in passes:
                made.session.close()

    def _timed(self, ours: Pass, other: Pass | None, inputs: Floats) -> tuple[float, float, float]:
        """Seconds a candidate: ranked by both ways, and judged."""
        judging = [lambda: [self._exact(row[None], 1) for row in inputs]]
        ways: list[Callable[[], object]] = [lambda: ours(inputs), lambda: other(inputs) if other else None, *judging]
        best = [float("inf")] * 3
        for _ in range(_ROUNDS):
            for number, way in enumerate(ways):
                begin = perf_counter()
                way()
                best[number] = min(best[number], (perf_counter() - begin) / len(inputs))
        return best[0], best[1] if other else best[2], best[2]
