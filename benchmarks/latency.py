"""Measures what one photo costs a program that protects them one by one: latency after ``warm_up``, and the cold start.

    python benchmarks/latency.py [--models DIR] [--classifier efficientnet_lite0] [--recipe least_likely]
        [--precisions auto,fp32] [--calls 200] [--threads 8] [--starts 9]

Latency: p50, p99 and photos a second of ``Protector.protect`` on photos of 256x256, from one thread and from
``--threads`` that share one Protector. Cold start: from the creation of a new process, in which PyTorch cannot be
imported, to its first protected photo; the models are ready. The photos are those of ``pixelpriv_fast.cli.samples``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.cli.samples import write_samples

SIZE = 256

#: Runs in the new process: photo, recipe, classifier and the models' folder are its arguments.
_FIRST = """
import sys
sys.modules["torch"] = None
import pixelpriv_fast as pp
photo, recipe, classifier, models = sys.argv[1:]
result = pp.protect(photo, recipe, classifier=classifier, models=models or None, metrics=())
print(result.status, result.device, sep=": ", flush=True)
"""


def photos(folder: Path) -> list[Path]:
    """Write the sample photos, squashed to 256x256 and saved without loss."""
    files = write_samples(folder)
    small = [folder / f"{file.stem}_{SIZE}.png" for file in files]
    for file, target in zip(files, small, strict=True):
        Image.open(file).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR).save(target)
    return small


def latencies(protector: pp.Protector, files: Sequence[Path], calls: int, threads: int) -> dict[str, float]:
    """Protect ``calls`` photos by ``threads`` at once."""
    pixels = [np.asarray(Image.open(file)) for file in files]

    def call(index: int) -> float:
        begin = time.perf_counter()
        protector.protect(pixels[index % len(pixels)])
        return time.perf_counter() - begin

    begin = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        taken = list(pool.map(call, range(calls)))
    whole = time.perf_counter() - begin
    p50, p99 = np.percentile(taken, [50, 99])
    return {"p50_ms": 1e3 * p50, "p99_ms": 1e3 * p99, "photos_per_second": calls / whole}


def cold_start(photo: Path, recipe: str, classifier: str, models: Path | None) -> tuple[float, str]:
    """Return the seconds from the process's creation to its answer, and the answer."""
    arguments = [str(photo), recipe, classifier, str(models or "")]
    begin = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", _FIRST, *arguments], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        answer = child.stdout.readline().strip()
        seconds = time.perf_counter() - begin
    if child.returncode != 0:
        raise SystemExit(f"the new process failed with {child.returncode}")
    return seconds, answer


def _warm(options: argparse.Namespace, files: Sequence[Path], precision: str) -> None:
    with pp.Protector(
        options.recipe, classifier=options.classifier, models=options.models, precision=precision, metrics=()
    ) as protector:
        protector.warm_up((SIZE, SIZE))
        for threads in (1, options.threads):
            latencies(protector, files, 2 * threads, threads)  # each thread's own buffers
            found = latencies(protector, files, options.calls, threads)
            _print(precision=precision, device=protector.device, threads=threads, calls=options.calls, **found)


def _print(**row: object) -> None:
    print(json.dumps({key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()}))
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="the model store's folder")
    parser.add_argument("--classifier", default="efficientnet_lite0")
    parser.add_argument("--recipe", default="least_likely")
    parser.add_argument("--precisions", default="auto,fp32")
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--starts", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = photos(Path(folder))
        start = partial(cold_start, files[0], options.recipe, options.classifier, options.models)
        start()  # the gradients' proofs are part of models that are ready, as are the file system's pages
        seconds, answers = zip(*(start() for _ in range(options.starts)), strict=True)
        _print(
            cold_start_median_s=float(np.median(seconds)),
            fastest_s=min(seconds),
            slowest_s=max(seconds),
            starts=options.starts,
            answer=answers[0],
        )
        for precision in options.precisions.split(","):
            _warm(options, files, precision)


if __name__ == "__main__":
    main()
