"""Protects one archive several times, with other numbers of threads and in other orders, and compares the files.

    python tests/stress/archive_orders.py --photos FOLDER [FOLDER ...] [--count 120] [--distinct 120] [--recipe R [R ...]]
        [--classifier C] [--models DIR] [--engine E] [--precision P] [--batch 16]

Run it after changes to the pipeline, the engines or the kernels. The archive is made of the photos in FOLDER, as by
``benchmarks/archive_throughput.py``. The script prints one JSON object a recipe. It exits with 1 if a file differs from the first
run's, if a photo has no file, or if an original was touched.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pixelpriv_fast as pp
from benchmarks.archive_made import fill
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.walk import plan
from tests.archive.tiny import traits, tree

#: Threads, and whether the photos come in a shuffled order.
_RUNS = ((1, False), (2, True), (4, True))


def protected(
    source: Path, out: Path, recipe: str, workers: int, shuffle: bool, arguments: argparse.Namespace
) -> dict[str, Any]:
    """One run: its files' hashes by name, and what the report would say of equal bytes."""
    protector = pp.Protector(
        recipe,
        classifier=arguments.classifier,
        models=arguments.models,
        engine=arguments.engine,
        precision=arguments.precision,
        workers=workers,
    )
    items = plan([source], out)
    if shuffle:
        random.Random(workers).shuffle(items)
    start = time.perf_counter()
    with protector, open_job(protector, out, batch=arguments.batch) as job:
        for _ in job.run(items):
            pass
        notes, counts, device = job.notes(), dict(job.summary.counts), protector.device
    files = {name: hashlib.sha256(data).hexdigest() for name, data in tree(out).items()}
    seconds = round(time.perf_counter() - start, 1)
    return {"files": files, "notes": notes, "counts": counts, "device": device, "seconds": seconds}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, nargs="+")
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--distinct", type=int, default=120)
    parser.add_argument("--recipe", nargs="+", default=["contrast+least_likely", "robust"])
    parser.add_argument("--classifier", default="efficientnet_lite0")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--batch", type=int, default=16)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pixelpriv-") as name:
        source = Path(name) / "in"
        fill(source, arguments.photos, arguments.count, arguments.distinct)
        return max(compared(recipe, source, Path(name), arguments) for recipe in arguments.recipe)


def compared(recipe: str, source: Path, folder: Path, arguments: argparse.Namespace) -> int:
    """Protect the archive by one recipe several times, report, and return the exit code."""
    before = traits(source)
    runs = [
        protected(source, folder / f"{recipe} {workers}", recipe, workers, mix, arguments) for workers, mix in _RUNS
    ]
    touched = traits(source) != before
    first = runs[0]["files"]
    report = {
        "recipe": recipe,
        "photos": arguments.count,
        "device": runs[0]["device"],
        "files": len(first),
        "originals_touched": touched,
        "runs": [
            {
                "workers": workers,
                "shuffled": mix,
                "seconds": run["seconds"],
                "counts": run["counts"],
                "notes": run["notes"],
                "differing": sum(first.get(name) != run["files"].get(name) for name in first.keys() | run["files"]),
            }
            for (workers, mix), run in zip(_RUNS, runs, strict=True)
        ],
    }
    print(json.dumps(report, indent=2))
    incomplete = len(first) != arguments.count
    return int(touched or incomplete or any(run["differing"] for run in report["runs"]))


if __name__ == "__main__":
    sys.exit(main())
