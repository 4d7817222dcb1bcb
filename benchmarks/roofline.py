"""Measures how near each hot path comes to what this machine can do; writes the table in benchmarks/README.md.

    python benchmarks/roofline.py [--rounds 15] [--pixels 12] [--write]

The work of a path is what its definition needs: bytes of the arrays that it must read and write at least once, and
operations (a multiplication and an addition are two). Each ceiling is measured in the same rounds as the paths: copying and
filling memory by one thread, and matrix products at the path's precision and number of threads. The share is the time that
the ceilings allow (the longer of the two) divided by the time taken, both the fastest of all rounds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from pixelpriv_fast import kernels
from pixelpriv_fast.bench.machine import header
from pixelpriv_fast.bench.scene import scene
from pixelpriv_fast.bench.torch_eager import answers
from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.graph.proof import proof_input
from pixelpriv_fast.kernels.resizing import whole

RESIZED, SIDE, CANDIDATES, BATCH, CLASSIFIER = 256, 224, 32, 8, "efficientnet_lite0"
EDGE = 1536  #: number of rows of the matrices that are multiplied
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}
START, END = "<!-- roofline -->\n", "<!-- end -->\n"


@dataclass
class Work:
    """A call, the minimum of bytes and operations that it needs, and the names of its ceilings."""

    call: Callable[[], object]
    size: str
    bytes: float = 0.0
    memory: str = "copy"
    operations: float = 0.0
    product: str = "product fp32, 1 thread"
    seconds: list[float] = field(default_factory=list)

    def take(self) -> None:
        """Time the second of two calls, so that what fits into the cache is there."""
        self.call()
        start = time.perf_counter()
        self.call()
        self.seconds.append(time.perf_counter() - start)


def product(precision: str, threads: int) -> Callable[[], None]:
    factor = torch.rand(EDGE, EDGE, generator=torch.Generator().manual_seed(0)).to(PRECISIONS[precision])

    def multiply() -> None:
        torch.set_num_threads(threads)
        torch.mm(factor, factor)

    return multiply


def ceilings(pixels: int, threads: int) -> dict[str, Work]:
    """Return the ceilings by name; a copy's bytes are those read and written."""
    source, target = np.ones(3 * pixels, np.float32), np.zeros(3 * pixels, np.float32)
    cached, near = np.ones(500_000, np.float32), np.zeros(500_000, np.float32)
    found = {
        "copy": Work(lambda: np.copyto(target, source), "from memory", 2.0 * source.nbytes),
        "fill": Work(lambda: target.fill(1.0), "to memory", target.nbytes),
        "copy within the cache": Work(lambda: np.copyto(near, cached), "2 x 2 MB", 2.0 * near.nbytes),
    }
    for precision, count in (("fp32", 1), ("fp32", threads), ("bf16", threads)):
        name = f"product {precision}, {count} thread{'s' * (count > 1)}"
        found[name] = Work(product(precision, count), f"{EDGE} x {EDGE}", operations=2.0 * EDGE**3)
    return found


