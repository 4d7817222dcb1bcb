"""Times rotation and translation: the warp alone, and the whole search with a network of ResNet50's size.

    python benchmarks/peers/warp.py [--rounds 15] [--candidates 32] [--threads 1,2]
    python benchmarks/peers/warp.py --photos FOLDER [--batch 4] [--search-rounds 3]

The warp: candidates of one 224x224 photo, from its bytes to a classifier's input, interleaved, each after a rest. ``of
the stores`` is the time of filling such an input divided by the time taken. PyTorch gets its input as floats and its grid's
matrices ready made, and glibc's malloc settings that spare it the page faults. OpenCV, torchvision and Pillow take one
candidate at a time.

The search: 27 candidates a photo and the network's judgement of each. No photo is resized. Each candidate counts once (one
that is judged again in fp32 adds none); those of the peers are the ones that the network saw, without the photo as it is. The
peers move a whole batch alike; here every photo has candidates of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from networks import Subject

_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 34)}
_PHOTOS = {".jpg", ".jpeg", ".png"}
_REST = 0.03  #: seconds
EDGE, DEGREES, SHIFT, STEPS = 224, 20.0, 0.2, 3
Work = Callable[[], object]
Search = Callable[[Sequence[NDArray[np.uint8]], NDArray[np.int64]], int]


def warps(count: int, threads: int) -> dict[str, Work]:
    import torch

    from pixelpriv_fast import kernels
    from pixelpriv_fast.kernels.filters import axis_filter

    torch.set_num_threads(threads)
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (EDGE, EDGE, 3), dtype=np.uint8)
    motions = rng.uniform(-1.0, 1.0, (count, 3)) * (DEGREES, SHIFT * EDGE, SHIFT * EDGE)
    axis = axis_filter(EDGE, EDGE, 0, EDGE, "box")
    channels = np.arange(3, dtype=np.int32), np.full(3, 1 / 128, np.float32), np.full(3, -1.0, np.float32)
    crop = kernels.Resampler(axis, axis, *channels)
    out = np.empty((count, 3, EDGE, EDGE), np.float32)
    works: dict[str, Work] = {
        "ours, into the input": lambda: kernels.warp_input(photo, motions, crop, out, threads=threads),
        "ours, 8 bits": lambda: kernels.warp_u8(photo, motions, threads=threads),
        "torch, batched": _torch(photo, motions),
        "fill of the input": lambda: out.fill(1.0),
    }
    if threads == 1:
        works |= {
            "torchvision, one by one": _torchvision(photo, motions),
            "Pillow, one by one": _pillow(photo, motions),
        }
        works |= _opencv(photo, motions)
    return works


def matrices(motions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where pixels come from, (n, 2, 3), in pixels: see the kernel's definition."""
    phi, centre = np.deg2rad(motions[:, 0]), (EDGE - 1) / 2
    turn = np.stack([np.cos(phi), -np.sin(phi), np.sin(phi), np.cos(phi)], 1).reshape(-1, 2, 2)
    shift = centre - turn @ (motions[:, 1:, None] + centre)
    return np.concatenate([turn, shift], 2)


def _torch(photo: NDArray[np.uint8], motions: NDArray[np.float64]) -> Work:
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    levels = torch.from_numpy(photo).permute(2, 0, 1)[None].float().div(128).sub(1).contiguous()
    half = (EDGE - 1) / 2
    turns = matrices(motions)
    turns[:, :, 2] = (turns[:, :, 2] + turns[:, :, :2].sum(2) * half - half) / half  # between -1 and 1
    theta, size = torch.from_numpy(turns).float(), [len(motions), 3, EDGE, EDGE]
    pixels = levels.expand(*size)
    return lambda: grid_sample(pixels, affine_grid(theta, size, align_corners=True), align_corners=True)


def _torchvision(photo: NDArray[np.uint8], motions: NDArray[np.float64]) -> Work:
    import torch
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    tensor, mode = torch.from_numpy(photo).permute(2, 0, 1).float().contiguous(), InterpolationMode.BILINEAR
    return lambda: [
        functional.affine(tensor, -angle, [x, y], 1.0, [0.0, 0.0], interpolation=mode)
        for angle, x, y in motions.tolist()
    ]


def _pillow(photo: NDArray[np.uint8], motions: NDArray[np.float64]) -> Work:
    from PIL import Image

    image, turns = Image.fromarray(photo), matrices(motions)
    turns[:, :, 2] += 0.5 * (1.0 - turns[:, :, :2].sum(2))  # Pillow counts from the corners of pixels
    rows, how = turns.reshape(-1, 6).tolist(), (Image.Transform.AFFINE, Image.Resampling.BILINEAR)
    return lambda: [image.transform(image.size, how[0], row, how[1]) for row in rows]


def _opencv(photo: NDArray[np.uint8], motions: NDArray[np.float64]) -> dict[str, Work]:
    try:
        import cv2
    except ImportError:
        return {}
    cv2.setNumThreads(1)
    turns, flags = matrices(motions), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return {"OpenCV, one by one": lambda: [cv2.warpAffine(photo, turn, (EDGE, EDGE), flags=flags) for turn in turns]}


def compare_warps(options: argparse.Namespace) -> None:
    from measuring import Times

    print("| threads | warp | us a candidate | spread | x torch | of the stores |\n|---|---|---|---|---|---|")
    for threads in (int(word) for word in options.threads.split(",")):
        works = warps(options.candidates, threads)
        times = {name: Times(_REST) for name in works}
        for work in works.values():
            work()
        for round_ in range(options.rounds):
            for name in random.Random(round_).sample(sorted(works), len(works)):
                times[name].take(works[name])
        torch_, fill = times["torch, batched"].median, min(times["fill of the input"].seconds)
        for name, taken in times.items():
            cells = [f"{1e6 * taken.median / options.candidates:.1f}", f"{taken.spread:.0%}"]
            cells += [f"{torch_ / taken.median:.1f}", f"{fill / taken.median:.0%}"]
            print(f"| {threads} | {name} | {' | '.join(cells)} |", flush=True)


