"""Tests on this machine that the bench sees a kernel that got a fifth slower, and passes an unchanged tree.

    python benchmarks/slowed_kernels.py [--repeats 10] [--slower 0.2] [--filter 'kernel/*'] [--minutes 60]

A baseline is written once. Then ``--compare`` runs against it ``--repeats`` times with the tree as it is, and as many times
with every kernel made slower: after each call a slowed kernel goes on computing for the given share of the call's time. The
script prints one line a run. It exits with 0 if each slowed kernel was named in every slowed run, and every unchanged run
passed. After ``--minutes`` no further repeat begins; without any run it exits with 1.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

from pixelpriv_fast.bench import making, subprocesses
from pixelpriv_fast.bench.case import TimedPair
from pixelpriv_fast.bench.cases import matching
from pixelpriv_fast.bench.command import main as bench

_DEBT = 5e-5
_AS_SLOWED = "--as-slowed"  #: internal: this script is then a measuring process of a slowed tree


def lingering(call: Callable[[], object], share: float) -> Callable[[], None]:
    """Return ``call`` made slower by ``share``.

    Reading the clock takes a third of a microsecond, so it is read once for as many calls as take ``_DEBT`` seconds.
    """
    call()
    start = time.process_time()
    call()
    together = max(1, int(_DEBT / max(time.process_time() - start, 1e-9)))
    state = [0, 0.0]

    def run() -> None:
        if state[0] == 0:
            state[1] = time.process_time()
        call()
        state[0] = (state[0] + 1) % together
        if state[0] == 0:
            end = state[1] + (1 + share) * (time.process_time() - state[1])
            while time.process_time() < end:
                pass

    return run


def measure_slowed(share: float, arguments: Sequence[str]) -> int:
    """Be a measuring process of a slowed tree."""
    make = making.kernel

    def slowed(name: str) -> TimedPair:
        pair = make(name)
        return replace(pair, run=lingering(pair.run, share))

    making.kernel = slowed
    return subprocesses.main(arguments)


def outcome(share: float, filters: Sequence[str], baseline: Path) -> tuple[int, dict[str, str]]:
    """Return the exit code of one comparison, and its line for each case."""
    program = (sys.executable, __file__, _AS_SLOWED, str(share)) if share else subprocesses.PROGRAM
    with redirect_stdout(StringIO()) as printed:
        code = bench(["--compare", str(baseline), *filters], program)
    if code not in (0, 1):
        raise SystemExit(code)
    return code, {
        name: line for line, name in re.findall(r"^((?:SLOWER|noisy|ok) +(\S+):.*)", printed.getvalue(), re.M)
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--slower", type=float, default=0.2)
    parser.add_argument("--filter", action="append")
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    patterns = options.filter or ["kernel/*"]
    names = {case.name for case in matching(*patterns)}
    filters = [word for pattern in patterns for word in ("--filter", pattern)]
    deadline = time.monotonic() + 60 * options.minutes
    right = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        baseline = Path(folder) / "baseline.json"
        bench(["--json", str(baseline), *filters])
        for number in range(options.repeats):
            if time.monotonic() > deadline:
                break
            for share in (0.0, options.slower):
                start = time.monotonic()
                code, said = outcome(share, filters, baseline)
                slower = {name for name, line in said.items() if line.startswith("SLOWER")}
                wrong = names - slower if share else slower
                right += not wrong and code == bool(share)
                runs += 1
                print(
                    f"{number} {'slowed' if share else 'unchanged'}: exit {code}, {len(slower)} of {len(names)} slower, "
                    f"wrong: {[said.get(name, name) for name in sorted(wrong)] or 'none'}, "
                    f"{time.monotonic() - start:.0f} s",
                    flush=True,
                )
    print(f"{right} of {runs} runs right")
    return 0 if right == runs > 0 else 1


if __name__ == "__main__":
    if sys.argv[1:2] == [_AS_SLOWED]:
        raise SystemExit(measure_slowed(float(sys.argv[2]), sys.argv[3:]))
    raise SystemExit(main())
