"""Times Ying's contrast enhancement and a port that solves the system directly (ying.py), interleaved, on photos of FOLDER.

    python benchmarks/peers/contrast.py FOLDER [--rounds 15] [--direct-rounds 3] [--skip-direct]

It prints medians with their spread, then a line for each goal: reached, or not. FOLDER holds under-exposed photos. The first
one is enlarged to each size that is timed; all of them are compared with the direct solve. Working memory is the maximum that
a process of its own held beyond what it held before the call. Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import ying
from measuring import Times
from PIL import Image
from scipy.sparse.linalg import spsolve

import pixelpriv_fast as pp
from pixelpriv_fast import kernels

Pixels = npt.NDArray[np.uint8]
SMALL, LARGE, HUGE = (256, 256), (1024, 768), (4000, 3000)
RTOL, K = 1e-4, 3.5
ORDERS = {"spsolve": "COLAMD", "spsolve, MMD": "MMD_AT_PLUS_A"}


def load(path: Path, size: tuple[int, int] | None = None) -> Pixels:
    image = Image.open(path).convert("RGB")
    return np.asarray(image if size is None else image.resize(size, Image.Resampling.BICUBIC))


def parts(photo: Pixels) -> dict[str, Callable[[], object]]:
    """Return the solve on one core and on two, the whole enhancement at a given ratio, and the search for the ratio."""
    half = kernels.half_luminance(photo, 1)
    w_h, w_v = kernels.texture_weights(half, ying.WINDOW, ying.SHARPNESS)
    solve = kernels.solve_illumination
    samples = kernels.exposure_samples(photo, solve(half, w_h, w_v, ying.LAM, RTOL, 1)[0], 0.5, 1)
    contrast, searching = pp.enhance.Contrast(k=K, rtol=RTOL), pp.enhance.Contrast(rtol=RTOL)
    return {
        "solve, 1 core": lambda: solve(half, w_h, w_v, ying.LAM, RTOL, 1),
        "solve, 2 cores": lambda: solve(half, w_h, w_v, ying.LAM, RTOL, 2),
        "k given, 1 core": lambda: contrast(photo, threads=1),
        "k given, 2 cores": lambda: contrast(photo, threads=2),
        "k searched, 1 core": lambda: searching(photo, threads=1),
        "k searched, 2 cores": lambda: searching(photo, threads=2),
        "search alone": lambda: kernels.best_exposure(samples, ying.A, ying.B, 1.0, 7.0, 0.01),
    }


def direct(photo: Pixels) -> dict[str, Callable[[], object]]:
    plane = ying.half_luminance(photo)
    matrix = ying.system(plane)
    return {n: lambda order=o: spsolve(matrix, plane.ravel(), permc_spec=order) for n, o in ORDERS.items()}


def measured(works: dict[str, Callable[[], object]], rounds: int, few: dict[str, int]) -> dict[str, Times]:
    """Time all contenders; those in ``few`` take part in the first rounds only."""
    times = {name: Times() for name in works}
    for name in works.keys() - few.keys():
        works[name]()
    for round_ in range(rounds):
        for name, work in works.items():
            if round_ < few.get(name, rounds):
                times[name].take(work)
    return times


def working_bytes(path: Path) -> float:
    """Return the bytes a pixel that enhancing a HUGE photo on two cores needs, the photo and the result included."""
    script = f"import contrast, pathlib; print(contrast.growth(pathlib.Path({str(path)!r})))"
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parent, capture_output=True, check=True)
    return float(done.stdout) / (HUGE[0] * HUGE[1]) + 3


def growth(path: Path) -> int:
    """Return by how many bytes this process's maximum of memory grows while it enhances a photo."""
    contrast = pp.enhance.Contrast()
    photo = load(path, HUGE)
    contrast(load(path, SMALL), threads=2)  # loads what a first call loads
    Path("/proc/self/clear_refs").write_text("5")  # the maximum becomes what it holds now
    before = _held("VmRSS")
    contrast(photo, threads=2)
    return _held("VmHWM") - before


