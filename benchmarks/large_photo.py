"""Measures what it takes to protect a JPEG of 12 megapixels, as a multiple of its own decode plus encode.

    python benchmarks/large_photo.py PHOTO... [--rounds 5] [--recipe least_likely] [--classifier efficientnet_lite0]

Two photos of 4000x3000 are made of each PHOTO: "enlarged" (Lanczos, with grain of 2 grey levels like a sensor's) and "tiled"
(copies at its own size, side by side). They are saved as JPEG 95 4:4:4. Every round times, interleaved:

* decode: the file to upright pixels; encode: those pixels to the file that ``protect`` would write;
* protect: the file's bytes to the protected file's bytes, decoded again and judged in fp32;
* steps: the part of it that was spent on the attack's steps at the network's own size, and the number of steps. There are
  more if the first round does not fool by the margin (see ``attacks/lifting.py``).

The result is (protect - steps) / (decode + encode), medians of the rounds. It includes everything else, for example the
forwards that classify the original and the saved file (and the lifted photo, if the steps miss their margin).
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
from peers.measuring import Times
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.attacks import lifting
from pixelpriv_fast.attacks.photo_state import PhotoState
from pixelpriv_fast.codecs import decode, encode

WIDTH, HEIGHT = 4000, 3000


def enlarged(photo: Image.Image) -> np.ndarray:
    pixels = np.asarray(photo.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)).astype(np.float32)
    grain = np.random.default_rng(0).standard_normal(pixels.shape, np.float32)
    return np.clip(pixels + 2.0 * grain + 0.5, 0, 255).astype(np.uint8)


def tiled(photo: Image.Image) -> np.ndarray:
    pixels = np.asarray(photo)
    times = -(-HEIGHT // pixels.shape[0]), -(-WIDTH // pixels.shape[1]), 1
    return np.tile(pixels, times)[:HEIGHT, :WIDTH].copy()


def jpeg(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=95, subsampling="4:4:4")
    return out.getvalue()


class Steps:
    """Times the steps at the network's size, whatever calls for them."""

    def __init__(self) -> None:
        self.seconds, self.taken, self._run = 0.0, 0, lifting.run_to_end
        lifting.run_to_end = self

    def __call__(self, *arguments: Any) -> list[PhotoState]:
        start = time.perf_counter()
        states = self._run(*arguments)
        self.seconds += time.perf_counter() - start
        self.taken += sum(state.steps for state in states)
        return states


def measure(data: bytes, protector: pp.Protector, steps: Steps, rounds: int) -> tuple[dict[str, Times], pp.Result]:
    photo = decode(data)
    times = {name: Times() for name in ("decode", "encode", "protect", "steps")}
    for number in range(rounds + 1):
        if number == 1:  # the first round warms up
            times = {name: Times() for name in times}
        times["decode"].take(lambda: decode(data))
        times["encode"].take(lambda: encode(photo.pixels, like=photo, options=protector.encoding))
        steps.seconds, steps.taken, result = 0.0, 0, None  # nothing holds the result of another photo
        result = times["protect"].take(lambda: next(iter(protector.stream([data], batch=1, encode=True))))
        times["steps"].seconds.append(steps.seconds)
    return times, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--recipe", default="least_likely")
    parser.add_argument("--classifier", default="efficientnet_lite0")
    parser.add_argument("--metrics", default="", help="measured as well, for example psnr,ssim")
    given = parser.parse_args()
    metrics = [name for name in given.metrics.split(",") if name]
    protector = pp.Protector(given.recipe, classifier=given.classifier, metrics=metrics)
    protector.warm_up(batch=1)
    steps = Steps()
    print(protector.device)
    for path in given.photos:
        for make in (enlarged, tiled):
            pixels = make(Image.open(path).convert("RGB"))
            data = jpeg(pixels)
            times, result = measure(data, protector, steps, given.rounds)
            ms = {name: 1e3 * taken.median for name, taken in times.items()}
            ratio = (ms["protect"] - ms["steps"]) / (ms["decode"] + ms["encode"])
            parts = ", ".join(
                f"{name} {ms[name]:.0f} ms +- {100 * taken.spread:.0f} %" for name, taken in times.items()
            )
            print(
                f"{path.stem} {make.__name__} ({len(data) / 1e6:.1f} MB): {ratio:.2f} times; {parts} ({steps.taken}); "
                f"{result.status}"
            )


if __name__ == "__main__":
    main()