def ours(subject: Subject, margin: float | None, precision: str = "auto") -> Search:
    from pixelpriv_fast.attacks import Euclidean
    from pixelpriv_fast.attacks.task import AttackTask, content_seed
    from pixelpriv_fast.engines import ForwardEngine
    from pixelpriv_fast.models import load_classifier

    victim = ForwardEngine(load_classifier(subject.model, device="cpu"), precision)
    attack = Euclidean(k=STEPS**3 - 1, rule="worst", margin=margin)

    def run(photos: Sequence[NDArray[np.uint8]], labels: NDArray[np.int64]) -> int:
        flee = (tuple((int(label),) for label in labels),)
        outcomes = attack.run(photos, AttackTask((victim,), flee, [content_seed(photo, 0) for photo in photos]))
        return sum(outcome.steps for outcome in outcomes)

    return run


class Counting:
    """Passes photos on to a network, and counts them."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.seen = 0
        model.register_forward_pre_hook(lambda _, inputs: self._count(len(inputs[0])))

    def _count(self, photos: int) -> None:
        self.seen += photos


def foolbox(subject: Subject, model: torch.nn.Module) -> Search:
    import foolbox
    import torch

    victim, counting = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu"), Counting(model)
    attack = foolbox.attacks.SpatialAttack(SHIFT * EDGE, DEGREES, STEPS, STEPS)

    def run(photos: Sequence[NDArray[np.uint8]], labels: NDArray[np.int64]) -> int:
        pixels, before = torch.from_numpy(_planar(photos)), counting.seen
        attack.run(victim, pixels, foolbox.Misclassification(torch.from_numpy(labels)))
        return counting.seen - before - len(photos)

    return run


def art(subject: Subject, model: torch.nn.Module) -> Search:
    import torch
    from art.attacks.evasion import SpatialTransformation
    from art.estimators.classification import PyTorchClassifier

    shape, counting = (3, EDGE, EDGE), Counting(model)
    classifier = PyTorchClassifier(
        model, torch.nn.CrossEntropyLoss(), shape, subject.judge.classes, clip_values=(0.0, 1.0), device_type="cpu"
    )

    def run(photos: Sequence[NDArray[np.uint8]], labels: NDArray[np.int64]) -> int:
        attack, before = (
            SpatialTransformation(classifier, 100 * SHIFT, STEPS, DEGREES, STEPS, verbose=False),
            counting.seen,
        )
        attack.generate(_planar(photos))
        return counting.seen - before - len(photos)

    return run


def _planar(photos: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.stack(photos).transpose(0, 3, 1, 2)).astype(np.float32) / 255


def compare_searches(options: argparse.Namespace) -> None:
    import torch
    from measuring import Peak, Times, rotation
    from networks import subject

    torch.set_num_threads(os.cpu_count() or 1)
    files = sorted(file for file in options.photos.rglob("*") if file.suffix.lower() in _PHOTOS)
    random.Random(0).shuffle(files)
    network, peak = subject("resnet50", files[:16], None), Peak()
    runs: dict[str, Search] = {
        "ours, ranked in 8 bits": ours(network, 3.5, "int8"),
        "ours, ranked in 16 bits": ours(network, 3.5, "bf16"),
        "ours, all fp32": ours(network, None),
        "foolbox": foolbox(network, network.as_shipped()),
        "foolbox, network tuned": foolbox(network, network.as_tuned(torch.float32)),
        "ART": art(network, network.as_shipped()),
    }
    speeds, times = {name: list[float]() for name in runs}, {name: Times() for name in runs}
    for name, run in runs.items():
        run(network.photos[:1], network.labels[:1])
        print(f"warm: {name}", file=sys.stderr, flush=True)
    for round_ in range(options.search_rounds):
        chosen = rotation(len(network.photos), options.batch, round_)
        photos, labels = [network.photos[i] for i in chosen], network.labels[chosen]
        peak.measure()
        for name in random.Random(round_).sample(sorted(runs), len(runs)):
            seen = times[name].take(lambda: runs[name](photos, labels))  # noqa: B023
            speeds[name].append(float(str(seen)) / times[name].seconds[-1])
    report_searches(speeds, network.step_flop / 2, peak.flops)


def report_searches(speeds: dict[str, list[float]], flop: float, peak: dict[str, float]) -> None:
    middle = {name: float(np.median(values)) for name, values in speeds.items()}
    print(
        "| search | candidates/s | spread | x foolbox | x ART | of the fp32 matrix product |\n|---|---|---|---|---|---|"
    )
    for name, values in speeds.items():
        spread = float(np.median(np.abs(np.array(values) - middle[name]))) / middle[name]
        cells = [f"{middle[name]:.1f}", f"{spread:.0%}", f"{middle[name] / middle['foolbox']:.2f}"]
        cells += [f"{middle[name] / middle['ART']:.2f}", f"{middle[name] * flop / peak['fp32']:.0%}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"matrix product, GFLOP/s: { ({name: round(flops / 1e9) for name, flops in peak.items()}) }")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, help="a folder of photos: the search")
    parser.add_argument("--candidates", type=int, default=32)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--search-rounds", type=int, default=3)
    options = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in _MALLOC.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **_MALLOC})
    warnings.filterwarnings("ignore")
    compare_searches(options) if options.photos else compare_warps(options)


if __name__ == "__main__":
    main()
