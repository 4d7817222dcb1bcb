"""Measures what early stopping and bf16 gradients change: speed, success and size of the change.

    python benchmarks/decisions/early_stop.py --data ../shared/data [--models DIR] [--attacks least_likely,pgd] [--photos N]
        [--precisions fp32,bf16] [--batch 16] [--rounds 4]

It backs ``stop`` of the attacks. The SUN photos that SqueezeNet-Places365 classifies correctly are divided among the rounds. In
each round every setting protects the same photos through ``Protector.stream``, in a new order. A photo is protected if none
of its accepted classes is the fp32 network's top-1 on the resulting 8-bit pixels. Speed is the median over rounds (spread:
median absolute deviation). The change is a mean over photos, channels and pixels, in grey levels.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import fmean, median

import numpy as np
from scene_success import CLASSIFIER, correct_photos, scene_parser

import pixelpriv_fast as pp
from pixelpriv_fast.codecs import decode

Labelled = tuple[Path, tuple[int, ...]]


@dataclass
class Setting:
    """One setting, and what was measured of it."""

    attack: str
    precision: str
    stop: str
    protector: pp.Protector
    speeds: list[float] = field(default_factory=list)
    protected: list[bool] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)

    def take(self, photos: Sequence[Labelled], batch: int) -> None:
        files, accepted = zip(*photos, strict=True)
        begin = time.perf_counter()
        results = list(self.protector.stream(files, batch, labels=accepted))
        self.speeds.append(len(photos) / (time.perf_counter() - begin))
        for file, result in zip(files, results, strict=True):
            original = decode(file.read_bytes()).pixels.astype(np.int16)
            self.protected.append(result.verdict.protected)
            self.changes.append(float(np.abs(result.image - original).mean()))

    def row(self) -> str:
        middle = median(self.speeds)
        spread = median(abs(speed - middle) for speed in self.speeds) / middle
        share = f"{fmean(self.protected):.1%} of {len(self.protected)}"
        cells = (
            self.attack,
            self.precision,
            self.stop,
            f"{middle:.1f}",
            f"{spread:.0%}",
            share,
            f"{fmean(self.changes):.2f}",
        )
        return f"| {' | '.join(cells)} |"


def settings(options: argparse.Namespace) -> list[Setting]:
    found = []
    for attack, precision, stop in product(
        options.attacks.split(","), options.precisions.split(","), ("never", "fooled")
    ):
        recipe = pp.Recipe.parse(attack).with_attack(stop=stop)
        protector = pp.Protector(recipe, classifier=CLASSIFIER, models=options.models, precision=precision, metrics=())
        protector.warm_up(batch=options.batch)
        print(f"{attack}, stop {stop}: {protector.device}", file=sys.stderr, flush=True)
        found.append(Setting(attack, precision, stop, protector))
    return found


def main() -> None:
    parser = scene_parser(__doc__.splitlines()[0])
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    photos, tried = correct_photos(options.data, options.photos), settings(options)
    for round_ in range(options.rounds):
        for setting in random.Random(round_).sample(tried, len(tried)):
            setting.take(photos[round_ :: options.rounds], options.batch)
    print("| attack | gradients | stop | photos/s | spread | protected | mean change, levels |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(setting.row() for setting in tried))


if __name__ == "__main__":
    main()
