"""How much of the memory's bandwidth the kernels reach that only stream a 12 megapixel photo, on one core.

    python benchmarks/bandwidth.py [--rounds 15]

Each kernel's share is that of the bytes which it must read and write at least, over its time, in the bandwidth of the
yardstick that is measured between its rounds: numpy's copy of floats (read and written bytes), or filling (written ones).
Filling counts the bytes it stores; that the processor reads a line before it writes it is part of both sides.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pixelpriv_fast.kernels import get
from pixelpriv_fast.kernels.filters import axis_filter

sys.path.insert(0, str(Path(__file__).parent / "peers"))
from measuring import Times

HEIGHT, WIDTH, RESIZED = 3000, 4000, (256, 341)
SAMPLES = 3 * HEIGHT * WIDTH
GOAL = 0.5


@dataclass(frozen=True)
class Case:
    """bytes: what the work reads and writes at least. against: the name of its yardstick; empty for a yardstick."""

    work: Callable[[], object]
    bytes: int
    against: str = ""


def cases() -> dict[str, Case]:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    offsets = rng.integers(-8, 9, photo.shape, dtype=np.int8)
    full, other = np.ones(photo.shape, np.float32), np.zeros(photo.shape, np.float32)
    planes = rng.standard_normal((3, HEIGHT, WIDTH), np.float32)
    small = rng.standard_normal((3, *RESIZED), np.float32)
    shrink, same = tables(RESIZED), tables((HEIGHT, WIDTH))
    plain = np.arange(3, dtype=np.int32), np.ones(3, np.float32)
    zeros = np.zeros(3, np.float32)

    def step(gradient: np.ndarray, tables: tuple[np.ndarray, ...]) -> Callable[[], object]:
        return lambda: get("lattice_step")(photo, offsets, 1, gradient, *tables, *plain, zeros, 1, 8, None, None)

    return {
        "copy": Case(lambda: np.copyto(other, full), 8 * SAMPLES),
        "fill": Case(lambda: other.fill(1.0), 4 * SAMPLES),
        "lattice_step, no resize": Case(step(planes, same), (4 + 1 + 2) * SAMPLES, "copy"),
        "lattice_step, 256-pixel resize": Case(step(small, shrink), (1 + 2) * SAMPLES, "copy"),
        "lattice_photo": Case(lambda: get("lattice_photo")(photo, offsets, 2), 3 * SAMPLES, "copy"),
        "resize_adjoint": Case(lambda: get("resize_adjoint")(small, *shrink, *plain, full), 4 * SAMPLES, "fill"),
    }


def tables(size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    rows, columns = (axis_filter(n, to, 0, to, "bilinear") for n, to in zip((HEIGHT, WIDTH), size, strict=True))
    return rows.starts, rows.weights, columns.starts, columns.weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    rows = cases()
    times = {name: Times() for name in rows}
    for case in rows.values():
        case.work()
    for _ in range(given.rounds):
        for name, case in rows.items():
            times[name].take(case.work)
    speed = {name: case.bytes / times[name].median for name, case in rows.items()}
    for name, case in rows.items():
        share = speed[name] / speed.get(case.against, speed[name])
        reached = f"{100 * share:3.0f} % of {case.against}, goal {GOAL:.0%}" if case.against else "yardstick"
        time, spread = 1e3 * times[name].median, 100 * times[name].spread
        print(f"{name:32} {time:8.2f} ms  +- {spread:.0f} %  {speed[name] / 1e9:6.2f} GB/s  {reached}")


if __name__ == "__main__":
    main()
