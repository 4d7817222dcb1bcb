"""Times the same PGD of ten steps by our engines and by torchattacks, foolbox and ART, in one process.

    python benchmarks/peers/attacks.py --photos FOLDER [--models FOLDER] [--network squeezenet_places365,resnet50]
        [--batch 1,8,32] [--rounds 7] [--engines torch,onnx,torchattacks,foolbox,art]
        [--forms ours,"as shipped","tuned fp32","tuned bf16"] [--seconds 120] [--json FILE]

Other forms: "tuned autocast bf16", "tuned compiled fp32", "tuned compiled bf16".

Every round runs every contender once, in a new order, on the same photos, which are at the network's own size; one step
before the first round warms each up. Speed is the median over rounds (spread: median absolute deviation). Success is
judged for all by the same fp32 network, on 8-bit photos. The share of the peak is the useful work (forward and
input gradient, nothing else) divided by a matrix product of the same precision, measured between the rounds. glibc's malloc
settings, which alone make eager PyTorch up to 1.5 times faster, are given to all: the script starts itself again with
them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 34)}
_PHOTOS = {".jpg", ".jpeg", ".png"}


def main() -> None:
    options = _options()
    if any(os.environ.get(name) != value for name, value in _MALLOC.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **_MALLOC})
    warnings.filterwarnings("ignore")
    import measuring
    import tables

    files = sorted(file for file in options.photos.rglob("*") if file.suffix.lower() in _PHOTOS)
    random.Random(0).shuffle(files)
    peak, rows = measuring.Peak(), list[dict[str, Any]]()
    for name in options.network.split(","):
        for batch in (int(word) for word in options.batch.split(",")):
            case = _compare(name, files, batch, options, peak)
            print(f"{tables.full(case)}\n", flush=True)  # a later case may be interrupted
            rows += case
    machine = measuring.machine() | {f"{name} GFLOP/s": round(flops / 1e9) for name, flops in peak.flops.items()}
    print(tables.brief(rows), *(f"{name}: {value}" for name, value in machine.items()), sep="\n")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of photos, searched with its subfolders")
    parser.add_argument("--models", type=Path, help="the model store's folder")
    parser.add_argument("--network", default="squeezenet_places365,efficientnet_lite0,resnet50")
    parser.add_argument("--batch", default="1,8,32")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=math.inf, help="of a case, after which no round begins")
    parser.add_argument("--engines", default="torch,onnx,torchattacks,foolbox,art")
    parser.add_argument("--forms", default="ours,as shipped,tuned fp32,tuned bf16", help="of the contenders")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _compare(
    name: str, files: Sequence[Path], batch: int, options: argparse.Namespace, peak: Any
) -> list[dict[str, Any]]:
    """Return the rows of the table for one network at one batch."""
    import numpy as np
    from contenders import STEPS, contenders
    from measuring import Times, cosine, rotation
    from networks import subject

    def say(text: str) -> None:
        print(f"{name}, batch {batch}: {text}", file=sys.stderr, flush=True)

    begin = time.perf_counter()
    network = subject(name, files[: max(32, batch * options.rounds)], options.models)
    wanted = contenders(network, options.engines.split(","), options.forms.split(","), say)
    runs = [(runner, Times()) for runner in wanted]
    successes = {runner.title + runner.precision: 0 for runner, _ in runs}
    for runner, _ in runs:
        runner.gradient(network.photos[:batch], network.labels[:batch])
    for round_ in range(options.rounds):
        if round_ and time.perf_counter() - begin > options.seconds:
            break
        chosen = rotation(len(network.photos), batch, round_)
        photos, labels = [network.photos[i] for i in chosen], network.labels[chosen]
        peak.measure()
        for runner, times in random.Random(round_).sample(runs, len(runs)):
            attacked = times.take(lambda: runner.attack(photos, labels))  # noqa: B023
            successes[runner.title + runner.precision] += int((network.tops(attacked) != labels).sum())
        say(f"round {round_ + 1} of {options.rounds}")
    some = [network.photos[i] for i in range(4)]
    exact = network.judge.gradient(
        np.stack([network.preprocess.rounded(photo) for photo in some]),
        np.eye(network.judge.classes, dtype=bool)[network.labels[:4]],
    )[1]
    work = network.step_flop * STEPS
    attacked_by_each = batch * len(runs[0][1].seconds)
    return [
        {
            "network": name,
            "batch": batch,
            "contender": runner.title,
            "form": runner.form,
            "precision": runner.precision,
            "photos_per_second": batch / times.median,
            "spread": times.spread,
            "success": successes[runner.title + runner.precision] / attacked_by_each,
            "photos": attacked_by_each,
            "cosine": cosine(runner.gradient(some, network.labels[:4]), exact),
            "share_of_peak": batch * work / times.median / peak.flops[runner.precision],
        }
        for runner, times in runs
    ]


if __name__ == "__main__":
    main()
