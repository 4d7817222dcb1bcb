"""Does the bench see a kernel that got a fifth slower, and leave an unchanged tree alone? On the machine at hand.

    python benchmarks/slowed_kernels.py [--repeats 10] [--slower 0.2] [--kernels resize_u8,warp_u8,ssim]

Writes one baseline, then runs ``--compare`` against it ``--repeats`` times as the tree is and as often with each kernel
made slower: after each call it computes on for the given share of the time that the call took. Prints one line a run.
Exit code 0 when every slowed run was caught and every unchanged one passed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pixelpriv_fast.bench.cases import matching
from pixelpriv_fast.bench.command import bench
from pixelpriv_fast.bench.pair import Case, Pair


def slowed(case: Case, share: float) -> Case:
    def make(stack: ExitStack) -> Pair:
        pair = case.make(stack)
        return replace(pair, run=lingering(pair.run, share))

    return replace(case, make=make)


def lingering(call: Callable[[], object], share: float) -> Callable[[], None]:
    def run() -> None:
        start = time.process_time()
        call()
        end = start + (1 + share) * (time.process_time() - start)
        while time.process_time() < end:
            pass

    return run


def outcome(cases: Sequence[Case], baseline: Path) -> tuple[int, list[str]]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = bench(cases, baseline=baseline)
    return code, [line for line in printed.getvalue().splitlines() if line.startswith("SLOWER")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--slower", type=float, default=0.2)
    parser.add_argument("--kernels", default="resize_u8,warp_u8,ssim")
    options = parser.parse_args()
    cases = [case for name in options.kernels.split(",") for case in matching(f"kernel/{name}")]
    right = 0
    with tempfile.TemporaryDirectory() as folder:
        baseline = Path(folder) / "baseline.json"
        outcome_of_baseline = io.StringIO()
        with contextlib.redirect_stdout(outcome_of_baseline):
            bench(cases, json=baseline)
        for number in range(options.repeats):
            code, lines = outcome(cases, baseline)
            right += code == 0
            print(f"{number} unchanged: exit {code} {lines}", flush=True)
            code, lines = outcome([slowed(case, options.slower) for case in cases], baseline)
            right += len(lines) == len(cases)
            print(f"{number} slowed: exit {code} {lines}", flush=True)
    print(f"{right} of {2 * options.repeats} runs right")
    return 0 if right == 2 * options.repeats else 1


if __name__ == "__main__":
    raise SystemExit(main())
