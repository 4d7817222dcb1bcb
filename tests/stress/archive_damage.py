"""Protects an archive of damaged files of seven formats, and checks messages, times and memory.

    python tests/stress/archive_damage.py [--files 10000] [--seed 0]

Run it after changes to the decoders or to the archive. Files are cut, filled, shifted and changed as in the decoders'
tests. The script prints one JSON object. It exits with 1 if a photo took over 5 s, if one failed with an exception that no
decoder foresaw, if memory grew by over 300 MB, or if an original was touched.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.walk import plan
from tests.archive.tiny import fill, tiny_classifier, tiny_protector, traits
from tests.codecs import samples
from tests.codecs.test_hostile_files import mutated

#: How the boundary between photos words an exception that no decoder foresaw: its type's name.
_UNFORESEEN = re.compile(r": [A-Z]\w*(Error|Exception|Warning): ")
_FORMATS = (*samples.FORMATS, "heic", "gif")


def damage(folder: Path, files: int, seed: int) -> None:
    """``files`` damaged files in nested folders. GIF has no suffix of its own among photos: it comes as .png."""
    rng = np.random.default_rng(seed)
    seeds = {name: samples.seeds(name) for name in _FORMATS}
    for number in range(files):
        name = _FORMATS[number % len(_FORMATS)]
        good = seeds[name][number // len(_FORMATS) % len(seeds[name])]
        path = folder / f"{number % 50:02}" / f"{number:05}.{'png' if name == 'gif' else name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutated(good, rng))


def memory() -> float:
    """The highest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def protect(source: Path, out: Path, classifier: Path) -> dict[str, Any]:
    """A run over ``source``: counts, the slowest photo's seconds, and what failed without a message of its own."""
    statuses, slowest, odd = Counter[str](), 0.0, []
    with open_job(tiny_protector(classifier, timeout=30.0), out, batch=16) as job:
        for record in job.run(plan([source], out)):
            statuses[record["status"]] += 1
            slowest = max(slowest, record["seconds"])
            if _UNFORESEEN.search(record["reason"]) or not record["reason"].isprintable():
                odd.append(record["reason"])
    return {
        "counts": dict(statuses),
        "slowest_seconds": slowest,
        "odd_messages": odd,
        "exit_code": job.summary.exit_code,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pixelpriv-") as name:
        folder = Path(name)
        classifier = tiny_classifier(folder)
        fill(folder / "good", 60)
        protect(folder / "good", folder / "warm", classifier)
        damage(folder / "in", arguments.files, arguments.seed)
        originals = traits(folder / "in")
        held, start = memory(), time.perf_counter()
        report = protect(folder / "in", folder / "out", classifier)
        report["seconds"] = round(time.perf_counter() - start, 1)
        report["memory_mb"] = {"before": round(held), "grown": round(memory() - held)}
        report["originals_touched"] = traits(folder / "in") != originals
    print(json.dumps(report, indent=2))
    wrong = report["odd_messages"] or report["originals_touched"] or report["slowest_seconds"] > 5
    return int(bool(wrong) or report["memory_mb"]["grown"] > 300)


if __name__ == "__main__":
    sys.exit(main())
