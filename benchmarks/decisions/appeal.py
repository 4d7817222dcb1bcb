"""Measures what NIMA's gradient adds to an attack: ratings, by which networks, at which precision, and what a gradient takes.

    python benchmarks/decisions/appeal.py FOLDER [--photos N] [--appeal 0,0.25] [--classifier squeezenet_places365] [--models DIR]

PGD of 10 steps of half a level within 2 levels: each step follows the sign of the classifier's gradient plus ``appeal`` times
NIMA's, each over its mean absolute value. Ratings are in fp32, of the photo as it is and after JPEG 75 (``nima_shared``), and by
the technical network, which the attack does not see, where the store holds it. Times are of one photo at a time, the fastest of
many calls; run it under ``taskset -c 0`` for one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pixelpriv_fast.codecs import Limits
from pixelpriv_fast.codecs.sources import load
from pixelpriv_fast.engines import GradientEngine, ScoreEngine, load_engine, load_score_engine
from pixelpriv_fast.metrics import Metric, default_metrics, rate
from pixelpriv_fast.models.reading import Reading
from pixelpriv_fast.runtime import precisions

STEPS, BOUND, UNITS = 10, 2, 2


def attacked(photo: np.ndarray, victim: GradientEngine, scorer: ScoreEngine | None, appeal: float) -> np.ndarray:
    """Return the photo after PGD."""
    reading = victim.preprocess.for_size(*photo.shape[:2])
    accepted = np.arange(victim.classes)[None] == victim.logits(reading.rounded(photo)[None], 1).argmax()
    offsets = np.zeros(photo.shape, np.int8)
    low = np.maximum(-BOUND * UNITS, -UNITS * photo.astype(np.int16))
    high = np.minimum(BOUND * UNITS, UNITS * (255 - photo.astype(np.int16)))
    for _ in range(STEPS):
        _, gradient = victim.gradient(reading.exact(photo, offsets, UNITS)[None], accepted, 1)
        direction = scaled(gradient[0], reading)
        if scorer is not None:
            seen = scorer.preprocess.for_size(*photo.shape[:2])
            _, gradient = scorer.gradient(seen.exact(photo, offsets, UNITS)[None], 1)
            direction += appeal * scaled(gradient[0], seen)
        offsets = np.clip(offsets + np.sign(direction), low, high).astype(np.int8)
    return (photo + np.fix(offsets / UNITS)).astype(np.uint8)


def scaled(gradient: np.ndarray, reading: Reading) -> np.ndarray:
    """Return a gradient by the photo's pixels, over its mean absolute value."""
    out = np.zeros((reading.height, reading.width, 3), np.float32)
    reading.adjoint(gradient, out)
    return out / max(float(np.abs(out).mean()), 1e-30)


def milliseconds(gradient: Callable[..., object], *arguments: object) -> float:
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        gradient(*arguments)
        taken.append(time.perf_counter() - start)
    return 1e3 * min(taken)


def ratings(metrics: Mapping[str, Metric], photos: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.array(rate(metric, photos), float) for name, metric in metrics.items()}


def line(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> str:
    return ", ".join(
        f"{name} {rated.mean():.2f} -> {after[name].mean():.2f} ({(after[name] >= rated).mean():.0%} no lower)"
        for name, rated in before.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="photos, in folders below it too")
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--appeal", default="0,0.25")
    parser.add_argument("--classifier", default="squeezenet_places365")
    parser.add_argument("--models", type=Path)
    given = parser.parse_args()
    files = sorted(given.folder.rglob("*.jpg"))
    photos = [load(file, Limits()).pixels for file in files[:: max(1, len(files) // given.photos)][: given.photos]]
    every = default_metrics(appeal=True, models=given.models)
    metrics = {name: metric for name, metric in every.items() if not metric.reference}
    before = ratings(metrics, photos)
    victim = load_engine(given.classifier, models=given.models)
    inputs = victim.preprocess.rounded(photos[0])[None]
    accepted = np.arange(victim.classes)[None] == 0
    print(f"{victim.name}, {victim.device}: {milliseconds(victim.gradient, inputs, accepted, 1):.1f} ms a gradient")
    for appeal in map(float, given.appeal.split(",")):
        for precision in precisions("openvino") if appeal else ("none",):
            scorer = load_score_engine(models=given.models, precision=precision) if appeal else None
            taken = ""
            if scorer is not None:
                seen = scorer.preprocess.rounded(photos[0])[None]
                taken = f", {scorer.device}, {milliseconds(scorer.gradient, seen, 1):.1f} ms a gradient"
            results = [attacked(photo, victim, scorer, appeal) for photo in photos]
            print(f"appeal {appeal:g}{taken}: {line(before, ratings(metrics, results))}", flush=True)


if __name__ == "__main__":
    main()
