"""Measures how close an archive's run comes to the cost of its stages, each run alone, and whether its memory stays flat.

    python benchmarks/archive_throughput.py --photos FOLDER [FOLDER ...] [--count 2000] [--distinct 128] [--rounds 2]
        [--recipe R] [--stop fooled] [--classifier C] [--models DIR] [--batch 16] [--workers N] [--report]

It makes an archive of ``count`` photos, copies of ``distinct`` pictures in several formats and sizes, and measures

1. each stage alone, ``rounds`` times before the run and as many times after it, on one copy of every picture, in the
   threads that the run uses for it (decode, enhance, encode: the pool; attack: the caller's, with all the network's threads);
2. the run in between, journal and synced writes included: photos a second, CPU seconds, resident memory.

It prints one JSON object. ``share`` is the run's rate divided by the rate that the CPU seconds of decode, enhance, attack,
encode and verify allow on this machine's cores; "low" and "high" are its values by the cheapest and the dearest round.
``busy`` is the run's CPU seconds divided by wall seconds and cores. ``memory_mb`` is the maximum of resident memory in every
200 photos. It exits with 1 if the run touched an original.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pixelpriv_fast as pp
from benchmarks.archive_made import fill, number_of
from pixelpriv_fast import defaults
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.protection.pipeline import RETRY_BATCH
from pixelpriv_fast.protection.step_kinds import Step
from pixelpriv_fast.protection.work import Work
from tests.archive.tiny import traits

_SETTLED = 200  # photos after which peaks of memory must not grow any more
_CORES = len(os.sched_getaffinity(0))

#: Runs a step over groups of photos.
Over = Callable[[Callable[[list[Work]], Any], Sequence[list[Work]]], Iterable[Any]]


def alone(protector: pp.Protector, paths: Sequence[Path], batch: int) -> dict[str, float]:
    """Return the CPU seconds a photo of each stage, run on all ``paths`` before the next one begins."""
    works = [Work(str(path), path) for path in paths]
    singles = [[work] for work in works]
    together = protector.flow_batch(batch)
    batches = [works[first : first + together] for first in range(0, len(works), together)]
    spent: dict[str, float] = {}

    def timed(name: str, steps: Sequence[Step[Work]], groups: Sequence[list[Work]], over: Over) -> None:
        start = time.process_time()
        for _ in over(lambda group: [step.run(group) for step in steps], groups):
            pass
        spent[name] = (time.process_time() - start) / len(works)

    reading, opening, decoding, enhancing, classifying, attacking, *saving, _ = protector.steps(batch)
    with ThreadPoolExecutor(protector.workers) as pool:
        timed("decode", (reading, opening, decoding), singles, pool.map)
        timed("classify", (classifying,), batches, map)
        timed("enhance", (enhancing,), singles, pool.map)
        timed("attack", (attacking,), batches, map)
        timed("encode and verify", saving, batches, pool.map)
    return spent


def resident() -> float:
    """Return the resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(protector: pp.Protector, source: Path, out: Path, batch: int, report: bool) -> dict[str, Any]:
    """Run the archive, and return its rate, how busy it kept the cores, and its memory."""
    memory: list[float] = []
    begin, cpu = time.perf_counter(), time.process_time()
    with open_job(protector, out, batch=batch, report=report) as job:
        for _ in job.run(plan([source], out)):
            memory.append(resident())
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    peaks = [round(max(memory[first : first + _SETTLED])) for first in range(0, len(memory), _SETTLED)]
    return {
        "photos_per_second": len(memory) / wall,
        "cpu_seconds_a_photo": cpu / len(memory),
        "busy": cpu / wall / _CORES,
        "memory_mb": peaks,
        "counts": dict(job.summary.counts),
        "device": job.summary.device,
    }


def verdict(rounds: Sequence[dict[str, float]], rate: float) -> dict[str, Any]:
    """Compare the run's ``rate`` with the rounds of stages alone."""
    sums = sorted(sum(spent.values()) for spent in rounds)
    return {
        "cpu_seconds_a_photo_alone": {
            stage: {
                "median": statistics.median(spent[stage] for spent in rounds),
                "rounds": [round(spent[stage], 5) for spent in rounds],
            }
            for stage in rounds[0]
        },
        "allowed_photos_per_second": _CORES / statistics.median(sums),
        "share": rate * statistics.median(sums) / _CORES,
        "share_range": {"low": rate * sums[0] / _CORES, "high": rate * sums[-1] / _CORES},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, nargs="+")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--distinct", type=int, default=128, help="pictures that the photos are copies of")
    parser.add_argument("--rounds", type=int, default=2, help="of the stages alone, before the run and after it")
    parser.add_argument("--recipe", default=defaults.RECIPE)
    parser.add_argument("--stop", help="as `protect --stop`")
    parser.add_argument("--classifier", default=defaults.CLASSIFIER)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--batch", type=int, default=defaults.BATCH)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--report", action="store_true", help="with the report's pictures, as `protect` on a folder")
    arguments = parser.parse_args()
    batch = arguments.batch
    recipe = pp.Recipe.parse(arguments.recipe)
    protector = pp.Protector(
        recipe if arguments.stop is None else recipe.with_attack(stop=arguments.stop),
        classifier=arguments.classifier,
        models=arguments.models,
        workers=arguments.workers,
    )
    with protector, tempfile.TemporaryDirectory(prefix="pixelpriv-") as folder:
        source, out = Path(folder) / "in", Path(folder) / "out"
        fill(source, arguments.photos, arguments.count, arguments.distinct)
        originals = traits(source)
        protector.warm_up(batch=batch)
        for victim in protector.networks().victims:
            victim.prepare(RETRY_BATCH)  # compiled once, whatever the number of photos
        sample = [item.path for item in plan([source], out) if number_of(item.path) < arguments.distinct]
        rounds = [alone(protector, sample, batch) for _ in range(arguments.rounds)]
        measured = run(protector, source, out, batch, arguments.report)
        rounds += [alone(protector, sample, batch) for _ in range(arguments.rounds)]
        touched = traits(source) != originals
    report = {
        "count": arguments.count,
        "recipe": protector.recipe.word,
        "stop": arguments.stop,
        "originals_touched": touched,
    }
    print(json.dumps(report | verdict(rounds, measured["photos_per_second"]) | measured, indent=2))
    return int(touched)


if __name__ == "__main__":
    sys.exit(main())