def _held(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def largest_differences(paths: list[Path]) -> tuple[int, float]:
    """Return the largest difference in grey levels from the direct solve, and the share of samples that differ.

    It goes over all photos, at the ratio that the search finds on each.
    """
    largest, changed, samples = 0, 0, 0
    for path in paths:
        photo = load(path)
        k = searched_ratio(photo)
        difference = np.abs(pp.enhance.Contrast(k=k)(photo).astype(int) - ying.enhance(photo, k))
        largest = max(largest, int(difference.max()))
        changed, samples = changed + int(np.count_nonzero(difference)), samples + difference.size
    return largest, changed / samples


def searched_ratio(photo: Pixels) -> float:
    """Return the ratio that the enhancement finds; K if nothing is badly exposed."""
    half = kernels.half_luminance(photo, 1)
    w_h, w_v = kernels.texture_weights(half, ying.WINDOW, ying.SHARPNESS)
    samples = kernels.exposure_samples(photo, kernels.solve_illumination(half, w_h, w_v, ying.LAM, RTOL, 1)[0], 0.5, 1)
    return float(kernels.best_exposure(samples, ying.A, ying.B, 1.0, 7.0, 0.01)) if samples.size else K


def table(size: tuple[int, int], times: dict[str, Times]) -> None:
    print(f"{size[0]} x {size[1]}")
    for name, taken in times.items():
        rounds = len(taken.seconds)
        print(
            f"  {name:20} {1e3 * taken.median:10.3f} ms  +- {100 * taken.spread:.0f} %  ({rounds} rounds)", flush=True
        )


class Goals:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def at_least(self, what: str, value: float, goal: float, unit: str) -> None:
        self._judge(value >= goal, f"{what}: {value:.4g} {unit}, goal at least {goal:g}")

    def at_most(self, what: str, value: float, goal: float, unit: str) -> None:
        self._judge(value <= goal, f"{what}: {value:.4g} {unit}, goal at most {goal:g}")

    def _judge(self, reached: bool, line: str) -> None:
        self.lines.append(f"{'reached' if reached else 'MISSED '}  {line}")


def compare(path: Path, size: tuple[int, int], least: float, given: argparse.Namespace, goals: Goals) -> None:
    photo = load(path, size)
    peers = {} if given.skip_direct else direct(photo)
    times = measured(parts(photo) | peers, given.rounds, dict.fromkeys(peers, given.direct_rounds))
    table(size, times)
    solve, name = times["solve, 1 core"].median, f"{size[0]} x {size[1]}"
    for peer in peers:
        ratio = times[peer].median / solve
        print(f"  solve on one core: {ratio:.4g} times as fast as {peer}")
        if peer == "spsolve":
            goals.at_least(f"{name}, solve beside {peer}", ratio, least, "times as fast")
    goals.at_most(f"{name}, enhancement at a given ratio", times["k given, 1 core"].median / solve, 2.5, "solves")
    goals.at_most(f"{name}, search for the ratio", 1e3 * times["search alone"].median, 1, "ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--direct-rounds", type=int, default=3)
    parser.add_argument(
        "--skip-direct", action="store_true", help="neither the direct solves nor the comparison of pixels"
    )
    given = parser.parse_args()
    paths = sorted(path for path in given.photos.resolve().iterdir() if path.suffix in (".jpg", ".bmp", ".png"))
    goals = Goals()
    compare(paths[0], SMALL, 100, given, goals)
    compare(paths[0], LARGE, 300, given, goals)
    times = measured(parts(load(paths[0], HUGE)), max(3, given.rounds // 5), {})
    table(HUGE, times)
    goals.at_most("12 MP on two cores", times["k searched, 2 cores"].median, 0.6, "s")
    goals.at_most("12 MP on two cores", working_bytes(paths[0]), 24, "bytes a pixel")
    if not given.skip_direct:
        largest, share = largest_differences(paths)
        goals.at_most(f"{len(paths)} photos beside the direct solve ({share:.1e} differ)", largest, 1, "grey levels")
    print(*goals.lines, sep="\n")


if __name__ == "__main__":
    main()
