"""Reads a million damaged photo files up to their pixels, and twenty thousand whole.

    python tests/stress/container_fuzz.py [--headers 1000000] [--whole 20000] [--seed 0] [--processes 2] [--keep FOLDER]

Run it after changes to the readers of containers or metadata. Twelve good files, one or more of every container, are cut,
filled, shifted and changed as ``tests/codecs/fuzzing.py`` says. The script prints one JSON object. It exits with 1 if
anything but a ``PhotoError`` of one line came out, if a header took over 1 s or a file over 5 s of CPU time, if memory grew by
over 300 MB, or if a process died. Files that broke a rule are kept in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.codecs.fuzzing import Findings, fuzz

_CHUNK = 2_000
_MEMORY_MB = 300


def memory() -> float:
    """The highest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def chunk(count: int, whole: bool, seed: int) -> tuple[Findings, float, float]:
    """One part of the work: what was seen, and the memory before (with everything loaded) and after."""
    logging.disable(logging.WARNING)  # a file that is not clean is said to be
    fuzz(24, whole=True, seed=seed)
    before = memory()
    return fuzz(count, whole=whole, seed=seed), before, memory()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--headers", type=int, default=1_000_000)
    parser.add_argument("--whole", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("fuzz_findings"))
    given = parser.parse_args()
    work = [(given.headers, False), (given.whole, True)]
    parts = [(min(_CHUNK, total - at), whole) for total, whole in work for at in range(0, total, _CHUNK)]
    begin, grown, all_broken = time.perf_counter(), 0.0, []
    totals = {False: Findings(), True: Findings()}
    with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
        futures = [pool.submit(chunk, *part, given.seed + number) for number, part in enumerate(parts)]
        for (_, whole), future in zip(parts, futures, strict=True):
            found, before, after = future.result()
            total = totals[whole]
            total.files += found.files
            total.accepted += found.accepted
            total.slowest = max(total.slowest, found.slowest)
            all_broken += found.broken
            grown = max(grown, after - before)
    for number, (name, _, data) in enumerate(all_broken[:100]):
        given.keep.mkdir(parents=True, exist_ok=True)
        (given.keep / f"{number:03}-{name}").write_bytes(data)
    summary = {
        "headers": {
            "files": totals[False].files,
            "accepted": totals[False].accepted,
            "slowest_s": totals[False].slowest,
        },
        "whole": {"files": totals[True].files, "accepted": totals[True].accepted, "slowest_s": totals[True].slowest},
        "broken": [{"seed": name, "why": why} for name, why, _ in all_broken[:100]],
        "memory_growth_mb": round(grown, 1),
        "seconds": round(time.perf_counter() - begin, 1),
    }
    print(json.dumps(summary, indent=1))
    return 1 if all_broken or grown > _MEMORY_MB else 0


if __name__ == "__main__":
    sys.exit(main())
