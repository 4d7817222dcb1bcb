"""Times reducing a photo of 12 megapixels as a classifier does; Pillow and torchvision too, on one thread, interleaved.

    python benchmarks/peers/resize.py [--rounds 15] [--filter bilinear]

It also times the adjoint against filling the same float photo, and a lift of two corrections. A line for each goal ends it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from measuring import Times
from PIL import Image
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.resizing import whole

HEIGHT, WIDTH, RESIZED = 3000, 4000, (256, 341)


def photo() -> np.ndarray:
    """Return noise in blocks of four pixels."""
    coarse = np.random.default_rng(0).integers(0, 256, (HEIGHT // 4, WIDTH // 4, 3), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(4, 0).repeat(4, 1))


def contenders(name: str) -> dict[str, Callable[[], object]]:
    pixels = photo()
    reads = whole((HEIGHT, WIDTH), RESIZED, name)
    image, tensor = Image.fromarray(pixels), torch.from_numpy(pixels).permute(2, 0, 1)[None]  # channels last
    rng = np.random.default_rng(1)
    gradient = rng.standard_normal((3, *RESIZED)).astype(np.float32)
    wanted = rng.choice([-6.0, 6.0], (*RESIZED, 3)).astype(np.float32)
    full = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    mode, pillow = InterpolationMode(name), getattr(Image.Resampling, name.upper())
    return {
        "resize": lambda: kernels.resize_u8(pixels, reads),
        "resize, Pillow": lambda: image.resize(RESIZED[::-1], pillow),
        "resize, torchvision": lambda: transforms.resize(tensor, list(RESIZED), mode, antialias=True),
        "adjoint": lambda: kernels.resize_adjoint(gradient, reads, full),
        "fill of the same size": lambda: full.fill(1.0),
        "lift": lambda: kernels.lift(pixels, wanted, reads, 8, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--filter", choices=("bilinear", "bicubic"), default="bilinear")
    given = parser.parse_args()
    torch.set_num_threads(1)
    works = contenders(given.filter)
    times = {name: Times() for name in works}
    for work in works.values():
        work()
    for _ in range(given.rounds):
        for name, work in works.items():
            times[name].take(work)
    for name, taken in times.items():
        print(
            f"{name:24} {1e3 * taken.median:8.2f} ms  +- {100 * taken.spread:.0f} %  best {1e3 * min(taken.seconds):.2f}"
        )
    judge(times)


def judge(times: dict[str, Times]) -> None:
    ours, adjoint = times["resize"].median, times["adjoint"].median
    for what, value, goal in (
        ("Pillow's time over ours", times["resize, Pillow"].median / ours, 5),
        ("torchvision's time over ours", times["resize, torchvision"].median / ours, 1),
        ("the adjoint's share of the store bandwidth", times["fill of the same size"].median / adjoint, 0.5),
    ):
        print(f"{'reached' if value >= goal else 'MISSED '}  {what}: {value:.3g}, goal at least {goal:g}")


if __name__ == "__main__":
    main()