def photo_paths(height: int, width: int) -> dict[str, Work]:
    """Return the paths that touch a whole photo."""
    small = RESIZED * width // height
    photo = scene(height, width)
    reduced = whole((height, width), (RESIZED, small), "bilinear")
    same = whole((height, width), (height, width), "bilinear")
    rng = np.random.default_rng(1)
    gradient = rng.standard_normal((3, RESIZED, small), np.float32)
    full = np.zeros((3, height, width), np.float32)
    full[:] = rng.standard_normal((3, 1, width), np.float32)
    wanted = rng.choice([-6.0, 6.0], (RESIZED, small, 3)).astype(np.float32)
    offsets, out = np.zeros((height, width, 3), np.int8), np.zeros((height, width, 3), np.float32)
    illumination = np.full(((height + 1) // 2, (width + 1) // 2), 0.4)
    n, size = float(photo.nbytes), f"{height * width / 1e6:.0f} MP"
    taps = (
        2.0 * (reduced.columns.weights.shape[1] * height * small + reduced.rows.weights.shape[1] * RESIZED * small) * 3
    )
    return {
        "contrast: blend": Work(
            lambda: kernels.blend_exposure(photo, illumination, np.linspace(0, 1.4, 256), 0.5),
            size,
            2 * n + illumination.nbytes,
        ),
        "resize from uint8": Work(lambda: kernels.resize_u8(photo, reduced), f"{size} to {RESIZED}", n, "copy", taps),
        "resize's adjoint": Work(
            lambda: kernels.resize_adjoint(gradient, reduced, out), f"{RESIZED} to {size}", 4 * n, "fill"
        ),
        "lattice step, no resize": Work(
            lambda: kernels.lattice_step(photo, offsets, full, same, 1, 1, 8), size, n + 2 * n + 4 * n
        ),
        "lattice step through the resize": Work(
            lambda: kernels.lattice_step(photo, offsets, gradient, reduced, 1, 1, 8), size, n + 2 * n, "copy", 2 * taps
        ),
        "lattice photo": Work(lambda: kernels.lattice_photo(photo, offsets, 2), size, n + 2 * n),
        "lift, two corrections": Work(
            lambda: kernels.lift(photo, wanted, reduced, 8, 2), size, 2 * n, "copy", 6 * taps
        ),
    }


def solve_path() -> dict[str, Work]:
    """Return one cycle of the solve, as the difference of two solves.

    A solve to 0.99 of the first residual takes one cycle, one to all of it none. A cycle sweeps over its arrays twice, down and
    up in the multigrid: 13 floats for each unknown and a third more on the coarser grids. The step of conjugate gradients, on
    the finest grid, takes another 8.
    """
    luminance = kernels.half_luminance(scene(768, 1024))
    weights = kernels.texture_weights(luminance, 5, 1e-3)
    solve = kernels.solve_illumination
    cycle = 4.0 * luminance.size * (13 * 4 / 3 + 8)
    return {
        "contrast: solve, set-up": Work(lambda: solve(luminance, *weights, 0.5, 1.0), "1024 x 768"),
        "contrast: solve, one cycle": Work(
            lambda: solve(luminance, *weights, 0.5, 0.99), "1024 x 768", cycle, "copy within the cache"
        ),
    }


def network_paths(threads: int) -> dict[str, Work]:
    """Return warped candidates and attack steps, at a classifier's size."""
    motions = np.random.default_rng(3).uniform(-1, 1, (CANDIDATES, 3)) * (20.0, 40.0, 40.0)
    batch, crop = np.empty((CANDIDATES, 3, SIDE, SIDE), np.float32), whole((SIDE, SIDE), (SIDE, SIDE), "bilinear")
    photo = scene(SIDE, SIDE)
    found = {
        "warp into a network's input": Work(
            lambda: kernels.warp_input(photo, motions, crop, batch),
            f"{CANDIDATES} x {SIDE} x {SIDE}",
            batch.nbytes,
            "fill",
            batch.size * 8.0,
        )
    }
    for precision in PRECISIONS:
        engine = load_engine(CLASSIFIER, "onnx", "openvino", None, precision)
        inputs, mask = proof_input((BATCH, 3, *engine.preprocess.size), engine.classes, seed=1)
        accepted = mask > 0
        with FlopCounterMode(display=False) as counter:
            answers(CLASSIFIER, [photo] * BATCH)()
        found[f"attack step, {precision}"] = Work(
            lambda engine=engine, inputs=inputs, accepted=accepted: engine.gradient(inputs, accepted, BATCH),
            f"{CLASSIFIER}, batch {BATCH}",
            operations=2.0 * counter.get_total_flops(),
            product=f"product {precision}, {threads} thread{'s' * (threads > 1)}",
        )
    return found


def rows(paths: dict[str, Work], tops: dict[str, Work]) -> list[str]:
    fastest = {name: min(path.seconds) for name, path in (tops | paths).items()}
    fastest["contrast: solve, one cycle"] -= fastest["contrast: solve, set-up"]
    lines = ["| | size | bytes | operations | ceiling | ms | reached |", "|---|---|---|---|---|---|---|"]
    for name, top in tops.items():
        rate = (top.bytes or top.operations) / fastest[name] / 1e9
        lines.append(f"| *{name}* | {top.size} | | | {rate:.1f} {'GB/s' if top.bytes else 'GFLOP/s'} | | |")
    for name, path in paths.items():
        allowed = {path.memory: path.bytes / tops[path.memory].bytes * fastest[path.memory]} if path.bytes else {}
        if path.operations:
            allowed[path.product] = path.operations / tops[path.product].operations * fastest[path.product]
        top = max(allowed, key=lambda key: allowed[key], default="")
        share = f"{100 * allowed[top] / fastest[name]:.0f} %" if top else ""
        work = [
            f"{amount / 1e6:.0f} {unit}" if amount else ""
            for amount, unit in ((path.bytes, "MB"), (path.operations, "M"))
        ]
        lines.append(f"| {name} | {path.size} | {' | '.join(work)} | {top} | {1e3 * fastest[name]:.2f} | {share} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--pixels", type=float, default=12.0, help="megapixels of the large photo")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    given = parser.parse_args()
    head, width = header(), int((given.pixels * 1e6 * 4 / 3) ** 0.5)
    height, threads = width * 3 // 4, head["cores"]
    tops = ceilings(height * width, threads)
    paths = solve_path() | photo_paths(height, width) | network_paths(threads)
    for work in (tops | paths).values():
        work.call()  # compiles, proves, touches its memory
    for _ in range(given.rounds):
        for work in (tops | paths).values():
            work.take()
    lines = [
        f"{head['processor']}, {head['cores']} cores, {head['native'].get('instruction_set')}:",
        "",
        *rows(paths, tops),
    ]
    print("\n".join(lines))
    if given.write:
        file = Path(__file__).with_name("README.md")
        text = file.read_text(encoding="utf-8")
        before, after = text.partition(START)[0], text.partition(END)[2]
        file.write_text(before + START + "\n".join(lines) + "\n" + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
