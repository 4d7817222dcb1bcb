"""Times one attack step (logits and input gradient) by every engine, provider and precision that works here, interleaved.

    python benchmarks/decisions/engine_steps.py [--models DIR] [--networks a,b] [--batches 1,8,32] [--rounds N] [--engines torch]
        [--passes 1,2,8,32]

It backs what ``auto`` takes and the batch sizes of providers. A network may also be the path of a stamped ``.onnx``, such as
the one that ``peers/resnet50_calibrated.py`` writes. For each network and batch it prints the median and fastest step in
milliseconds, photos per second, the ratio to torch fp32, and the worst photo's cosine to ONNX Runtime's fp32 gradient. With
``--passes`` OpenVINO also runs batches of at most that many photos by all threads, instead of parallel requests.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.engines.onnx.backends import backends
from pixelpriv_fast.engines.onnx.engine import OnnxEngine
from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.graph.proof import proof_input, worst_cosine
from pixelpriv_fast.models import load_model

CONTENDERS = (
    ("onnx", "onnxruntime", "fp32"),
    ("torch", "cpu", "fp32"),
    ("torch", "cpu", "bf16"),
    ("onnx", "openvino", "fp32"),
    ("onnx", "openvino", "bf16"),
    ("torch", "cuda", "auto"),
    ("onnx", "cuda", "fp32"),
    ("onnx", "tensorrt", "fp16"),
)


def contenders(network: str, models: str | None, wanted: list[str]) -> dict[str, Any]:
    """Return the engines of ``wanted`` words that work here, by name."""
    found = {}
    for engine, device, precision in CONTENDERS:
        if engine not in wanted:
            continue
        name = f"{engine} {device} {precision}"
        try:
            found[name] = load_engine(network, engine, device, models, precision)
        except ModelError as error:
            print(f"  {name}: {error}")
    return found


def in_passes(network: str, models: str | None, most: int) -> dict[str, Any]:
    """OpenVINO's engines with passes of at most ``most`` photos, each by all threads."""
    found = {}
    for precision in ("fp32", "bf16"):
        name = f"onnx openvino {precision}, passes of {most}"
        try:
            together = {"max_batch": most, "parallel": False}
            choices = (
                replace(one, provider=replace(one.provider, **together)) for one in backends("openvino", precision)
            )
            found[name] = OnnxEngine(load_model(network, models), choices)
        except ModelError as error:
            print(f"  {name}: {error}")
    return found


def measure(engines: dict[str, Any], batch: int, rounds: int) -> None:
    some = next(iter(engines.values()))
    photos, mask = proof_input((batch, 3, *some.preprocess.size), some.classes, seed=1)
    accepted = mask > 0
    steps: dict[str, Callable[[], Any]] = {}
    for name, engine in engines.items():
        steps[name] = lambda engine=engine: engine.gradient(photos, accepted, batch)
    gradients = {name: step()[1] for name, step in steps.items()}  # compiles and proves
    times: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            times[name].append(1000 * (time.perf_counter() - start))
    base = statistics.median(times.get("torch cpu fp32", next(iter(times.values()))))
    reference = next(iter(gradients.values()))
    for name, taken in times.items():
        median = statistics.median(taken)
        cosine = worst_cosine(gradients[name].astype(np.float64), reference.astype(np.float64))
        print(
            f"  batch {batch:2d}  {name:32s} median {median:8.1f} ms  min {min(taken):8.1f} ms  "
            f"{1000 * batch / median:7.1f} photos/s  x{base / median:5.2f}  cosine {cosine:.4f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models")
    parser.add_argument("--networks", default="squeezenet_places365,efficientnet_lite0")
    parser.add_argument("--batches", default="1,8,32")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--engines", default="onnx,torch")
    parser.add_argument("--passes", default="")
    given = parser.parse_args()
    for network in given.networks.split(","):
        print(network)
        engines = contenders(network, given.models, given.engines.split(","))
        for most in filter(None, given.passes.split(",")):
            engines |= in_passes(network, given.models, int(most))
        for batch in map(int, given.batches.split(",")):
            measure(engines, batch, given.rounds)


if __name__ == "__main__":
    main()
